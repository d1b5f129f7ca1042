#!/bin/sh
# SPDX-License-Identifier: MIT
# All 30,000 sizes from 1×1 to 300×100 on every machine of maker.c, and 1e5 hostile process names.
ACTOP_EVERY_SIZE=1 exec "$ACTOP_BUILD/tests/test_tui_screen"
