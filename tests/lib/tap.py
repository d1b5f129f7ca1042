# SPDX-License-Identifier: MIT
"""TAP for Python tests, standard library only.

    import os, sys
    sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
    import tap

    @tap.case("a stream of three records has three lines")
    def _():
        assert tap.actop("--json", "--samples", "3").stdout.count("\\n") == 3

    tap.main()

Each case is a function that raises to fail, calls tap.skip(why) to be left out, and is run in the order
written, one after the other, with a fresh directory in tap.tmp.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

ACTOP = os.environ.get("ACTOP", "actop")
SOURCE = os.environ.get("ACTOP_SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
os.environ.pop("ACTOP_SOURCE", None)  # the program takes it for --source
BUILD = os.environ.get("ACTOP_BUILD", "")
# Programs inherit what is ignored, and whoever runs the tests may do so under nohup or in the background of a script.
for _signal, _handler in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL),
                          (signal.SIGINT, signal.default_int_handler)):
    signal.signal(_signal, _handler)
tmp = None

_cases = []


class Skip(Exception):
    pass


def skip(why):
    raise Skip(why)


def case(name, *rows):
    """Register a case. With rows, the function is one case per row and gets the row's values; a row's
    first value is its name."""

    def register(function):
        if rows:
            for row in rows:
                _cases.append((f"{name}: {row[0]}", function, row[1:]))
        else:
            _cases.append((name, function, ()))
        return function

    return register


def run(argv, timeout=30, **more):
    """Run a command to its end; stdin is empty, output is text. No status is an error: the case decides."""
    more.setdefault("stdin", subprocess.DEVNULL)
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    if "text" not in more:
        more.update(text=True, encoding="utf-8", errors="surrogateescape")
    return subprocess.run([str(a) for a in argv], timeout=timeout, check=False, **more)


def actop(*args, **more):
    return run([ACTOP, *args], **more)


def main():
    global tmp
    failed = 0
    print(f"1..{len(_cases)}", flush=True)
    for number, (name, function, row) in enumerate(_cases, 1):
        tmp = tempfile.mkdtemp(prefix="actop-test.")
        why = None
        try:
            function(*row)
            line = f"ok {number} - {name}"
        except Skip as left_out:
            line = f"ok {number} - {name} # SKIP {left_out}"
        except Exception:  # whatever it is, this case failed and the next one is run
            why = traceback.format_exc()
            line = f"not ok {number} - {name}"
            failed += 1
        shutil.rmtree(tmp, ignore_errors=True)
        print(line, flush=True)
        if why:
            print("".join(f"# {text}\n" for text in why.splitlines()), end="", flush=True)
    sys.exit(1 if failed or not _cases else 0)
