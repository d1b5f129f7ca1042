# SPDX-License-Identifier: MIT
"""Reading C as text, for the check_* scripts: which files there are, what is code and what is comment or string.

Enough for our own house format (a function's braces stand in column 0); no C parser. Standard library only.
"""
import argparse
import os
import re
import subprocess
import sys

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def root_from(argv, doc):
    """The tree to look at: --root DIR (a test's), else this one. Returns (root, other words)."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=HERE, metavar="DIR", help="the source tree to check")
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args(argv)
    return os.path.abspath(options.root), options.rest


def listed_by_git(root):
    """What git knows or would add; None where git cannot say (no repository, no git, somebody else's files)."""
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return {os.fsdecode(name) for name in listed.split(b"\0") if name}


def found_by_walking(root):
    names = set()
    for where, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "node_modules", "__pycache__")
                      and not (where == root and name == "build")]
        names.update(os.path.relpath(os.path.join(where, name), root) for name in files)
    return names


def tracked(root):
    """Paths of the tree's files, relative, sorted."""
    names = listed_by_git(root) if os.path.exists(os.path.join(root, ".git")) else None
    if names is None:
        names = found_by_walking(root)
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def c_files(root, *folders):
    """The .c and .h files below the folders (below everything when none is named)."""
    return [name for name in tracked(root)
            if name.endswith((".c", ".h")) and (not folders or name.startswith(tuple(f + "/" for f in folders)))]


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def blank(match, keep_strings):
    text = match.group(0)
    if text[0] in "\"'":
        return text if keep_strings else text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


def code(text, keep_strings=False):
    """The text with comments (and what stands in strings) turned into spaces; lines keep their numbers."""
    return TOKEN.sub(lambda match: blank(match, keep_strings), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def functions(text):
    """(name, first line, body lines, first body line as written, last line) of each function of the house format:
    its { and } stand alone in column 0."""
    lines, plain = text.split("\n"), code(text).split("\n")
    found, at = [], 0
    while at < len(plain):
        if plain[at].rstrip() != "{":
            at += 1
            continue
        head = at - 1
        while head > 0 and plain[head].strip() and plain[head][0] in " \t":
            head -= 1
        end = at + 1
        while end < len(plain) and plain[end].rstrip() not in ("}", "};"):
            end += 1
        before = " ".join(plain[max(head, 0):at])
        name = re.search(r"(\w+)\s*\(", before)
        if name and "=" not in before and end < len(plain):
            first = lines[at] + (lines[at + 1] if at + 1 < end else "")
            found.append((name.group(1), max(head, 0) + 1, end - at - 1, first, end + 1))
        at = end + 1
    return found


def finish(name, problems, summary=""):
    """Print the problems (or the summary) and end the script."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
        sys.exit(1)
    print(f"{name}: {summary or 'ok'}")
    sys.exit(0)
