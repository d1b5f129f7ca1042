# SPDX-License-Identifier: MIT
"""What the README shows is what the program prints, and its links lead somewhere. `readme.py --fix` puts the report in anew."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("ACTOP_SOURCE", "."), "tests", "lib"))
import tap

README = os.path.join(tap.SOURCE, "README.md")
BLOCK = re.compile(r"(\(`actop (--source [^`|]+) \| cat`\):\n\n```\n)(.*?)(```\n)", re.S)


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def reports():
    """Each report in the README: its options and its text."""
    return [(m.group(2).split(), m.group(3)) for m in BLOCK.finditer(text(README))]


@tap.case("a report in the README is what its command prints")
def _():
    assert reports()
    for options, shown in reports():
        assert tap.actop(*options).stdout == shown, options


@tap.case("links between the texts lead to files")
def _():
    broken, seen = [], 0
    for path in [*glob.glob(os.path.join(tap.SOURCE, "*.md")), *glob.glob(os.path.join(tap.SOURCE, "docs", "*.md"))]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(path)):
            seen += 1
            if "://" not in link and not os.path.exists(os.path.join(os.path.dirname(path), link)):
                broken.append((os.path.basename(path), link))
    assert seen > 10 and not broken, broken


if sys.argv[1:] == ["--fix"]:
    with open(README, encoding="utf-8") as f:
        old = f.read()
    new = BLOCK.sub(lambda m: m.group(1) + tap.actop(*m.group(2).split()).stdout + m.group(4), old)
    with open(README, "w", encoding="utf-8") as f:
        f.write(new)
else:
    tap.main()
