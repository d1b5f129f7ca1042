#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every fixture machine of tests/fixtures/linux, read by the program with --root: its NDJSON is byte for byte what stands in
tests/golden/linux, and a recording of it replays to the same bytes. tools/golden_linux writes the files anew."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

FIXTURES = os.path.join(tap.SOURCE, "tests", "fixtures", "linux")
GOLDEN = os.path.join(tap.SOURCE, "tests", "golden", "linux")
MACHINES = sorted(os.listdir(FIXTURES))
# Two machines show where each value came from: one that denies, one that has little.
EVIDENCE = {"intel-hybrid", "container"}
WRITE = os.environ.get("ACTOP_GOLDEN_WRITE") == "1"


def tree(machine):
    root = os.path.join(tap.tmp, machine)
    os.mkdir(root)
    subprocess.run(["python3", os.path.join(tap.SOURCE, "tests", "lib", "tree.py"), machine, root], check=True)
    return root


def options(machine):
    return ["--json", "--json-processes", "--process-limit", "5"] + (["--evidence"] if machine in EVIDENCE else [])


def difference(want, got):
    """The first thing that differs, as a sentence."""
    wanted, given = want.splitlines(), got.splitlines()
    if len(wanted) != len(given):
        return f"{len(given)} records, not {len(wanted)}"
    for number, (a, b) in enumerate(zip(wanted, given), 1):
        a, b = json.loads(a), json.loads(b)
        if list(a) != list(b):
            return f"record {number}: other keys or another order: {sorted(set(a) ^ set(b))}"
        for key in a:
            if a[key] != b[key]:
                return f"record {number}: {key} was {json.dumps(a[key])[:300]} and is {json.dumps(b[key])[:300]}"
    return "the same values in other bytes"


@tap.case("a fixture machine gives its golden NDJSON", *[(m, m) for m in MACHINES])
def _(machine):
    ran = tap.actop("--root", tree(machine), "--interval", "0.1", *options(machine))
    assert ran.returncode == 0, ran.stderr
    path = os.path.join(GOLDEN, machine + ".ndjson")
    if WRITE:
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(ran.stdout)
    with open(path, encoding="utf-8") as golden:
        want = golden.read()
    assert ran.stdout == want, difference(want, ran.stdout)
    assert want.count("\n") >= 1


@tap.case("a recorded fixture machine replays to the same bytes", *[(m, m) for m in MACHINES])
def _(machine):
    file = os.path.join(tap.tmp, "recording")
    live = tap.actop("--root", tree(machine), "--interval", "0.1", "--record", file, *options(machine))
    assert live.returncode == 0, live.stderr
    again = tap.actop("--source", "replay:" + file, *options(machine))
    assert again.returncode == 0, again.stderr
    assert again.stdout == live.stdout, difference(live.stdout, again.stdout)


tap.main()
