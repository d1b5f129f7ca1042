# SPDX-License-Identifier: MIT
"""The package where ncurses and zlib cannot be linked: the build says what it costs, and the rest works."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # noqa: E402

COMPILER = """#!/bin/sh
for word in "$@"; do case $word in -lncurses*|-ltinfo|-lz) echo "no $word" >&2; exit 1;; esac; done
exec cc "$@"
"""


def python(*words):
    environment = {**os.environ, "PYTHONPATH": os.path.join(tap.tmp, "lib")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "ACTOP_SOURCE"):
        environment.pop(name, None)
    return tap.run([sys.executable, *words], env=environment, cwd=tap.tmp)


@tap.case("the build says what missing libraries cost, features tells it, and the rest works")
def _():
    compiler = os.path.join(tap.tmp, "poor-cc")
    with open(compiler, "w", encoding="ascii") as f:
        f.write(COMPILER)
    os.chmod(compiler, 0o755)
    done = subprocess.run([sys.executable, "setup.py", "-q", "build", "--build-base", os.path.join(tap.tmp, "build"), "--build-lib",
                           os.path.join(tap.tmp, "lib")], cwd=ROOT, env={**os.environ, "CC": compiler}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "built without screen: ncursesw is missing" in done.stderr
    assert "built without gzip: zlib is missing" in done.stderr
    said = python("-c", "import actop; print(actop.features); print(actop.Monitor(0.1, source='sim:m1').get_snapshot().chip)")
    assert said.stdout == "{'screen': False, 'serve': True, 'gzip': False}\nApple M1\n", said
    said = python("-m", "actop", "--json", "--samples", "1", "--interval", "0.2")
    assert said.returncode == 0 and said.stdout.startswith('{"timestamp":'), said


tap.main()
