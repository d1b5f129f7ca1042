#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recordings from outside: a replay gives the bytes the live run gave; kill -9, full devices and cuts lose what they must and
no more; and the format is what docs/recording-format.md says, shown by a reader written from that page alone."""
import ctypes
import ctypes.util
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap  # noqa: E402


def record(name, *args, samples=8, interval="0.1"):
    """Record a live run; returns the file's path and what the run printed."""
    path = os.path.join(tap.tmp, name)
    done = tap.actop("--json", "--interval", interval, "--samples", samples, "--record", path, *args)
    assert done.returncode == 0, done.stderr
    return path, done.stdout


def replay(path, *args):
    return tap.actop("--json", "--source", "replay:" + path, *args)


# ---- the format, read by its page ----

class Bytes:
    def __init__(self, data):
        self.data, self.at, self.zeros = data, 0, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "it ends early"
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self):
        return self.take(1)[0]

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def varint(self):
        v = shift = 0
        while True:
            byte = self.byte()
            v |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return v

    def text(self):
        return self.take(self.varint())

    def token(self, shifts, place):
        if self.zeros:
            self.zeros -= 1
            return 0
        first = self.byte()
        if first == 0xFE:
            shifts[place] = self.byte()
            first = self.byte()
        if first < 0xC0:
            return first + 1
        if first < 0xE0:
            self.zeros = (first - 0xBF if first < 0xDF else 32 + self.varint()) - 1
            return 0
        if first < 0xF0:
            return 193 + ((first & 15) << 8 | self.byte())
        if first < 0xF8:
            high, low = self.take(2)
            return 4289 + ((first & 7) << 16 | high << 8 | low)
        assert first < 0xFE
        return self.number(first - 0xF5)

    def plain(self):
        return self.token({}, 0)

    def signed(self, shifts=None, place=0):
        shifts = {} if shifts is None else shifts
        return zigzag(self.token(shifts, place)) << shifts.get(place, 0)


def zigzag(z):
    return z >> 1 ^ -(z & 1)


def wrap(v):
    """To a signed number of 64 bits."""
    return (v + 2**63) % 2**64 - 2**63


def unpack(data):
    name = ctypes.util.find_library("zstd")
    if name is None:
        tap.skip("no libzstd for Python")
    zstd = ctypes.CDLL(name)
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    data = bytes.fromhex("28b52ffd") + data
    size = zstd.ZSTD_getFrameContentSize(data, ctypes.c_size_t(len(data)))
    assert size <= 64 << 20
    out = ctypes.create_string_buffer(size or 1)
    assert zstd.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data))) == size
    return out.raw[:size]


def starts(data):
    """The type and place of each block."""
    b = Bytes(data)
    b.at = 12
    while b.at < len(data):
        start = b.at
        yield b.byte(), start
        b.byte()
        b.take(b.varint())
        b.number(4)


def blocks(data):
    assert data[:8] == bytes.fromhex("8b6163746f700d0a") and data[8:10] == b"\2\0"
    b = Bytes(data)
    b.at = 12
    while b.at < len(data):
        start = b.at
        kind, flags = b.byte(), b.byte()
        content = b.take(b.varint())
        assert b.number(4) == zlib.crc32(data[start:b.at - 4])
        yield kind, flags, unpack(content) if flags & 1 else content


class Schema:
    def __init__(self, content):
        b = Bytes(content)
        self.crc = zlib.crc32(content)
        self.platform, self.source = b.text(), b.text()
        for _ in range(b.varint()):
            b.text(), b.varint(), b.text(), b.text()
        self.channels = []
        for _ in range(b.varint()):
            key, group, _name, _unit, _label = (b.text() for _ in range(5))
            b.varint()
            kind, flags, _bits = b.take(3)
            count = b.varint()
            if count & 1:
                [b.text() for _ in range(count >> 1)]
            self.channels.append((key, group, kind, flags, count >> 1))
        self.rowsets = []
        for _ in range(b.varint()):
            key = b.text()
            b.varint(), b.varint()
            self.rowsets.append((key, [(b.text(), b.text(), *b.take(3)) for _ in range(b.varint())]))
        for _ in range(b.varint()):
            b.text()
            kind, count = b.byte(), b.varint()
            if kind == 3:
                b.take(count)
            else:
                [b.varint() for _ in range(count)]
        assert b.at == len(content)


class Reader:
    """The past, and how a frame block changes it."""

    def __init__(self, schema):
        self.schema = schema

    def begin(self, b):
        assert b.number(4) == self.schema.crc
        self.seq = self.awake = self.boot = self.wall = self.want = self.growth = 0
        self.status = [-1] * len(self.schema.channels)
        self.stamps = [0] * len(self.schema.channels)
        self.slots = [[0, 0, 0] for c in self.schema.channels for _ in range(c[4])]  # value, growth, expected
        self.bytes = [b""] * len(self.schema.channels)
        self.rowstatus = [-1] * len(self.schema.rowsets)
        self.rows = [[] for _ in self.schema.rowsets]  # a row: {column: value}
        self.shifts = {}
        self.recent = []  # growths of stamps
        self.neighbour = [0] * len(self.schema.channels)  # how many channels with one slot before
        self.last_grown = [None] * len(self.schema.channels)  # slot of a counter

    @staticmethod
    def zigzagged(v):
        v = wrap(v)
        return (v << 1 ^ (v >> 63)) % 2**64

    def read_growth(self, b, guess):
        number = b.plain()
        if number == 0:
            return guess
        changes = []
        for likely in [0, *self.recent]:
            if likely != guess:
                y = self.zigzagged(likely - guess)
                for i, other in changes:
                    y = other if y == i else i if y == other else y
                changes.append((len(changes) + 1, y))
        for i, y in reversed(changes):
            number = y if number == i else i if number == y else number
        grew = wrap(guess + zigzag(number))
        self.remember(grew)
        return grew

    def remember(self, grew):
        if grew != 0:
            self.recent = [grew, *(g for g in self.recent if g != grew)][:5]

    def read_stamps(self, b):
        leaders, last, grew = {}, self.growth, []
        self.remember(self.growth)
        for i, (_key, group, *_rest) in enumerate(self.schema.channels):
            if group in leaders:
                grew.append(self.read_growth(b, grew[leaders[group]]))
            else:
                grew.append(self.read_growth(b, 0 if self.stamps[i] == 0 else last))
                last = grew[i] or last
            leaders[group] = i
        self.stamps = [wrap(s + g) for s, g in zip(self.stamps, grew)]

    def step(self, at, left, counter):
        value, growth, expected = self.slots[at]
        g = wrap(expected + left)
        near = abs(wrap(g - growth)) < (abs(g) if counter else abs(g) // 2)
        self.slots[at] = [(value + g) % 2**64, g, g if near else 0]

    def read_single(self, b, at, i, was_read, before):
        _key, _group, _kind, flags, _count = self.schema.channels[i]
        left = b.signed(self.shifts, at)
        if was_read:
            had = self.neighbour[i]
            left = wrap(left + (before[-had] if had else 0))
            apart = [abs(wrap(left - of)) for of in (before[-1], before[-2])]
            closer = 1 if apart[0] <= apart[1] else 2
            self.neighbour[i] = closer if apart[closer - 1] < (abs(left) if had else abs(left) // 4) else 0
        self.step(at, left, flags & 1)
        before.append(left)

    def read_several(self, b, at, i, was_read):
        _key, _group, _kind, flags, count = self.schema.channels[i]
        total, last = 0, None
        for k in range(count):
            left = b.signed(self.shifts, at + k)
            if was_read and flags & 1 and k == self.last_grown[i]:
                left = wrap(left - total)
            total += left
            self.step(at + k, left, flags & 1)
            last = k if self.slots[at + k][1] else last
        if was_read:
            self.last_grown[i] = last

    def read_slots(self, b):
        at, before = 0, [0, 0]
        for i, (_key, _group, kind, _flags, count) in enumerate(self.schema.channels):
            was_read = self.status[i] == 0 and kind != 3
            if count == 1:
                self.read_single(b, at, i, was_read, before)
            else:
                self.read_several(b, at, i, was_read)
            at += count

    @staticmethod
    def read_steps(b, n, past):
        """Rows as (index before or None, mask or None)."""
        rows, cursor, mask = [], 0, 0
        while len(rows) < n:
            step = b.varint()
            kind, a = step & 3, step >> 2
            if kind == 0:
                rows += [(cursor + i, None) for i in range(a + 1)]
                cursor += a + 1
            elif kind == 1:
                cursor += a + 1
            elif kind == 2:
                for _ in range(a + 1):
                    mask ^= b.varint()
                    rows.append((None, mask))
            else:
                cursor = a
        assert len(rows) == n and all(i is None or i < past for i, _ in rows)
        return rows

    def read_cells(self, b, index, how, place):
        columns, past, now = self.schema.rowsets[index][1], self.rows[index], []
        masks = [m if i is None else b.plain() ^ sum(1 << c for c in past[i]) for i, m in how]
        for (i, _), mask in zip(how, masks):
            base = past[i] if i is not None else now[-1][1] if now else {}
            now.append((mask, {}, base))
        for c, column in enumerate(columns):
            for mask, cells, base in now:
                if mask >> c & 1 and column[2] != 3:
                    cells[c] = (base.get(c, 0) + b.signed(self.shifts, place + c)) % 2**64
        return now

    def frame(self, content, keyframe):
        b = Bytes(content)
        if keyframe:
            self.begin(b)
        self.seq += b.signed() + 1
        self.growth = wrap(self.growth + b.signed())
        boot, wall = self.boot - self.awake + b.signed(), self.wall - self.awake + b.signed()
        self.awake = wrap(self.awake + self.growth)
        self.boot, self.wall = wrap(self.awake + boot), wrap(self.awake + wall)
        self.want ^= b.plain()
        had = [s == 0 for s in self.status]
        self.status = [s + b.signed() for s in self.status]
        self.read_stamps(b)
        counts = []
        for i in range(len(self.rows)):
            self.rowstatus[i] += b.signed()
            counts.append(b.plain())
        self.read_slots(b)
        assert b.zeros == 0
        how = [self.read_steps(b, n - 1, len(self.rows[i])) if n else [(k, None) for k in range(len(self.rows[i]))]
               for i, n in enumerate(counts)]
        place, rows = len(self.slots), []
        for i, (_key, columns) in enumerate(self.schema.rowsets):
            rows.append(self.read_cells(b, i, how[i], place))
            place += len(columns)
        assert b.zeros == 0
        self.read_bytes(b, had, rows)
        self.rows = [[cells for _mask, cells, _base in of] for of in rows]
        assert b.at == len(content)

    def read_bytes(self, b, had, rows):
        left = b.varint()

        def value(base):
            nonlocal left
            if left != 1:
                left -= left != 0
                return base
            text = b.text()
            left = b.varint()
            return text

        for i, channel in enumerate(self.schema.channels):
            if channel[2] == 3 and self.status[i] == 0:
                self.bytes[i] = value(self.bytes[i] if had[i] else b"")
        for (_key, columns), of in zip(self.schema.rowsets, rows):
            for c, column in enumerate(columns):
                for mask, cells, base in of:
                    if column[2] == 3 and mask >> c & 1:
                        cells[c] = value(base.get(c, b""))
        assert left == 0


@tap.case("a reader written from docs/recording-format.md reads what actop recorded",
          ("of this machine", ("--json-processes",), 62), ("of a simulated Mac", ("--source", "sim:m1", "--speed", "max"), 130))
def _(args, samples):
    path, printed = record("r", *args, samples=samples, interval="1" if "sim:m1" in args else "0.1")
    records = [json.loads(line) for line in printed.splitlines()]
    with open(path, "rb") as f:
        data = f.read()
    reader, walls, names, values = None, [], [], []
    for kind, flags, content in blocks(data):
        if kind == 1:
            reader = Reader(Schema(content))
            continue
        assert kind == 2
        reader.frame(content, flags & 2)
        walls.append(reader.wall)
        names.append([sorted(row[0].decode() for row in rows) for (key, _), rows in zip(reader.schema.rowsets, reader.rows)
                      if key.startswith(b"interface")])
        assert reader.seq == len(walls)
        values.append(values_of(reader))
    assert len(walls) == samples + 1  # the first one makes no record
    for wall, record_, interfaces in zip(walls[1:], records, names[1:]):
        assert abs(wall / 1e9 - record_["timestamp"]) < 1e-3
        assert set(i["name"] for i in record_["interfaces"]) <= set(interfaces[0])
    for value, record_ in zip(values[1:], records):
        compared = {key: (number, record_[key]) for key, number in value.items() if key in record_}
        for sensor in (s for s in record_["sensors"] if s["celsius"] is not None):
            compared[sensor["key"]] = value["temperatures"][sensor["key"]], sensor["celsius"]
        for p in (p for p in record_["processes"] if p["pid"] in value["rows"]):
            compared[p["pid"]] = value["rows"][p["pid"]], (p["num_threads"], p["rss_bytes"])
        assert len(compared) > 7, compared
        assert all(read == printed for read, printed in compared.values()), {k: v for k, v in compared.items() if v[0] != v[1]}


def values_of(reader):
    """What the reader read of numbers that a record prints as they were read: by their keys there, temperatures, and
    threads and memory of processes."""
    slots, at = {}, 0
    for key, _group, _kind, _flags, count in reader.schema.channels:
        slots[key.decode()] = [s[0] for s in reader.slots[at:at + count]]
        at += count
    memory = {key: slots["meminfo/" + of][0] * 1024 for key, of in (
        ("ram_total_bytes", "MemTotal"), ("ram_free_bytes", "MemFree"), ("ram_available_bytes", "MemAvailable"),
        ("ram_shared_bytes", "Shmem"), ("swap_total_bytes", "SwapTotal")) if "meminfo/" + of in slots}
    loads = slots.get("load/average")
    values = {**memory, **(dict(zip(("load_1m", "load_5m", "load_15m"), (n / 100 for n in loads))) if loads else {})}
    if "sysctl/vm.swapusage" in slots:
        values["swap_total_bytes"] = slots["sysctl/vm.swapusage"][0]
    values["temperatures"] = {}
    for prefix, whole, number in (("smc/", "<I", "<f"), ("hid/temperature/", "<Q", "<d")):
        for key in (key for key in slots if key.startswith(prefix + "T" * (prefix == "smc/"))):
            values["temperatures"][key[len(prefix):]] = struct.unpack(number, struct.pack(whole, slots[key][0]))[0]
    values["rows"] = {}
    for (key, columns), rows in zip(reader.schema.rowsets, reader.rows):
        if key == b"processes":
            place = {column[0].decode(): c for c, column in enumerate(columns)}
            values["rows"] = {row[place["pid"]]: (row[place["threads"]], row[place["rss"]] * os.sysconf("SC_PAGESIZE")) for row in rows}
    return values


# ---- replay ----

@tap.case("the replay of a run with --json --record gives the same bytes",
          ("plain", ()), ("with processes and evidence", ("--json-processes", "--evidence")), ("with subsamples", ("--subsamples", "3")),
          ("with a filter", ("--json-processes", "--proc-filter", "python|sh")))
def _(args):
    path, printed = record("r", *args)
    done = replay(path, *args)
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed
    assert "end of the recording after frame" in done.stderr, done.stderr


@tap.case("a recording read from standard input gives the same bytes")
def _():
    path, printed = record("r")
    with open(path, "rb") as f:
        done = tap.actop("--json", "--source", "replay:-", stdin=f)
    assert done.returncode == 0 and done.stdout == printed, done.stderr


@tap.case("a scrubbed recording replays, and its processes have no names")
def _():
    path, _printed = record("r", "--scrub", "--json-processes")
    done = replay(path, "--json-processes")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["host"].startswith("host-"), last["host"]
    names = [p["command"] for p in last["processes"] if p["pid"] != 0]  # 0: those that cannot be seen
    assert names and all(name.startswith("process-") for name in names), names


# What names somebody in a fixture machine, and the canary that takes its place.
CANARIES = ((b"hazel", b"canary-host"), (b"ada:", b"canary-user:"), (b"ada@", b"canary-user@"), (b"Mouse", b"Canary's Mouse"),
            (b"hidpp_battery_0", b"hid-c0:ff:ee:c0:ff:ee-battery"), (b"game", b"canary-game"), (b"--full", b"--canary"),
            (b"wg0", b"canaryvpn"), (b"enp0s31f6", b"enx02c0ffee0001"), (b"/boot", b"/media/canary/stick"))


def canary_tree():
    root = os.path.join(tap.tmp, "tree")
    subprocess.run(["python3", os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), "intel-hybrid", root], check=True)
    for where, directories, files in os.walk(root, topdown=False):
        for name in (n for n in files if not os.path.islink(os.path.join(where, n))):
            with open(os.path.join(where, name), "rb+") as f:
                text = f.read()
                for old, new in CANARIES:
                    text = text.replace(old, new)
                f.seek(0)
                f.write(text)
        for name in directories + files:
            for old, new in CANARIES:
                if name == old.decode():
                    os.rename(os.path.join(where, name), os.path.join(where, new.decode()))
    return root


@tap.case("no name, address or path of somebody's is in a scrubbed recording, and all are in one that is not")
def _():
    root, held = canary_tree(), {}
    for scrub in ((), ("--scrub",)):
        path, _printed = record("r" + "".join(scrub), "--root", root, "--json-processes", "--proc-filter", ".", *scrub, samples=0)
        with open(path, "rb") as f:
            held[scrub] = b"".join(content for _kind, _flags, content in blocks(f.read())).lower()
    for name in (b"canary-host", b"canary-user", b"canary's", b"c0:ff:ee", b"canary-game", b"--canary", b"canaryvpn", b"02c0ffee0001",
                 b"/media/canary"):
        assert name in held[()], name
    for name in (b"canary", b"c0:ff", b"c0ffee", b"/media"):
        assert name not in held[("--scrub",)], name
    for name in (b"host-1", b"process-1", b"user-1", b"interface-1", b"/volume-1", b"i915", b"bat0"):
        assert name in held[("--scrub",)], name


@tap.case("cut at any of many places it replays whole records up to there and says so")
def _():
    path, printed = record("r", samples=20)
    lines = printed.splitlines()
    with open(path, "rb") as f:
        data = f.read()
    short = os.path.join(tap.tmp, "short")
    counts = []
    for n in list(range(40, len(data), max(1, len(data) // 40))) + [len(data) - 1]:
        with open(short, "wb") as f:
            f.write(data[:n])
        done = replay(short)
        got = done.stdout.splitlines()
        assert got == lines[:len(got)], n
        if done.returncode == 0:
            assert "frame" in done.stderr and ("is cut" in done.stderr or "end of the recording" in done.stderr), done.stderr
        else:
            assert not got and "cut before its first frame" in done.stderr, done.stderr
        counts.append(len(got))
    assert counts == sorted(counts) and counts[-1] == len(lines) - 1 and "is cut after frame" in done.stderr, counts


# ---- what may happen to a recording ----

@tap.case("killed with SIGKILL it lacks at most the last frame")
def _():
    path = os.path.join(tap.tmp, "r")
    with open(os.path.join(tap.tmp, "out"), "w+", encoding="utf-8") as out:
        with subprocess.Popen([tap.ACTOP, "--json", "--interval", "0.1", "--record", path], stdout=out, stderr=subprocess.PIPE) as p:
            time.sleep(1.55)
            p.send_signal(signal.SIGKILL)
            p.communicate()
        out.seek(0)
        printed = [line for line in out.read().splitlines(True) if line.endswith("\n")]
    assert len(printed) > 5
    done = replay(path)
    assert done.returncode == 0, done.stderr
    replayed = done.stdout.splitlines(True)
    assert len(replayed) >= len(printed) and replayed[:len(printed)] == printed


@tap.case("a full device ends the run with status 1 and a sentence")
def _():
    if not os.path.exists("/dev/full"):
        tap.skip("no /dev/full here")
    done = tap.actop("--json", "--samples", "3", "--interval", "0.1", "--record", "/dev/full")
    assert done.returncode == 1, done.returncode
    assert "/dev/full: No space left on device" in done.stderr, done.stderr


@tap.case("a file that holds something is not recorded over")
def _():
    path = os.path.join(tap.tmp, "r")
    with open(path, "w", encoding="utf-8") as f:
        f.write("precious")
    done = tap.actop("--json", "--samples", "1", "--interval", "0.1", "--record", path)
    assert done.returncode in (1, 2) and "exists and is not empty" in done.stderr, done.stderr
    with open(path, encoding="utf-8") as f:
        assert f.read() == "precious"


@tap.case("what is no recording is refused", ("missing", None, "No such file"), ("empty", b"", "is empty"),
          ("text", b"hello\n", "is not an actop recording"),
          ("a later version", bytes.fromhex("8b6163746f700d0a0300000000"), "version 3"))
def _(content, sentence):
    path = os.path.join(tap.tmp, "r")
    if content is not None:
        with open(path, "wb") as f:
            f.write(content)
    done = replay(path)
    assert done.returncode == 1 and done.stdout == "" and sentence in done.stderr, done.stderr


def frames_begin_at(data):
    """Where the first frame begins."""
    for kind, start in starts(data):
        if kind == 2:
            return start
    raise AssertionError("no frame")


@tap.case("of a recording without a frame nothing can be told: status 1 and a sentence", ("info", ["info"]), ("doctor", ["doctor"]))
def _(words):
    path, _printed = record("r", samples=2)
    with open(path, "rb") as f:
        data = f.read()
    os.truncate(path, frames_begin_at(data) + 5)
    done = tap.actop(*words, "--source", f"replay:{path}")
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.splitlines()[-1] == f"actop: error: {path}: the recording is cut before its first frame", done.stderr


@tap.case("a recording whose description is damaged is not called cut")
def _():
    path, _printed = record("r", samples=4)
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        data[frames_begin_at(data) // 2] ^= 0x55
        f.seek(0)
        f.write(data)
    done = replay(path)
    assert done.returncode == 1 and done.stdout == "", done
    assert "is damaged at byte 12, in what describes its machine" in done.stderr, done.stderr


tap.main()
