# SPDX-License-Identifier: MIT
"""tools/check_macho takes a good arm64 binary, and names each thing that a Mac would refuse or we do not promise."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

CHECK = os.path.join(tap.SOURCE, "tools", "check_macho")


def command(kind, payload):
    payload += b"\0" * (-len(payload) % 8)
    return struct.pack("<II", kind, 8 + len(payload)) + payload


def dylib(name):
    return command(0xC, struct.pack("<IIII", 24, 0, 0, 0) + name.encode() + b"\0")


def macho(cpu=0x0100000C, kind=2, flags=0x200085, platform=1, floor=(12, 0), libraries=("/usr/lib/libSystem.B.dylib",),
          signed=True):
    parts = [dylib(name) for name in libraries]
    if floor:
        parts.append(command(0x32, struct.pack("<IIII", platform, floor[0] << 16 | floor[1] << 8, 0, 0)))
    size = 32 + sum(map(len, parts)) + (16 if signed else 0)
    blob = struct.pack(">III", 0xFADE0CC0, 36, 1) + struct.pack(">II", 0, 20) + struct.pack(">IIII", 0xFADE0C02, 16, 0, 2)
    if signed:
        parts.append(command(0x1D, struct.pack("<II", size, len(blob))))
    body = b"".join(parts)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, kind, len(parts), len(body), flags, 0)
    return head + body + (blob if signed else b"")


def check(data):
    path = os.path.join(tap.tmp, "binary")
    with open(path, "wb") as file:
        file.write(data)
    done = tap.run([sys.executable, CHECK, path])
    return done.returncode, done.stdout


@tap.case("a signed arm64 binary for macOS 12 passes", ("a program", {}), ("a library", {"kind": 6, "flags": 0x85}))
def _(change):
    status, out = check(macho(**change))
    assert status == 0 and "ad-hoc signed" in out, out


@tap.case(
    "is refused by name",
    ("another processor", {"cpu": 0x01000007}, "not arm64"),
    ("an object file", {"kind": 1}, "neither program nor library"),
    ("a program at a fixed address", {"flags": 0x85}, "not position independent"),
    ("another system", {"platform": 2}, "not macOS"),
    ("a newer floor", {"floor": (14, 0)}, "needs macOS 14.0"),
    ("no floor", {"floor": None}, "does not say for which macOS"),
    ("somebody's library", {"libraries": ("/opt/homebrew/lib/libzstd.1.dylib",)}, "linked with /opt/homebrew"),
    ("a private library", {"libraries": ("/usr/lib/libIOReport.dylib",)}, "linked with /usr/lib/libIOReport.dylib"),
    ("no signature", {"signed": False}, "not signed"),
)
def _(change, says):
    status, out = check(macho(**change))
    assert status == 1 and says in out, out


@tap.case("what is no Mach-O is refused")
def _():
    status, out = check(b"\x7fELF" + b"\0" * 100)
    assert status == 1 and "no 64-bit Mach-O" in out, out


@tap.case("a broken one is refused and not believed")
def _():
    good = macho()
    status, out = check(good[:36] + struct.pack("<I", 4) + good[40:])
    assert status == 1 and "broken" in out, out


tap.main()
