# SPDX-License-Identifier: MIT
"""The leak tests, with a build of Python that counts every reference, and the tests of threads, forks and exits."""
import os
import shutil
import sys

os.environ["ACTOP_PYTHON"] = shutil.which("python3-dbg") or ""
os.environ["ACTOP_PYTHON_KIND"] = "-debug"
if not os.environ["ACTOP_PYTHON"]:
    print("1..0 # SKIP there is no python3-dbg here")
    sys.exit(0)

import python_package

python_package.main(("-k", "leaks or profiler or arrow"), ACTOP_LEAK_CALLS="10000")
