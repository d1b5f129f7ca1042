# SPDX-License-Identifier: MIT
"""tui_terminal.py with a thousand resizes and thousands of keys."""
import os
import runpy
import sys

sys.argv = [sys.argv[0], "--long"]
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tui_terminal.py"), run_name="__main__")
