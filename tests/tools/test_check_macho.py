# SPDX-License-Identifier: MIT
"""tools/check_macho takes a good arm64 binary, and names each thing that a Mac would refuse or we do not promise."""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

CHECK = os.path.join(tap.SOURCE, "tools", "check_macho")


def command(kind, payload):
    payload += b"\0" * (-len(payload) % 8)
    return struct.pack("<II", kind, 8 + len(payload)) + payload


def dylib(name, load):
    return command(load, struct.pack("<IIII", 24, 0, 0, 0) + name.encode() + b"\0")


def signature(code):
    """As a linker makes it: one SHA-256 for each page of 4 KiB."""
    pages = [code[at:at + 4096] for at in range(0, len(code), 4096)]
    fixed = 44
    directory = struct.pack(">IIIIIIIIIBBBBI", 0xFADE0C02, fixed + 32 * len(pages), 0x20400, 2, fixed, 0, 0, len(pages),
                            len(code), 32, 2, 0, 12, 0)
    directory += b"".join(hashlib.sha256(page).digest() for page in pages)
    return struct.pack(">III", 0xFADE0CC0, 20 + len(directory), 1) + struct.pack(">II", 0, 20) + directory


def macho(cpu=0x0100000C, kind=2, flags=0x200085, platform=1, floor=(12, 0), libraries=("/usr/lib/libSystem.B.dylib",),
          signed=True, load=0xC, code=10000, segment=(1 << 32, 8192, 0, 8192),
          name=b"__TEXT", identity=b"actop's identity", odd=0):
    parts = [dylib(library, load) for library in libraries]
    parts.append(command(0x19, struct.pack("<16sQQQQIIII", name, *segment, 5, 5, 0, 0)))
    if identity:
        parts.append(command(0x1B, identity))
    if floor:
        parts.append(command(0x32, struct.pack("<IIII", platform, floor[0] << 16 | floor[1] << 8, 0, 0)))
    size = 32 + sum(map(len, parts)) + (16 if signed else 0)
    code += -(size + code) % 16 + odd
    if signed:
        blob_size = len(signature(b"\0" * (size + code)))
        parts.append(command(0x1D, struct.pack("<II", size + code, blob_size)))
    body = b"".join(parts)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, kind, len(parts), len(body), flags, 0)
    signed_part = head + body + bytes(i * 7 & 255 for i in range(code))
    return signed_part + (signature(signed_part) if signed else b"")


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
    ("one that is loaded when needed", {"libraries": ("/usr/lib/libz.1.dylib",), "load": 0x20}, "linked with /usr/lib/libz"),
    ("one above it", {"libraries": ("/usr/lib/libz.1.dylib",), "load": 0x80000023}, "linked with /usr/lib/libz"),
    ("a segment on a page of 4 KiB", {"segment": ((1 << 32) + 4096, 16384, 0, 8192)}, "__TEXT is not on a page"),
    ("a segment that begins within a page of the file", {"segment": (1 << 32, 8192, 4096, 4096)}, "__TEXT is not on a page"),
    ("a segment behind the file's end", {"segment": (1 << 32, 32768, 0, 20000)}, "__TEXT reaches beyond its end"),
    ("a segment of less room than content", {"segment": (1 << 32, 4096, 0, 8192)}, "__TEXT reaches beyond its end"),
    ("constants that may be written to", {"name": b"__DATA_CONST"}, "__DATA_CONST does not become read-only"),
    ("no identity", {"identity": None}, "has no UUID"),
    ("a signature at an odd place", {"odd": 4}, "does not begin on 16 bytes"),
    ("no signature", {"signed": False}, "not signed"),
)
def _(change, says):
    status, out = check(macho(**change))
    assert status == 1 and says in out, out


@tap.case("a byte changed after signing is seen, wherever it is", ("in the first page", 200), ("in the second", 5000),
          ("in the last", 10100))
def _(at):
    data = bytearray(macho())
    data[at] ^= 1
    status, out = check(bytes(data))
    assert status == 1 and "is not what was signed" in out, out


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
