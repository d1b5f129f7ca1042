# SPDX-License-Identifier: MIT
"""Our own look at a body of /metrics: what promtool, Prometheus and its parsers let pass.

lint(text, openmetrics) returns a list of sentences; none when all is well. It looks for samples that repeat, families in
pieces, lines without HELP or TYPE before them, values that are no finite number, names and labels with characters that do
not belong there, units nobody should use in new names, and counters that are not called _total.
fell(before, after) names the counters that fell from one body to the next.
"""
import re

SAMPLE = re.compile(r'^([a-zA-Z_][a-zA-Z0-9_]*)(\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
NUMBER = re.compile(r'^-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$')
UNITS = ("_ms_", "_milliseconds", "_kilobytes", "_kb_", "_megabytes", "_mb_", "_kilowatt", "_milliwatts", "_fahrenheit",
         "_minutes", "_hours", "_megahertz")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")


def labels_of(text):
    """Pairs of a label text, or None when it is not one."""
    pairs, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found:
            return None
        pairs.append((found.group(1), found.group(2)))
        at = found.end()
    return pairs


def samples(text):
    """(family line number, name, labels, value) of every sample line."""
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.startswith("#"):
            found = SAMPLE.match(line)
            yield number, line, found


def lint(text, openmetrics=False):
    said, seen, described, current = [], set(), {}, None
    closed = set()
    if not text.endswith("\n"):
        said.append("no newline at the end")
    if openmetrics != text.endswith("# EOF\n"):
        said.append("# EOF belongs at the end of OpenMetrics, and only there")
    for number, line in enumerate(text.split("\n"), 1):
        if CONTROL.search(line):
            said.append(f"{number}: a control character: {line!r}")
        if line.startswith("# HELP ") or line.startswith("# TYPE "):
            word, family = line.split(" ", 3)[1:3]
            if family != current:
                if family in closed:
                    said.append(f"{number}: {family} comes in pieces")
                closed.add(current)
                current = family
            if (word, family) in described:
                said.append(f"{number}: {word} of {family} twice")
            described[(word, family)] = line.split(" ", 3)[3]
        elif line and line != "# EOF":
            said += sample_problems(number, line, seen, described, current, openmetrics)
    return said


def sample_problems(number, line, seen, described, current, openmetrics):
    found = SAMPLE.match(line)
    if not found:
        return [f"{number}: not a sample: {line!r}"]
    name, labels, value = found.group(1), found.group(3) or "", found.group(4)
    said = []
    pairs = labels_of(labels)
    if pairs is None:
        said.append(f"{number}: labels: {labels!r}")
    elif len({key for key, _ in pairs}) != len(pairs):
        said.append(f"{number}: a label twice: {labels!r}")
    if (name, tuple(sorted(pairs or []))) in seen:
        said.append(f"{number}: twice: {line!r}")
    seen.add((name, tuple(sorted(pairs or []))))
    if not NUMBER.match(value):
        said.append(f"{number}: not a finite number: {line!r}")
    kind = described.get(("TYPE", current))
    family = name[:-len("_total")] if openmetrics and kind == "counter" else name
    if family != current or ("HELP", current) not in described or kind is None:
        said.append(f"{number}: {name} is not described before")
    if kind == "counter" and (not name.endswith("_total") or value.startswith("-")):
        said.append(f"{number}: a counter that is not one: {line!r}")
    if any(unit in name + "_" for unit in UNITS):
        said.append(f"{number}: a unit nobody should use: {name}")
    return said


def values(text):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for _, line, found in samples(text) if found}


def fell(before, after):
    old, new = values(before), values(after)
    return [key for key in new if key.split("{")[0].endswith("_total") and key in old and new[key] < old[key]]
