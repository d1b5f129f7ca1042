# SPDX-License-Identifier: MIT
"""`python -m actop run [OPTIONS] SCRIPT [ARGUMENTS]`: run a Python script and report what the machine used meanwhile."""
import argparse
import json
import os
import runpy
import sys

from actop.api import Profiler


def _parser():
    parser = argparse.ArgumentParser(prog="python -m actop run", description="Run a Python script and report what the "
                                     "machine used meanwhile. Inside, actop.section(name) marks parts of it.")
    parser.add_argument("--interval", type=float, default=0.1, metavar="S", help="seconds between samples (default 0.1)")
    parser.add_argument("--idle", type=float, default=0.0, metavar="S", help="take off what the idle machine draws, seen for S s first")
    parser.add_argument("--source", default="auto", help="what is sampled (default this machine)")
    parser.add_argument("--json", metavar="FILE", help="write the sections as JSON as well")
    parser.add_argument("--csv", metavar="FILE", help="write the samples as CSV as well")
    parser.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module's name")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _status(e):
    """The exit status SystemExit stands for; a text is printed, as Python does."""
    if e.code is None or isinstance(e.code, int):
        return e.code or 0
    print(e.code, file=sys.stderr)
    return 1


def _execute(options):
    sys.argv = [options.script, *options.arguments]
    try:
        if options.module:
            sys.path.insert(0, os.getcwd())
            runpy.run_module(options.script, run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))
            runpy.run_path(options.script, run_name="__main__")
    except SystemExit as e:
        return _status(e)
    return 0


def main(argv):
    options = _parser().parse_args(argv)
    if not options.module and not os.path.isfile(options.script):
        print(f"python -m actop run: {options.script}: no such file", file=sys.stderr)
        return 2
    from actop import api

    profiler = Profiler(options.interval, source=options.source, idle=options.idle)
    try:
        with profiler, profiler.section(os.path.basename(options.script)):
            api._running.append(profiler)
            status = _execute(options)
    finally:
        if profiler in api._running:
            api._running.remove(profiler)
        print(profiler.report(), file=sys.stderr)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump({"sections": [s.as_dict() for s in (*profiler.sections, profiler.whole())]}, f, indent=1)
            f.write("\n")
    if options.csv:
        profiler.to_csv(options.csv)
    return status
