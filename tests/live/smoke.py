# SPDX-License-Identifier: MIT
"""Live smoke test: on a real machine, whatever it is, every number of the stream is inside its bounds or null.

    ACTOP=build/test/actop python3 tests/live/smoke.py                    any machine, no privilege
    ACTOP=build/test/actop python3 tests/live/smoke.py --powermetrics     a Mac; beside `sudo -n powermetrics`

Bounds only: what a machine lacks (CI runs in virtual machines) is null and passes. ACTOP_LIVE_SOURCE chooses the source
(auto). With --powermetrics the two watch the same four seconds of a busy loop; power may differ by a third or a watt,
because their windows are not the same; where sudo asks for a password or powermetrics has no such figure that case is
skipped.
"""
import json
import os
import plistlib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import tap

SOURCE = os.environ.get("ACTOP_LIVE_SOURCE", "auto")
SECONDS = 4

BOUNDS = {
    "cpu_watts": (0, 400), "gpu_watts": (0, 600), "ane_watts": (0, 60), "package_watts": (0, 1000), "dram_watts": (0, 100),
    "system_watts": (0, 1500), "adapter_watts": (0, 1500), "battery_watts": (-500, 500), "bandwidth_gbps": (0, 3000),
    "ecpu_util_pct": (0, 100), "pcpu_util_pct": (0, 100), "gpu_util_pct": (0, 100), "cpu_util_pct": (0, 100),
    "cpu_temp_c": (15, 125), "gpu_temp_c": (15, 125), "ecpu_freq_mhz": (0, 8000), "pcpu_freq_mhz": (0, 8000),
    "gpu_freq_mhz": (0, 5000), "ecpu_max_freq_mhz": (300, 8000), "pcpu_max_freq_mhz": (300, 8000),
    "gpu_max_freq_mhz": (100, 5000), "ram_used_percent": (0, 100), "ane_util_pct": (0, 100),
}
records = []


@tap.case("the stream runs and every line is an object")
def _():
    done = tap.actop("--source", SOURCE, "--json", "--json-processes", "--samples", "3", "--interval", "1", timeout=60)
    assert done.returncode == 0, done.stderr
    records.extend(json.loads(line) for line in done.stdout.splitlines())
    assert len(records) == 3, done.stdout


@tap.case("inside its bounds or null", *((key, key, *bounds) for key, bounds in BOUNDS.items()))
def _(key, low, high):
    for record in records:
        assert record[key] is None or low <= record[key] <= high, record[key]


@tap.case("residencies add up to 100, or are null")
def _():
    for record in records:
        for key in ("ecpu_residency_pct", "pcpu_residency_pct", "gpu_residency_pct"):
            assert record[key] is None or sum(record[key].values()) == 100, (key, record[key])


@tap.case("memory in use is less than there is")
def _():
    for record in records:
        assert 0 < record["ram_used_bytes"] < record["ram_total_bytes"], record["ram_total_bytes"]


@tap.case("this process is in the table, with what it takes")
def _():
    if os.environ.get("ACTOP_APPLE_ROOT"):
        tap.skip("a fake's processes are not this machine's")
    done = tap.actop("--source", SOURCE, "--json", "--proc-filter", "python", "--process-limit", "1000", "--samples", "1",
                     "--interval", "0.5", timeout=60)
    assert done.returncode == 0, done.stderr
    mine = [p for p in json.loads(done.stdout.splitlines()[-1])["processes"] if p["pid"] == os.getpid()]
    assert len(mine) == 1 and mine[0]["rss_bytes"] > 1 << 20 and mine[0]["num_threads"] >= 1, mine


@tap.case("time goes on by the interval")
def _():
    for before, after in zip(records, records[1:]):
        assert 0.8 < after["timestamp"] - before["timestamp"] < 5


def mean(key):
    values = [r[key] for r in records if r.get(key) is not None]
    return sum(values) / len(values) if values else None


def beside_powermetrics():
    """Watts of both over the same seconds: {rail: (ours, theirs)}."""
    load = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        theirs = subprocess.Popen(["sudo", "-n", "powermetrics", "-n", "1", "-i", str(SECONDS * 1000), "--samplers",
                                   "cpu_power,gpu_power", "-f", "plist"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ours = tap.actop("--source", SOURCE, "--json", "--samples", str(SECONDS), "--interval", "1", timeout=60)
        out, why = theirs.communicate(timeout=60)
    finally:
        load.kill()
        load.wait()
    if theirs.returncode != 0:
        tap.skip("powermetrics: " + why.decode(errors="replace").strip().splitlines()[-1])
    figures = plistlib.loads(out.split(b"\0")[0]).get("processor", {})
    records[:] = [json.loads(line) for line in ours.stdout.splitlines()]
    return {rail: (mean(f"{rail}_watts"), figures.get(f"{rail}_power")) for rail in ("cpu", "gpu")}


if "--powermetrics" in sys.argv[1:]:
    @tap.case("powermetrics says much the same of the power")
    def _():
        compared = 0
        for rail, (ours, theirs) in beside_powermetrics().items():
            if ours is None or theirs is None:
                continue
            theirs /= 1000  # mW
            compared += 1
            assert abs(ours - theirs) <= max(1.0, theirs / 3), f"{rail}: {ours:.2f} W, powermetrics {theirs:.2f} W"
        if compared == 0:
            tap.skip("no rail that both know")


tap.main()
