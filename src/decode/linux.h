/* SPDX-License-Identifier: MIT */
/* What the parts of the Linux decoder include. */
#ifndef DECODE_LINUX_H
#define DECODE_LINUX_H

#include "decode/parts.h"

#endif
