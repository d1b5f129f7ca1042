# SPDX-License-Identifier: MIT
"""wait, when and assert on this machine: statuses, sentences, children and their signals."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

QUICK = ("--interval", "0.1")


def actop(*argv, **more):
    return tap.run([tap.ACTOP, *QUICK, *argv], **more)


@tap.case("wait ends when the condition holds, and with 1 and the numbers when it does not in time")
def _():
    assert actop("wait", "ram_total_bytes > 0").returncode == 0
    assert actop("wait", "ram_total_bytes > 0 for 300ms").returncode == 0
    said = actop("wait", "ram_total_bytes < 0", "--timeout", "0.4")
    assert said.returncode == 1 and said.stdout == "", said
    assert said.stderr.startswith("actop: timed out: ram_total_bytes is ") and "not < 0" in said.stderr, said.stderr


@tap.case("wait --timeout ends in time also when samples are far apart")
def _():
    start = time.monotonic()
    said = tap.run([tap.ACTOP, "--interval", "60", "wait", "ram_total_bytes < 0", "--timeout", "0.5"])
    assert said.returncode == 1 and "timed out" in said.stderr, said
    assert time.monotonic() - start < 20


@tap.case("a condition that is not one is exit 2 with its place",
          ("wait", ("wait", "cpu_temp < 1"), "column 1: there is no such name: cpu_temp"),
          ("when", ("when", "cpu_temp_c <", "--", "true"), "column 13: expected a name or a number"),
          ("assert", ("assert", "cpu_temp_c < 1 2", "--during", "--", "true"), "column 16: expected and, or, for or the end"))
def _(argv, sentence):
    said = actop(*argv)
    assert said.returncode == 2 and said.stdout == "" and sentence in said.stderr, said


@tap.case("assert gives the command's own status while the condition holds")
def _():
    for command, status in ((("true",), 0), (("sh", "-c", "exit 7"), 7), (("sh", "-c", "kill -9 $$"), 137),
                            (("/no/such/command",), 127), (("/",), 126)):
        said = actop("assert", "ram_total_bytes > 0", "--during", "--", *command)
        assert said.returncode == status, (command, said)


@tap.case("a command that cannot be run is named, with the reason", ("not there", "/no/such/command", "no such command"),
          ("no program", "/", "permission denied"))
def _(command, why):
    said = actop("assert", "ram_total_bytes > 0", "--during", "--", command)
    assert said.stderr == f"actop: error: {command}: {why}\n", said


def ignoring(sig):
    return lambda: signal.signal(sig, signal.SIG_IGN)


@tap.case("a command's status is known also where who started us ignores the end of children")
def _():
    for command, status in ((("sh", "-c", "exit 7"), 7), (("true",), 0)):
        said = actop("assert", "ram_total_bytes > 0", "--during", "--", *command, preexec_fn=ignoring(signal.SIGCHLD))
        assert said.returncode == status and said.stderr == "", said


@tap.case("SIGHUP that nohup ignores does not end us")
def _():
    process = subprocess.Popen([tap.ACTOP, *QUICK, "wait", "ram_total_bytes < 0", "--timeout", "2"], stderr=subprocess.PIPE,
                               text=True, preexec_fn=ignoring(signal.SIGHUP))
    time.sleep(0.7)
    process.send_signal(signal.SIGHUP)
    assert "timed out" in process.communicate(timeout=20)[1] and process.returncode == 1, process.returncode


@tap.case("assert says what broke, ends the command and waits for its end")
def _():
    mark = os.path.join(tap.tmp, "ended")
    start = time.monotonic()
    said = actop("assert", "ram_total_bytes < 0", "--during", "--", "sh", "-c",
                 f"trap 'echo x > {mark}; exit 0' TERM; while :; do sleep 0.05; done")
    assert said.returncode == 1 and said.stderr.startswith("actop: broken: ram_total_bytes is "), said
    assert time.monotonic() - start < 15


@tap.case("wait that is ended by a signal has not seen the condition hold", ("SIGTERM", signal.SIGTERM),
          ("Ctrl-C", signal.SIGINT), ("SIGHUP", signal.SIGHUP))
def _(sig):
    process = subprocess.Popen([tap.ACTOP, *QUICK, "wait", "ram_total_bytes < 0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    process.send_signal(sig)
    assert process.communicate(timeout=20) == ("", "") and process.returncode == 128 + sig, process.returncode


@tap.case("nobody has to read standard output", ("wait", ("wait", "ram_total_bytes < 0", "--timeout", "1"), 1),
          ("assert", ("assert", "ram_total_bytes > 0", "--during", "--", "sh", "-c", "sleep 1; exit 7"), 7))
def _(argv, status):
    process = subprocess.Popen([tap.ACTOP, *QUICK, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=20) == status
    process.stderr.close()


@tap.case("assert judges a command that ends at once by the sample that spans it")
def _():
    for command, status in ((("true",), 0), (("sh", "-c", "exit 3"), 3)):
        said = tap.run([tap.ACTOP, "--interval", "0.5", "assert", "net_rx_bps >= 0", "--during", "--", *command])
        assert said.returncode == status, said
    said = actop("--source", "sim:m1+idle", "assert", "bottleneck == GPU", "--during", "--", "true")
    assert said.returncode == 1 and "broken: bottleneck is idle, not == GPU" in said.stderr, said


@tap.case("assert kills a command that does not end when it is told to")
def _():
    start = time.monotonic()
    late = "not (ram_total_bytes > 0 for 3s)"  # the first sample comes at once, before the shell has its trap
    said = actop("assert", late, "--during", "--", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")
    assert said.returncode == 1 and "did not end within 10 s of signal 15: killed" in said.stderr, said
    assert 9 < time.monotonic() - start < 60


@tap.case("a condition that was never known is broken")
def _():
    said = actop("assert", "tier.util[nobody] < 2", "--during", "--", "sleep", "0.3")
    assert said.returncode == 1 and "never known" in said.stderr, said


@tap.case("assert passes SIGTERM on to the command and takes its status")
def _():
    process = subprocess.Popen([tap.ACTOP, *QUICK, "assert", "ram_total_bytes > 0", "--during", "--", "sh", "-c",
                                "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 5, (process.returncode, err)


@tap.case("when runs the command at the rising edge, and once while the condition goes on holding")
def _():
    mark = os.path.join(tap.tmp, "ran")
    process = subprocess.Popen([tap.ACTOP, *QUICK, "when", "ram_total_bytes > 0", "--every", "0", "--", "sh", "-c",
                                f"echo x >> {mark}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 10
    while not os.path.exists(mark) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, (process.returncode, err)
    assert err.startswith("actop: now: ram_total_bytes is "), err
    with open(mark) as f:
        assert f.read() == "x\n"


def count_runs(condition, every):
    """How often the command ran in two rounds of the simulated tour (106 s each), a hundred times as fast."""
    mark = os.path.join(tap.tmp, "count")
    with open(mark, "w"):
        pass
    process = subprocess.Popen([tap.ACTOP, "--source", "sim:m1+tour", "--speed", "100", "--interval", "1", "when",
                                condition, "--every", every, "--", "sh", "-c", f"echo x >> {mark}"], stderr=subprocess.DEVNULL)
    time.sleep(2.3)
    process.terminate()
    assert process.wait(timeout=20) == 0
    with open(mark) as f:
        return len(f.read().split())


@tap.case("when runs the command once for each rising edge, and not again within --every")
def _():
    edges = count_runs("cpu_util_pct > 50", "0")
    assert edges >= 2, edges
    assert count_runs("cpu_util_pct > 50", "60") == 1


tap.main()
