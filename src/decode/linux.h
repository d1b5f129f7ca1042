/* SPDX-License-Identifier: MIT */
/* What the parts of the Linux decoder include. */
#ifndef DECODE_LINUX_H
#define DECODE_LINUX_H

#include <math.h>

#include "decode/parts.h"

/* A number that is not known, inside the decoder: no output ever sees it. */
#define UNKNOWN ((double)NAN)

#endif
