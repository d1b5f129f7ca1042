#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""actop --json as its readers meet it: valid records in time, whole lines only, whatever ends the stream."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

PREFIX = ("timestamp cpu_watts gpu_watts ane_watts package_watts ecpu_util_pct pcpu_util_pct gpu_util_pct cpu_temp_c gpu_temp_c "
          "ecpu_freq_mhz pcpu_freq_mhz gpu_freq_mhz thermal_state bandwidth_gbps bandwidth_available ecpu_max_freq_mhz "
          "pcpu_max_freq_mhz gpu_max_freq_mhz ram_used_percent ram_used_bytes ram_total_bytes swap_used_bytes swap_total_bytes "
          "ane_util_pct gpu_device_pct gpu_renderer_pct gpu_tiler_pct gpu_perf_stats_available gpu_util_source fans fan_rpms "
          "fan_available net_rx_bps net_tx_bps net_available disk_read_bps disk_write_bps disk_available e_cores p_cores "
          "processes ecpu_residency_pct pcpu_residency_pct gpu_residency_pct alert_thermal alert_cpu_throttle alert_gpu_throttle "
          "alert_mem_bound alert_package_power alert_swap_rise alert_swap_rise_gib session_energy_j effective_max_bw_gbps "
          "effective_max_package_w ram_used_gb swap_used_gb schema seq source chip host").split()
LINUX = sys.platform.startswith("linux")


def tree(machine):
    """A fixture machine as a directory."""
    path = os.path.join(tap.tmp, machine)
    built = tap.run([sys.executable, os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), machine, path])
    assert built.returncode == 0, built.stderr
    return path


def records(text):
    assert text.endswith("\n"), "the last line is cut"
    return [json.loads(line) for line in text.splitlines()]


def stream(*args, **more):
    """A running stream; its stdout is a pipe of bytes."""
    return subprocess.Popen([tap.ACTOP, "--json", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **more)


def finish(process, timeout=20):
    """(status, stdout, stderr) of a stream that should end by now."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape")


# ---- what a record is ---------------------------------------------------------------------------------------------


@tap.case("records are what the schema says", ("plain", []), ("with processes", ["--json-processes"]),
          ("with evidence", ["--evidence"]), ("with everything", ["--json-processes", "--evidence"]),
          ("with subsamples", ["--subsamples", "3"]))
def _(args):
    import jsonschema
    with open(os.path.join(tap.SOURCE, "docs", "ndjson.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    ended = tap.actop("--json", "--interval", "0.1", "--samples", "3", *args)
    assert ended.returncode == 0 and ended.stderr == "", ended.stderr
    found = records(ended.stdout)
    assert len(found) == 3
    for record in found:
        problems = [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(record)]
        assert not problems, problems
        assert ("evidence" in record) == ("--evidence" in args)


@tap.case("records of fixture machines are what the schema says",
          *((m, m) for m in ("asahi-m1", "intel-hybrid", "two-socket", "arm-board", "vm", "container", "amd-desktop")))
def _(machine):
    import jsonschema
    with open(os.path.join(tap.SOURCE, "docs", "ndjson.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    ended = tap.actop("--json", "--json-processes", "--root", tree(machine), "--interval", "0.1")
    assert ended.returncode in (0, 1), ended.stderr
    found = records(ended.stdout)
    assert found
    for record in found:
        problems = [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(record)]
        assert not problems, problems


@tap.case("the old keys stand first and in their order")
def _():
    ended = tap.actop("--json", "--interval", "0.1", "--samples", "1")
    assert list(records(ended.stdout)[0])[:len(PREFIX)] == PREFIX


@tap.case("numbers that are whole keep their point when they measure, and have none when they count")
def _():
    line = tap.actop("--json", "--interval", "0.1", "--samples", "1").stdout
    assert '"ram_total_bytes":' in line and '.' not in line.split('"ram_total_bytes":')[1].split(",")[0]
    assert "." in line.split('"cpu_util_pct":')[1].split(",")[0]
    assert "NaN" not in line and "Infinity" not in line


@tap.case("jq reads every line")
def _():
    if not shutil.which("jq"):
        tap.skip("no jq")
    ended = tap.actop("--json", "--interval", "0.1", "--samples", "3", "--json-processes")
    counted = tap.run(["jq", "-c", ".seq"], input=ended.stdout, stdin=None)
    assert counted.returncode == 0, counted.stderr
    numbers = [int(n) for n in counted.stdout.split()]
    assert len(numbers) == 3 and numbers == list(range(numbers[0], numbers[0] + 3)), numbers


@tap.case("the first record comes after one full interval, the others one interval apart")
def _():
    started = time.monotonic()
    process = stream("--interval", "0.5", "--samples", "3")
    times = [time.monotonic() - started for _ in process.stdout]
    finish(process)
    assert len(times) == 3 and times[0] >= 0.5, times
    assert times[2] - times[0] >= 0.9, times


@tap.case("process rows come only when they are asked for",
          ("not", [], False), ("--json-processes", ["--json-processes"], True), ("--show-processes", ["--show-processes"], True),
          ("--serve-processes", ["--serve-processes"], True), ("--proc-filter", ["--proc-filter", "."], True),
          ("an empty filter", ["--proc-filter", ""], False))
def _(args, wanted):
    found = records(tap.actop("--json", "--interval", "0.1", "--samples", "1", *args).stdout)
    assert bool(found[0]["processes"]) == wanted, found[0]["processes"][:3]


@tap.case("the filter matches names and command lines in any case, and the limit holds")
def _():
    child = subprocess.Popen(["sleep", "31.4159"])
    try:
        found = records(tap.actop("--json", "--interval", "0.1", "--samples", "1", "--proc-filter", "SLEEP.*31\\.4159").stdout)
        assert child.pid in [p["pid"] for p in found[0]["processes"]], found[0]["processes"]
        found = records(tap.actop("--json", "--interval", "0.1", "--samples", "1", "--json-processes",
                                  "--process-limit", "1").stdout)
        assert 1 <= len(found[0]["processes"]) <= 4, found[0]["processes"]
    finally:
        child.kill()
        child.wait()


# ---- names from outside -------------------------------------------------------------------------------------------

HOSTILE = b'a"b\\c\nd\x1b[31m\xff'


@tap.case("a hostile process name is safe in JSON and on a terminal")
def _():
    if not LINUX:
        tap.skip("needs a file system that takes any byte in a name")
    program = os.path.join(tap.tmp.encode(), HOSTILE)
    shutil.copy(shutil.which("sleep").encode(), program)
    child = subprocess.Popen([program, b"60"])
    try:
        time.sleep(0.2)
        ended = tap.actop("--json", "--interval", "0.1", "--samples", "1", "--json-processes", "--process-limit", "100000",
                          text=False)
        lines = ended.stdout.decode("utf-8").splitlines()  # strict: invalid UTF-8 raises
        assert len(lines) == 1 and "\x1b" not in lines[0], lines
        named = {p["pid"]: p["command"] for p in json.loads(lines[0])["processes"]}
        assert named[child.pid] == 'a"b\\c\nd\x1b[31m\ufffd', named.get(child.pid)
        report = tap.actop("--interval", "0.1", "--show-processes", "--proc-filter", "^a.b", text=False).stdout.decode("utf-8")
        assert "\x1b" not in report and 'a"b\\c?d?[31m' in report, report
    finally:
        child.kill()
        child.wait()


@tap.case("a decimal comma in the locale changes nothing", *((n, n) for n in ("de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8")))
def _(locale):
    env = dict(os.environ, LC_ALL=locale, LANG=locale)
    if "ACTOP_LOCALES" in os.environ:  # where tests/lib/make_locales put them
        env["LOCPATH"] = os.environ["ACTOP_LOCALES"]
    if tap.run(["locale", "decimal_point"], env=env).stdout.strip() != ",":
        tap.skip("this system has no such locale")
    found = records(tap.actop("--json", "--interval", "0.1", "--samples", "1", env=env).stdout)
    assert isinstance(found[0]["timestamp"], float)
    env["ACTOP_INTERVAL"] = "0.1"
    assert "KB" in tap.actop("--help", env=env).stdout or tap.actop(env=env).returncode == 0


# ---- how a stream ends --------------------------------------------------------------------------------------------


@tap.case("a reader who goes ends the stream with 0 within one interval, quietly",
          ("while it waits", 2.0), ("at once", 0.1))
def _(interval):
    process = stream("--interval", str(interval))
    process.stdout.readline()
    process.stdout.close()
    closed = time.monotonic()
    err = process.stderr.read()
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - closed < interval + 0.5
    assert err == b"", err


@tap.case("a reader who goes before the first record ends the stream")
def _():
    process = stream("--interval", "5")
    process.stdout.close()
    assert process.wait(timeout=5) == 0


@tap.case("a full disk is a sentence and status 1", ("--json", ["--json", "--samples", "2"]), ("the report", []),
          ("--help", ["--help"]), ("--version", ["--version"]), ("doctor", ["doctor"]), ("info", ["info"]))
def _(args):
    if not os.path.exists("/dev/full"):
        tap.skip("no /dev/full")
    with open("/dev/full", "w") as full:
        ended = tap.actop(*args, stdout=full, env=dict(os.environ, ACTOP_INTERVAL="0.1"))
    assert ended.returncode == 1
    assert ended.stderr == "actop: error: writing to standard output: No space left on device\n", ended.stderr


@tap.case("a signal ends the stream between two lines",
          *((f"{s.name}{' while a slow reader blocks' if slow else ''}, after {d} s", s, status, d, slow)
            for s, status in ((signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0))
            for d, slow in ((0.05, False), (0.33, False), (1.0, False), (0.7, True))))
def _(number, status, delay, slow):
    args = ("--interval", "0.1", "--json-processes", "--process-limit", "1000", "--evidence")
    process = stream(*args)
    time.sleep(delay if not slow else 3)  # a pipe holds 64 KiB: some records of these
    process.send_signal(number)
    code, out, err = finish(process)
    if delay == 0.05 and code == -number:
        tap.skip("the signal came before the program was up")
    assert code == status, (code, err)
    assert err == "", err
    if out:
        records(out)


@tap.case("a second signal ends what a reader who stands still holds up", *((s.name, s, status) for s, status in
                                                                            ((signal.SIGINT, 130), (signal.SIGTERM, 0))))
def _(number, status):
    process = stream("--interval", "0.1", "--json-processes", "--process-limit", "1000", "--evidence")
    time.sleep(3)  # the pipe is full
    process.send_signal(number)
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:  # in the middle of a line, that is
        process.send_signal(number)
    try:
        assert process.wait(timeout=5) == status
    finally:
        process.kill()
        process.communicate()


@tap.case("a signal ends at once what waits between subsamples", ("a stream", ["--json"]), ("the report", []))
def _(args):
    process = subprocess.Popen([tap.ACTOP, *args, "--interval", "20", "--subsamples", "4"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(6)  # behind the first of the four readings
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - started < 1
    assert process.communicate() == (b"", b"")


@tap.case("the soft limit of descriptors is raised, but not for children", ("much to gain", 64, 4096), ("none", 64, 64))
def _(soft, hard):
    if not os.path.exists("/proc/self/limits"):
        tap.skip("no /proc")
    tell = """sleep 0.3; ulimit -Sn; sed -n 's/^Max open files *\\([0-9]*\\) .*/\\1/p' /proc/$PPID/limits"""
    ended = tap.run(["sh", "-c", f'ulimit -Sn {soft}; ulimit -Hn {hard}; "$1" assert "ram_total_bytes > 0" --during -- sh -c "$2"',
                     "sh", tap.ACTOP, tell], env=dict(os.environ, ACTOP_INTERVAL="0.1"))
    assert (ended.returncode, ended.stdout) == (0, f"{soft}\n{hard}\n"), (ended.stdout, ended.stderr)


@tap.case("closed standard streams are no reason to fall", ("stdin", "<&-", 0), ("stderr", "2>&-", 0), ("stdout", ">&-", 1),
          ("all", "<&- >&- 2>&-", 1))
def _(closed, status):
    ended = tap.run(["sh", "-c", f'"$1" --json --interval 0.1 --samples 1 --record "$2" {closed}', "sh", tap.ACTOP,
                     os.path.join(tap.tmp, "r.actop")])
    assert ended.returncode == status, (ended.returncode, ended.stderr)


@tap.case("few descriptors are enough, or named as missing", *((str(n), n) for n in (3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64)))
def _(limit):
    ended = tap.run(["sh", "-c", f'ulimit -n {limit}; "$1" --json --json-processes --interval 0.1 --samples 2', "sh", tap.ACTOP])
    if "cannot open shared object file" in ended.stderr or "error while loading" in ended.stderr:
        tap.skip("the loader itself needs more")
    assert ended.returncode in (0, 1), (ended.returncode, ended.stderr)
    if ended.returncode == 0:
        assert len(records(ended.stdout)) == 2
    else:
        assert ended.stderr.startswith("actop: error: "), ended.stderr


# ---- recordings ---------------------------------------------------------------------------------------------------


@tap.case("the replay of what --json --record wrote is byte for byte the same", ("plain", []),
          ("with processes", ["--json-processes"]), ("with evidence", ["--evidence"]))
def _(args):
    file = os.path.join(tap.tmp, "r.actop")
    live = tap.actop("--json", "--record", file, "--interval", "0.1", "--samples", "4", *args)
    assert live.returncode == 0, live.stderr
    again = tap.actop("replay", file, "--json", *args)
    assert again.returncode == 0 and again.stdout == live.stdout
    assert f"actop: replaying {file}\n" in again.stderr, again.stderr
    again = tap.actop("--source", f"replay:{file}", "--json", *args)
    assert again.returncode == 0 and again.stdout == live.stdout


@tap.case("the report of a recording tells how it ended")
def _():
    file = os.path.join(tap.tmp, "r.actop")
    ended = tap.actop("record", file, "--interval", "0.1", "--samples", "4")
    assert ended.returncode == 0 and ended.stdout == "", ended.stderr
    assert "4 frames" in ended.stderr, ended.stderr
    report = tap.actop("replay", file)
    assert report.returncode == 0 and "CPU" in report.stdout, report.stderr


@tap.case("a replay at its own speed takes its time, and a signal ends it at once")
def _():
    file = os.path.join(tap.tmp, "r.actop")
    tap.actop("record", file, "--interval", "0.5", "--samples", "4")
    started = time.monotonic()
    assert len(records(tap.actop("replay", file, "--json", "--speed", "1").stdout)) == 3
    assert time.monotonic() - started >= 1.4
    process = subprocess.Popen([tap.ACTOP, "replay", file, "--json", "--speed", "0.01"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) == 130
    process.communicate()


@tap.case("a recording that is cut is replayed up to its last whole frame, with a sentence and status 0")
def _():
    file = os.path.join(tap.tmp, "r.actop")
    whole = tap.actop("--json", "--record", file, "--interval", "0.1", "--samples", "4").stdout
    size = os.path.getsize(file)
    os.truncate(file, size - 5)
    ended = tap.actop("replay", file, "--json")
    assert ended.returncode == 0 and whole.startswith(ended.stdout), ended.stderr
    assert len(ended.stderr.splitlines()) == 2, ended.stderr


@tap.case("a recording that cannot be made ends the program with a sentence", ("no directory", "no/such/dir/r"), ("a directory", "."))
def _(name):
    ended = tap.actop("--json", "--samples", "1", "--interval", "0.1", "--record", os.path.join(tap.tmp, name))
    assert ended.returncode in (1, 2) and ended.stdout == "", ended.stdout
    assert ended.stderr.startswith("actop: error: "), ended.stderr


@tap.case("a recording on a full disk ends the stream with status 1")
def _():
    if not os.path.exists("/dev/full"):
        tap.skip("no /dev/full")
    ended = tap.actop("--json", "--interval", "0.1", "--samples", "3", "--record", "/dev/full")
    assert ended.returncode == 1 and "No space left on device" in ended.stderr, ended.stderr


tap.main()
