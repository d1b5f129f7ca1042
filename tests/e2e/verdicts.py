# SPDX-License-Identifier: MIT
"""What actop concludes of loads of known kind on every simulated chip: the whole program, from counters to the verdict."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

MACHINES = [name for name in tap.actop("demo", "--list").stdout.split() if name != "vm"]  # a virtual machine shows too little


def last(machine, load, seconds=6, *more):
    said = tap.actop("--source", f"sim:{machine}+{load}", "--interval", "1", "--json", "--samples", str(seconds), *more)
    assert said.returncode == 0, said
    return json.loads(said.stdout.splitlines()[-1])


@tap.case("on every chip the verdict is the load's", ("prefill of a language model", "prefill", "GPU", r"GPU \d+%, bandwidth \d+% of its ceiling"),
          ("decode of a language model", "decode", "memory bandwidth", r"bandwidth \d+% of its ceiling, GPU \d+%"),
          ("compiling", "compile", "CPU", r"CPU \d+%, busiest core \d+%"), ("idle", "idle", "idle", r"CPU \d+%, GPU \d+%"),
          ("too hot", "throttle", "heat", r"running at \d+% of the highest frequency, \d+ °C"))
def _(load, verdict, because):
    assert len(MACHINES) > 20, MACHINES
    for machine in MACHINES:
        record = last(machine, load)
        said = record["bottleneck"]
        if machine == "odd" and load == "decode":  # a chip nobody knows, and so how much it could move: then it is not told
            assert record["bandwidth_peak_bps"] is None and said["verdict"] == "none", said
            continue
        assert said["verdict"] == verdict and re.fullmatch(because, said["because"]), (machine, said)
        assert 0 < said["confidence"] <= 1, (machine, said)


@tap.case("what is throttled says so, with a reason and what it costs; what is idle or busy and well does not")
def _():
    for machine in MACHINES:
        hot = last(machine, "throttle")
        assert hot["throttle_cpu"] == 1 and hot["throttle_reason"] == "heat" and hot["alert_cpu_throttle"] and hot["alert_thermal"], machine
        assert hot["thermal_pressure"] == "Heavy" and hot["thermal_state"] == "Fair" and hot["thermal_level"] is not None, machine
        slow = hot["clusters"][-1]
        assert slow["realized_freq_mhz"] < 0.9 * slow["freq_mhz"], (machine, slow)
        for key in ("throttle_cpu_lost_ratio", "throttle_cpu_lost_session_ratio"):
            assert 0.1 < hot[key] < 0.5, (machine, key, hot[key])
        for load in ("idle", "compile"):
            well = last(machine, load)
            assert well["throttle_cpu"] == 0 and well["throttle_reason"] == "none" and well["throttle_cpu_lost_ratio"] < 0.05, (machine, load)
            assert not [key for key in well if key.startswith("alert_") and well[key] is True and key != "alert_package_power"], (machine, load)


@tap.case("the watts of processes, of those not visible and of nobody are the rails' to 1e-9, and none is negative")
def _():
    for machine in ("m1", "m4-max", "m5-max"):
        said = tap.actop("--source", f"sim:{machine}+tour", "--interval", "1", "--json", "--json-processes", "--samples", "60")
        records = [r for r in map(json.loads, said.stdout.splitlines()) if r["unattributed_power_w"] is not None]
        assert len(records) > 50, len(records)
        for r in records:
            shares = [p["attributed_w"] for p in r["processes"] if p["attributed_w"] is not None] + [r["unattributed_power_w"]]
            rails = (r["cpu_watts"] or 0) + (r["gpu_watts"] or 0)
            assert min(shares) >= 0 and abs(sum(shares) - rails) <= 1e-9 * max(rails, 1), (machine, r["seq"], sum(shares), rails)


tap.main()
