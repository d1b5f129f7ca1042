# SPDX-License-Identifier: MIT
"""Simulated machines for people: every output that names its source says that it is simulated, every load script runs on every
kind of machine and shows in the figures, and a real machine is not called simulated."""
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

MACHINE = "sim:m4-pro+compile"


def served(path):
    """What a server of the simulated machine answers once it has a sample."""
    server = subprocess.Popen([tap.ACTOP, "--source", MACHINE, "--serve", "0", "--interval", "0.2"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        base = re.search(r"http://\S+?:\d+", server.stderr.readline()).group(0)
        for _ in range(100):
            try:
                urllib.request.urlopen(base + "/api/v1/sample", timeout=5).close()
                with urllib.request.urlopen(base + path, timeout=5) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as e:  # no sample yet
                assert e.code == 503, e
                e.close()
                time.sleep(0.1)
        raise AssertionError("no sample")
    finally:
        server.kill()
        server.communicate()


@tap.case("an output that names the source says simulated:",
          ("the report", lambda: tap.actop("--source", MACHINE).stdout),
          ("a stream", lambda: tap.actop("--source", MACHINE, "--json", "--samples", "1").stdout),
          ("info", lambda: tap.actop("info", "--source", MACHINE).stdout),
          ("doctor", lambda: tap.actop("doctor", "--source", MACHINE).stdout),
          ("demo", lambda: tap.actop("demo", "m4-pro+compile").stdout),
          ("/metrics", lambda: served("/metrics")),
          ("/api/v1/info", lambda: served("/api/v1/info")),
          ("/api/v1/sample", lambda: served("/api/v1/sample")))
def _(output):
    text = output()
    named = [line for line in text.splitlines() if MACHINE in line]
    assert named, text[:300]
    # In the same line, or in the one below it, where the report names the machine.
    at = text.index(named[0])
    assert "simulated" in "\n".join(text[at:].splitlines()[:2]) or re.search(r"^host +simulated$", text, re.M), named[0][:300]


@tap.case("the live page says simulated")
def _():
    assert "simulated" in served("/")


@tap.case("this machine is not called simulated")
def _():
    ended = tap.actop("--json", "--samples", "1", "--interval", "0.2")
    record = json.loads(ended.stdout) if ended.returncode == 0 else tap.skip("nothing can be read here")
    assert record["host"] != "simulated" and not record["source"].startswith("sim:"), record["source"]


def records(machine, script, n=12):
    ended = tap.actop("--source", f"sim:{machine}+{script}", "--speed", "max", "--json", "--samples", str(n), timeout=60)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def most(rows, key):
    return max(row[key] if row[key] is not None else 0 for row in rows)


def mean(rows, key):
    values = [row[key] for row in rows if row[key] is not None]
    return sum(values) / len(values) if values else 0


# What each script does that idling does not, on machines whose counters tell it.
SHOWS = {
    "idle": lambda r, idle: most(r, "pcpu_util_pct") < 15 and most(r, "gpu_util_pct") < 15,
    "compile": lambda r, idle: mean(r, "pcpu_util_pct") > mean(idle, "pcpu_util_pct") + 20 and mean(r, "disk_write_bps") > 0,
    "llm": lambda r, idle: mean(r, "gpu_util_pct") > mean(idle, "gpu_util_pct") + 20,
    "export": lambda r, idle: mean(r, "package_watts") > mean(idle, "package_watts") and mean(r, "gpu_util_pct") > mean(idle, "gpu_util_pct"),
    "throttle": lambda r, idle: {row["thermal_state"] for row in r} != {"Nominal"},
    "sleep": lambda r, idle: r[-1]["gaps"] > 0 and idle[-1]["gaps"] == 0,
}


@tap.case("a load shows on", *[(f"{m}: {script}", m, script) for m in ("m1", "m3-ultra", "m4-max", "m5-max", "m6", "odd") for script in SHOWS])
def _(machine, script):
    rows, idle = records(machine, script), records(machine, "idle")
    assert SHOWS[script](rows, idle), [{k: row[k] for k in ("pcpu_util_pct", "gpu_util_pct", "package_watts", "thermal_state", "gaps")} for row in rows]


@tap.case("a model's prefill draws the processors, its decode the memory")
def _():
    rows = records("m4-max", "llm", 40)
    gpu = [row["gpu_watts"] for row in rows if row["gpu_watts"] is not None]
    memory = [row["bandwidth_gbps"] for row in rows if row["bandwidth_gbps"] is not None]
    assert max(gpu) > 1.3 * min(gpu) and max(memory) > 1.3 * min(memory), (gpu, memory)
    prefill, decode = max(rows, key=lambda r: r["gpu_watts"] or 0), max(rows, key=lambda r: r["bandwidth_gbps"] or 0)
    assert prefill["bandwidth_gbps"] < decode["bandwidth_gbps"] and decode["gpu_watts"] < prefill["gpu_watts"], (prefill, decode)


tap.main()
