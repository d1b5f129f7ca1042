# SPDX-License-Identifier: MIT
"""hostile.py with 500 snapshots and 100,000 names."""
import os
import runpy
import sys

sys.argv = [sys.argv[0], "--long"]
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile.py"), run_name="__main__")
