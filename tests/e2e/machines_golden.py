#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every simulated machine, read through the real decoder: its NDJSON is what stands in tests/golden/machines, key by key in order.

A golden file holds the tenth record under the load script `throttle`, in its own bytes but with a line for each key; of a list of
more than 12 rows the first 8 stand there and how many more there are. A line before them names the keys that are null in the
first record. Numbers may differ in the twelfth digit: another libc rounds exp() and pow() differently. tools/golden_machines writes the
files anew."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

GOLDEN = os.path.join(tap.SOURCE, "tests", "golden", "machines")
MACHINES = sorted(os.path.splitext(name)[0] for name in os.listdir(os.path.join(tap.SOURCE, "machines"))
                  if name.endswith(".txt") and name != "common.txt")
EVIDENCE = {"m1"}  # one machine shows where each value came from
WRITE = os.environ.get("ACTOP_GOLDEN_WRITE") == "1"
LONGEST, SHOWN = 12, 8


def records(machine):
    words = ["--json", "--interval", "1", "--samples", "10", "--speed", "max"]
    ran = tap.actop("--source", f"sim:{machine}+throttle", *words, *(["--evidence"] if machine in EVIDENCE else []))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def items(record):
    """The top-level keys of a record with the bytes of their values, in order."""
    decoder, at = json.JSONDecoder(), 1
    while record[at] != "}":
        key, at = decoder.raw_decode(record, at)
        value, end = decoder.raw_decode(record, at + 1)
        yield key, record[at + 1:end], value
        at = end + (record[end] == ",")


def shortened(raw, value):
    if not isinstance(value, list) or len(value) <= LONGEST:
        return raw
    rows, decoder, at = [], json.JSONDecoder(), 1
    for _ in range(SHOWN):
        _, end = decoder.raw_decode(raw, at)
        rows.append(raw[at:end])
        at = end + 1
    return "[" + ",".join(rows) + f',"and {len(value) - SHOWN} more"]'


def golden_of(machine):
    lines = records(machine)
    assert len(lines) == 10, f"{len(lines)} records"
    nulls = [key for key, _, value in items(lines[0]) if value is None]
    body = [f'"{key}":{shortened(raw, value)}' for key, raw, value in items(lines[9])]
    return '{"null in record 1":' + json.dumps(nulls) + ",\n" + ",\n".join(body) + "}\n"


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(b, (int, float)) and abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def difference(want, got):
    """The first thing that differs, as a sentence; None when only the last digits of numbers do."""
    a, b = json.loads(want), json.loads(got)
    if list(a) != list(b):
        return f"other keys or another order: {sorted(set(a) ^ set(b))}"
    for key in a:
        if not same(a[key], b[key]):
            return f"{key} was {json.dumps(a[key])[:300]} and is {json.dumps(b[key])[:300]}"
    return None


@tap.case("a simulated machine gives its golden NDJSON", *[(m, m) for m in MACHINES])
def _(machine):
    got, path = golden_of(machine), os.path.join(GOLDEN, machine + ".ndjson")
    if WRITE:
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(got)
    with open(path, encoding="utf-8") as golden:
        want = golden.read()
    why = None if want == got else difference(want, got)
    assert why is None, why


@tap.case("the same seed gives the same bytes", ("m5-max", "m5-max"), ("odd", "odd"))
def _(machine):
    assert records(machine) == records(machine)


tap.main()
