# SPDX-License-Identifier: MIT
"""The package's program is the C program: same words, same bytes, same exit statuses."""
import glob
import os
import signal
import subprocess
import sys
import zipfile

import pytest

import actop

PACKAGE = [sys.executable, "-m", "actop"]
BINARY = os.environ.get("ACTOP")


def run(*words, **more):
    return subprocess.run([*words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, **more)


@pytest.mark.parametrize("words", [
    ["--version"], ["--help"], ["demo", "--list"], ["--no-such-option"], ["--interval", "0"], ["replay", "/nonexistent"],
    ["--json", "--samples", "3", "--source", "sim:m4-max", "--speed", "max"], ["doctor", "--source", "sim:m1"],
], ids=" ".join)
@pytest.mark.skipif(not BINARY, reason="there is no binary to compare with")
def test_it_says_what_the_binary_says(words):
    ours, theirs = run(*PACKAGE, *words), run(BINARY, *words)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


@pytest.mark.parametrize("program", [PACKAGE, [sys.executable, "-m", "actop.actop"], [os.environ.get("ACTOP_SCRIPT", "actop")]],
                         ids=["-m actop", "-m actop.actop", "script"])
def test_all_ways_to_start_it_are_one(program):
    if program == ["actop"]:
        pytest.skip("not installed by python_package.py")
    assert run(*program, "--version").stdout == run(*PACKAGE, "--version").stdout != ""
    assert run(*program, "--bad").returncode == 2


def test_a_closed_pipe_ends_it_with_status_0():
    program = subprocess.Popen([*PACKAGE, "--json", "--source", "sim:m1", "--speed", "max"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert program.stdout.readline().startswith(b'{"timestamp"')
    program.stdout.close()
    assert program.wait(30) == 0 and program.stderr.read() == b""
    program.stderr.close()


def test_ctrl_c_ends_a_stream_with_130_quietly():
    program = subprocess.Popen([*PACKAGE, "--json", "--source", "sim:m1", "--interval", "0.1"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert program.stdout.readline().startswith(b'{"timestamp"')
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=30)
    assert (program.returncode, err) == (130, b"")


def test_the_version_is_the_programs():
    assert run(*PACKAGE, "--version").stdout.split()[-1] == actop.__version__
    assert set(actop.features) == {"screen", "serve", "gzip"}


@pytest.mark.skipif("ACTOP_DIST" not in os.environ, reason="not installed by python_package.py")
def test_the_wheel_is_for_the_stable_abi_and_has_one_extension_module():
    wheel, = glob.glob(os.path.join(os.environ["ACTOP_DIST"], "*.whl"))
    assert "-cp311-abi3-" in wheel
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [n for n in names if n.endswith(".so")] == ["actop/_actop.abi3.so"]
    assert "actop/py.typed" in names and "actop/_actop.pyi" in names and not [n for n in names if "test" in n]


@pytest.mark.skipif("ACTOP_DIST" not in os.environ or not os.path.exists("/usr/bin/nm"), reason="no wheel, or no nm")
def test_it_uses_nothing_but_the_stable_abi():
    """Every Python symbol it wants is one that the limited API of this Python has; private ones only where its macros use them."""
    library = os.path.join(os.path.dirname(actop.__file__), "_actop.abi3.so")
    wanted = {line.split()[-1] for line in run("nm", "-D", "--undefined-only", library).stdout.splitlines()}
    private = {name for name in wanted if name.startswith("_Py") and not name.endswith("_SizeT")}
    assert private <= {"_PyObject_New", "_Py_Dealloc", "_Py_NoneStruct", "_Py_TrueStruct", "_Py_FalseStruct", "_Py_IncRef", "_Py_DecRef",
                       "_Py_NegativeRefcount", "_Py_RefTotal"}, private
    shown = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).stdout.splitlines()}
    assert {n for n in shown if not n.startswith(("__asan", "__odr", "__ubsan", "actop_"))} <= {"PyInit__actop", "_init", "_fini"}, shown
