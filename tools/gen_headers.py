#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes include/actop/metrics.h from the lists status.def, units.def, scopes.def and metrics.def.

usage: gen_headers.py SRC_DIR OUT_FILE

The lists are the one place where a status, a unit, a scope or a metric is written down. The C sources
expand them with the preprocessor; the installed header cannot include them, so this script turns them
into commented enums. Only the standard library is used.
"""
import re
import sys
from pathlib import Path

ROW = re.compile(r'^([A-Z]+)\((.*)\)\s*$')


def fields(text):
    """Split the arguments of one row at commas outside of string literals."""
    out, cur, quoted, skip = [], "", False, False
    for c in text:
        if skip:
            skip = False
        elif c == "\\":
            skip = True
        elif c == '"':
            quoted = not quoted
        elif c == "," and not quoted:
            out.append(cur.strip())
            cur = ""
            continue
        cur += c
    out.append(cur.strip())
    return [f[1:-1] if f.startswith('"') else f for f in out]


def rows(path, name):
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        m = ROW.match(line)
        if m and m.group(1) == name:
            found.append(fields(m.group(2)))
    if not found:
        sys.exit(f"gen_headers: {path}: no {name}(…) row")
    return found


def enum(name, prefix, entries, doc, last=None):
    """entries: (identifier, comment). One enumerator a line, its meaning beside it."""
    lines = [f"/** {doc} */", f"typedef enum {name} {{"]
    for i, (ident, comment) in enumerate(entries):
        first = " = 0" if i == 0 else ""
        lines.append(f"    {prefix}{ident}{first}, /**< {comment} */")
    if last:
        lines.append(f"    {last} /**< How many there are in this header; the library may know more. */")
    lines.append(f"}} {name};")
    return "\n".join(lines)


def metric_comment(row):
    _, key, unit, kind, scope, _, _, text = row
    what = unit.lower().replace("_", " ")
    unit_text = "" if unit == "NONE" else f", in {what}" + ("s" if unit in ("WATT", "JOULE", "BYTE", "SECOND") else "")
    return f'"{key}", {kind.lower()} of a {scope.lower()}{unit_text}: {text}'


def header(src):
    status = rows(src / "base/status.def", "STATUS")
    units = rows(src / "model/units.def", "UNIT")
    scopes = rows(src / "model/scopes.def", "SCOPE")
    metrics = rows(src / "model/metrics.def", "METRIC")
    parts = [
        "/* SPDX-License-Identifier: MIT */\n"
        "/* The lists of actop as enums. Made by tools/gen_headers.py from status.def, units.def, scopes.def and\n"
        " * metrics.def; change those, not this file. Values are stable: lists only grow at their ends or, for\n"
        " * metrics, with a new major version of the library. Keys (\"cpu.power\") also work as strings. */",
        "#ifndef ACTOP_METRICS_H\n#define ACTOP_METRICS_H",
        enum("actop_status", "ACTOP_", [(r[0], r[2] + f"; exit code {r[1]}") for r in status],
             "What a function returns. Since 2.0.", "ACTOP_STATUS_COUNT"),
        enum("actop_unit", "ACTOP_UNIT_", [(r[0], r[4]) for r in units],
             "Unit of a metric's values: always a base unit. Since 2.0.", "ACTOP_UNIT_COUNT"),
        enum("actop_scope", "ACTOP_SCOPE_", [(r[0], r[4]) for r in scopes],
             "What a metric has one value for. Since 2.0.", "ACTOP_SCOPE_COUNT"),
        enum("actop_metric", "ACTOP_METRIC_", [(r[0], metric_comment(r)) for r in metrics],
             "Every metric any source can give. Since 2.0.", "ACTOP_METRIC_COUNT"),
        "#endif",
    ]
    return "\n\n".join(parts) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    text = header(Path(sys.argv[1]))
    out = Path(sys.argv[2])
    if not out.exists() or out.read_text(encoding="utf-8") != text:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
