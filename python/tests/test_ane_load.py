# SPDX-License-Identifier: MIT
"""scripts/ane_load.py where there is no Neural Engine: it says so, and checks its arguments. What it does on a Mac is not shown."""
import os
import subprocess
import sys

import pytest

SCRIPT = os.path.join(os.environ.get("ACTOP_ROOT_DIR", os.path.join(os.path.dirname(__file__), "..", "..")), "scripts", "ane_load.py")


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(sys.platform == "darwin", reason="here it would run")
def test_elsewhere_than_on_a_mac_it_says_so():
    done = run("--duration", "1")
    assert done.returncode == 1 and done.stderr == "ane_load.py: only a Mac has a Neural Engine\n"


@pytest.mark.parametrize("duration", ["0", "-1", "x", "nan"])
def test_a_bad_duration_is_refused(duration):
    done = run(f"--duration={duration}")
    assert done.returncode == 2 and "--duration" in done.stderr
