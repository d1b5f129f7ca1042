# SPDX-License-Identifier: MIT
"""tools/run_tests counts cases, and nothing that goes wrong with a test program gets past it."""
import importlib.machinery
import importlib.util
import os
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("run_tests", os.path.join(tap.SOURCE, "tools", "run_tests"))
run_tests = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
loader.exec_module(run_tests)


@tap.case(
    "the outcome of one program",
    ("all well", "1..2\nok 1 - a\nok 2 - b\n", 0, "OK", (2, 0, 0)),
    ("the plan at the end", "ok 1 - a\n1..1\n", 0, "OK", (1, 0, 0)),
    ("one case fails", "1..2\nok 1 - a\nnot ok 2 - b\n# why\n", 1, "FAIL", (1, 1, 0)),
    ("one case is left out", "1..2\nok 1 - a\nok 2 - b # SKIP no battery\n", 0, "OK", (1, 0, 1)),
    ("cmocka's way of leaving out", "1..2\nok 1 - a\nnot ok 2 # SKIP b\n", 0, "FAIL", (1, 0, 1)),
    ("cmocka leaves one out and another fails", "1..2\nnot ok 1 - a\nnot ok 2 # SKIP b\n", 1, "FAIL", (0, 1, 1)),
    ("everything is left out", "1..0 # SKIP no terminal\n", 0, "SKIP", (0, 0, 1)),
    ("it dies after its last case", "1..1\nok 1 - a\n", 1, "FAIL", (1, 1, 0)),
    ("it dies half way", "1..3\nok 1 - a\n", -11, "FAIL", (1, 1, 0)),
    ("it dies half way and calls that success", "1..3\nok 1 - a\n", 0, "OK", (1, 1, 0)),
    ("it says nothing", "", 0, "OK", (0, 1, 0)),
    ("it speaks no TAP", "all tests passed\n", 0, "OK", (0, 1, 0)),
    ("it bails out", "1..2\nok 1 - a\nBail out! no disk\n", 0, "OK", (1, 1, 0)),
    ("it has two plans", "1..1\nok 1 - a\n1..1\nok 1 - b\n", 0, "OK", (2, 1, 0)),
    ("it takes too long", "1..2\nok 1 - a\n", -9, "TIMEOUT", (1, 1, 0)),
    ("an empty plan without a reason", "1..0\n", 0, "OK", (0, 0, 0)),
)
def _(stdout, status, result, want):
    outcome = run_tests.judge({"stdout": stdout, "returncode": status, "result": result, "duration": 1.0})
    got = (outcome.passed, len(outcome.failed), len(outcome.skipped))
    assert got == want, f"{got}, not {want}: {outcome.failed}"


@tap.case("what a program said about a failing case is kept with it")
def _():
    outcome = run_tests.judge({"stdout": "1..1\nnot ok 1 - a\n# 3 is not 4\n", "stderr": "ERROR: ASan\n",
                               "returncode": 1, "result": "FAIL"})
    assert outcome.failed == [("a", ["# 3 is not 4", "ERROR: ASan"])], outcome.failed


@tap.case("why something is left out is told, in cmocka's way too")
def _():
    text = "1..3\nok 1 - a # SKIP no battery\n# skipped because no dump is here\nnot ok 2 # SKIP b\nnot ok 3 # SKIP c\n"
    outcome = run_tests.judge({"stdout": text, "returncode": 0, "result": "OK"})
    assert outcome.skipped == [("a", "no battery"), ("b", "no dump is here"), ("c", "it says not why")], outcome.skipped


@tap.case("a build directory in which no test runs is a failure")
def _():
    ended = tap.run([sys.executable, os.path.join(tap.SOURCE, "tools", "run_tests"), tap.tmp])
    assert ended.returncode == 1, ended.stdout
    assert ended.stdout.splitlines()[-1] == "0 passed, 1 failed", ended.stdout


tap.main()
