#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doctor over the fake of Apple's libraries, as the ordinary program meets it through ACTOP_APPLE_ROOT: the machine, every
library and group found or refused, how often counters are published, exit statuses, and bundles that replay and name nobody."""
import ctypes
import ctypes.util
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap  # noqa: E402

FAKE = os.environ.get("ACTOP_FAKE_APPLE", "")
MACHINES = os.path.join(tap.SOURCE, "machines")
FRAMEWORKS = "/System/Library/Frameworks/"
LIBRARIES = {"CoreFoundation": FRAMEWORKS + "CoreFoundation.framework/CoreFoundation",
             "Foundation": FRAMEWORKS + "Foundation.framework/Foundation", "IOKit": FRAMEWORKS + "IOKit.framework/IOKit",
             "libIOReport": "/usr/lib/libIOReport.dylib", "libobjc": "/usr/lib/libobjc.A.dylib",
             "libSystem": "/usr/lib/libSystem.B.dylib"}


def make_root(without=()):
    root = os.path.join(tap.tmp, "root")
    for name, path in LIBRARIES.items():
        if name not in without:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            os.symlink(FAKE, root + path)
    return root


def fake(machine, *args, without=(), step_ms=500, machines=MACHINES, load="0.5", timeout=60):
    if not FAKE:
        tap.skip("this build has no fake of Apple's libraries")
    root = os.path.join(tap.tmp, "root")
    env = dict(os.environ, ACTOP_APPLE_ROOT=root if os.path.isdir(root) else make_root(without), FAKE_APPLE_MACHINES=machines,
               FAKE_APPLE_MACHINE=machine, FAKE_APPLE_STEP_MS=str(step_ms), FAKE_APPLE_LOAD=load, FAKE_APPLE_REPORT="1")
    return tap.actop(*args, env=env, timeout=timeout)


def doctor(machine, *args, source="apple", **more):
    """Status, and the report by section: {heading: {name: (state, detail)}}; the lines before the first one under ""."""
    ended = fake(machine, "doctor", "--source", source, *args, **more)
    return ended, read_report(ended.stdout)


def read_report(text):
    sections, heading = {"": {}}, ""
    for line in text.splitlines():
        row = re.match(r"  (\w+) +(.+?)(?:  +(.+))?$", line)
        if line and not line.startswith(" "):
            heading = line
            sections.setdefault(heading, {})
        elif row and heading:
            sections[heading][row.group(2)] = (row.group(1), row.group(3) or "")
    return sections


def section(report, start):
    found = [rows for heading, rows in report.items() if heading.startswith(start)]
    assert len(found) == 1, (start, list(report))
    return found[0]


def described(machine, word):
    with open(os.path.join(MACHINES, machine + ".txt"), encoding="utf-8") as f:
        return re.search(rf'^{word} +"?([^"\n]*?)"?$', f.read(), re.M).group(1)


@tap.case("a machine's doctor says chip and system, what is refused, and ends as the contract says",
          ("m1", "m1", 0, None), ("m1-ultra", "m1-ultra", 0, None), ("m2-max", "m2-max", 0, None), ("m3-max", "m3-max", 1, "AMC Stats"),
          ("m4-max", "m4-max", 1, "AMC Stats"), ("m5-max", "m5-max", 1, "AMC Stats"), ("a18-pro", "a18-pro", 0, None),
          ("vm", "vm", 0, None))
def _(machine, status, refused):
    ended, report = doctor(machine)
    assert ended.returncode == status, (ended.returncode, ended.stdout)
    assert ended.stderr == "fake_apple: objects 0, ports 0, others 0\n", ended.stderr
    version, build = described(machine, "os").split()
    line = f"{described(machine, 'brand')}, {described(machine, 'model')}, macOS {version} ({build})"
    assert line in ended.stdout.splitlines(), ended.stdout[:200]
    collectors = section(report, "Collectors")
    for name in LIBRARIES:
        assert name == "Foundation" or collectors["library/" + name] == ("ok", ""), (name, collectors)
    denied = [name for name, (state, _) in collectors.items() if state == "denied"]
    assert denied == (["ioreport/" + refused] if refused else []), denied


@tap.case("publications are timed by the driver's stamps",
          ("m4-max", "m4-max", {"mJ": r"every 2\.03 s \(2 in 5\.", "nJ": r"with each reading, every 0\.\d+ s$"}),
          ("m1-ultra", "m1-ultra", {"mJ": r"every 0\.77 to 0\.96 s \([56] in 5\."}), ("m1", "m1", {"mJ": r"every 1\.7[23] s \([23] in "}))
def _(machine, wanted):
    _, report = doctor(machine, step_ms=250)
    found = section(report, "Publications, watched for 5.")
    for unit, pattern in wanted.items():
        state, text = found["Energy Model, " + unit]
        assert state == "ok" and re.match(pattern, text), text
    assert found["CPU Stats/CPU Core Performance States, 24Mticks"][1].startswith("made for each reading"), found


@tap.case("what the decoder decided and doubts is told: tables, rails, sensors, balance")
def _():
    ended, _ = doctor("m4-max")
    for line in (r"  P1 +voltage-states13-sram \(kHz\), 20 clocks from 1260 MHz to 4512 MHz: ", r"  cpu +CPU Energy, published every 2\.0",
                 r"  TR0Z +a calibration constant", r"  package and system +package \d+\.\d+ W of the system's"):
        assert re.search("^" + line, ended.stdout, re.M), line


@tap.case("what is not published while it is watched is stale, and frozen once that is longer than any driver waits")
def _():
    for step_ms, state in ((500, "stale"), (5400, "frozen")):
        _, report = doctor("m5-ultra", step_ms=step_ms)
        found = section(report, "Publications")["Energy Model, mJ"]
        assert found[0] == state and found[1].startswith("none in "), (step_ms, found)


@tap.case("a library that is missing has failed, by name, and the rest is read",
          *((name, name) for name in LIBRARIES))
def _(name):
    ended, report = doctor("m4-max", without=(name,))
    assert ended.returncode == 1, ended.stdout
    assert "fake_apple: objects 0, ports 0, others 0\n" == ended.stderr, ended.stderr
    collectors, metrics = section(report, "Collectors"), section(report, "Metrics")
    if name == "Foundation":  # the fake has its class all the same, in another library
        return
    assert collectors["library/" + name] == ("failed", LIBRARIES[name] + " is missing from this system, or may not be loaded")
    others = [other for other in LIBRARIES if other not in (name, "Foundation")]
    assert all(collectors["library/" + other][0] == "ok" for other in others), collectors
    alive = {"CoreFoundation": "cpu.util", "IOKit": "cpu.power", "libIOReport": "cpu.temp", "libobjc": "cpu.power",
             "libSystem": "gpu.device_util"}[name]
    assert metrics[alive][0] in ("ok", "stale"), (alive, metrics[alive])


@tap.case("without any library nothing is readable")
def _():
    os.makedirs(os.path.join(tap.tmp, "root"))
    ended = fake("m1", "doctor", "--source", "apple")
    assert ended.returncode == 2 and ended.stdout == "" and "none of Apple's libraries" in ended.stderr, ended


@tap.case("a simulated machine is examined at once, by its own clock")
def _():
    ended = tap.actop("doctor", "--source", "sim:m1-ultra", timeout=10)
    found = section(read_report(ended.stdout), "Publications, watched for 5.0 s")["Energy Model, mJ"]
    assert ended.returncode == 0 and re.match(r"every 0\.77 to 0\.96 s", found[1]), (found, ended.stderr)


@tap.case("a simulated machine is called so")
def _():
    ended = tap.actop("doctor", "--source", "sim:m1")
    assert ended.stdout.splitlines()[0].endswith("source sim:m1, simulated"), ended.stdout[:200]


# ---- bundles ----

def decompressed(path):
    """All bytes that a recording holds, its compressed blocks unpacked (docs/recording-format.md)."""
    with open(path, "rb") as f:
        data = f.read()
    name = ctypes.util.find_library("zstd")
    if name is None:
        tap.skip("no libzstd for Python")
    zstd = ctypes.CDLL(name)
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    out, at, frames = b"", 12, 0
    while at < len(data):
        kind, flags, at, n, shift = data[at], data[at + 1], at + 2, 0, 0
        while True:
            n |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                break
        content, at = data[at:at + n], at + n + 4
        frames += kind == 2
        if flags & 1:
            content = bytes.fromhex("28b52ffd") + content
            size = zstd.ZSTD_getFrameContentSize(content, ctypes.c_size_t(len(content)))
            room = ctypes.create_string_buffer(size or 1)
            assert zstd.ZSTD_decompress(room, ctypes.c_size_t(size), content, ctypes.c_size_t(len(content))) == size
            content = room.raw[:size]
        out += content + b"\n"
    return out, frames


@tap.case("a bundle is ten frames that replay with the machine's facts", ("m4-max", "m4-max"), ("m1-ultra", "m1-ultra"), ("vm", "vm"),
          ("odd", "odd"))
def _(machine):
    file = os.path.join(tap.tmp, "bundle.actop")
    ended, _ = doctor(machine, "--bundle", file)
    assert ended.returncode in (0, 1), ended.stderr
    _, frames = decompressed(file)
    assert frames == 10, frames
    again = tap.actop("replay", file, "--json", "--evidence")
    records = [json.loads(line) for line in again.stdout.splitlines()]
    assert again.returncode == 0 and len(records) == 9, again.stderr  # the first frame has no rates
    assert records[-1]["chip"] == described(machine, "brand") and records[-1]["gaps"] == 0, records[-1]
    # One has no counters, the other publishes them every five seconds.
    assert machine in ("vm", "odd") or records[-1]["cpu_watts"] > 0, records[-1]
    # The doctor of whoever gets it finds what the doctor that made it found.
    there = tap.actop("doctor", "--source", "replay:" + file)
    assert there.returncode == ended.returncode, there.stdout
    assert section(read_report(there.stdout), "Collectors") == section(read_report(ended.stdout), "Collectors")


@tap.case("a bundle names nobody: no process, host, volume, user, path or address is in it")
def _():
    machines = os.path.join(tap.tmp, "machines")
    shutil.copytree(MACHINES, machines)
    with open(os.path.join(machines, "common.txt"), "r+", encoding="utf-8") as f:
        text = f.read()
        text = text.replace('volume      "Macintosh HD"', 'volume      "Canary Disk"').replace("[mount /System/Volumes/Data]",
                                                                                             "[mount /Volumes/Canary]")
        text = text.replace("process     Terminal ", 'process     "canary-tool" ').replace("[interface utun0]", "[interface canary7]")
        f.seek(0)
        f.write(text)
    file = os.path.join(tap.tmp, "bundle.actop")
    ended, _ = doctor("m4-max", "--bundle", file, machines=machines)
    assert ended.returncode == 1, ended.stderr
    held, _ = decompressed(file)
    for name in (b"anary", b"fake.local", b"Safari", b"llama", b"WindowServer", b"Finder", b"--flag", b"/Applications", b"Users"):
        assert name not in held, (name, held[max(held.index(name) - 40, 0):][:120])
    for name in (b"Apple M4 Max", b"Mac16,5", b"Energy Model", b"voltage-states5-sram", b"Perf Counters lists its channels"):
        assert name in held, name


@tap.case("a bundle that cannot be written is a failure, not a machine of which nothing is readable")
def _():
    for path in (os.path.join(tap.tmp, "none", "bundle"), "/dev/full"):
        ended = tap.actop("--source", "sim:m1", "doctor", "--bundle", path)
        assert ended.returncode == 1 and ended.stdout == "" and path in ended.stderr, ended


@tap.case("a bundle is not written over a file")
def _():
    file = os.path.join(tap.tmp, "bundle.actop")
    with open(file, "w", encoding="utf-8") as f:
        f.write("mine")
    ended, _ = doctor("m1", "--bundle", file)
    with open(file, encoding="utf-8") as f:
        assert f.read() == "mine"
    assert ended.returncode == 2 and ended.stdout == "" and "bundle.actop" in ended.stderr, ended


tap.main()
