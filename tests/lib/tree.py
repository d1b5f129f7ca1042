#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tree.py NAME DIR: build the fixture machine tests/fixtures/linux/NAME in the directory DIR, which `actop --root DIR`
then reads. A machine is the sum of its *.tree files, in the order of their names; a line is one of

    PATH = TEXT       a file with one line
    PATH <<           a file with the lines up to one that is a single dot
    PATH -> TARGET    a symbolic link
    PATH /            an empty directory
    # …               nothing

{A-B} in a path stands for every number from A to B, one file each; {} in the path, text or target is then that number.
{A-B} in a line of a << file makes one line for each number likewise. \\0 in a text (not in a << file) is a zero byte,
\\x41 the byte 0x41.
Moments are paths that begin with t0/, t1/ …; src/source/linux/root.h says how a tree is read.
"""
import os
import re
import sys

RANGE = re.compile(r"\{(\d+)-(\d+)\}")
BYTE = re.compile(r"\\(?:0|x([0-7][0-9a-f]))")
FIXTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures", "linux")


def expand(*texts):
    """The texts once for every number of the first range in the first text."""
    found = RANGE.search(texts[0])
    if not found:
        yield texts
        return
    first = texts[0][: found.start()] + "{}" + texts[0][found.end():]
    for number in range(int(found.group(1)), int(found.group(2)) + 1):
        yield tuple(text.replace("{}", str(number)) for text in (first,) + texts[1:])


def place(root, path):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def write(root, path, text):
    for name, content in expand(path, text):
        with open(place(root, name), "w", encoding="utf-8") as out:
            out.write(BYTE.sub(lambda found: chr(int(found.group(1) or "0", 16)), content))


def build(lines, root, where):
    lines = iter(enumerate(lines, 1))
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if " = " in line or line.endswith(" ="):
            path, _, text = (line + " ").partition(" = ")
            write(root, path, text[:-1] + "\n")
        elif line.endswith(" <<"):
            text = ""
            for number, content in lines:
                if content == ".":
                    break
                text += "".join(one[0] + "\n" for one in expand(content))
            else:
                sys.exit(f"{where}: {line} has no end")
            with open(place(root, line[:-3]), "w", encoding="utf-8") as out:
                out.write(text)
        elif " -> " in line:
            for path, target in expand(*line.split(" -> ", 1)):
                os.symlink(target, place(root, path))
        elif line.endswith(" /"):
            os.makedirs(os.path.join(root, line[:-2]), exist_ok=True)
        else:
            sys.exit(f"{where}:{number}: not understood: {line}")


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    machine = os.path.join(FIXTURES, argv[0])
    for name in sorted(os.listdir(machine)):
        if name.endswith(".tree"):
            with open(os.path.join(machine, name), encoding="utf-8") as text:
                build(text.read().split("\n"), argv[1], f"{argv[0]}/{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
