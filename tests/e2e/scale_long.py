#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scale.py with 10,000 real processes, and a tree of 100,000 processes, 1,024 interfaces, 512 disks and 1,024 CPUs."""
import os
import runpy

os.environ["ACTOP_SCALE"] = "long"
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "scale.py"))
