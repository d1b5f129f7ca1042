# SPDX-License-Identifier: MIT
"""load.py with the whole crowd."""
import os
import runpy
import sys

sys.argv = [sys.argv[0], "--long"]
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.py"), run_name="__main__")
