# SPDX-License-Identifier: MIT
"""AlertEngine against the formulas of the contract, written down here once more, over many drawn snapshots."""
import dataclasses
import json
import random
from collections import deque

import pytest

from actop.analytics import (AlertEngine, AlertFrame, attribute_power, bandwidth_percent, clamp_percent,
                             domain_throttling, io_rate_percent)
from actop.export import snapshot_to_json
from actop.models import SystemSnapshot

GIB = 1024**3
OPTIONS = {"bw_sat_percent": 85, "pkg_power_percent": 85, "throttle_freq_percent": 90, "swap_rise_gib": 0.3,
           "sustain_samples": 3, "max_total_bw": 120.0, "package_ref_w": 58.0}
QUIET = {"timestamp": 1000.0, "cpu_watts": 1.0, "gpu_watts": 1.0, "ane_watts": 0.0, "package_watts": 2.0, "ecpu_util_pct": 1.0,
         "pcpu_util_pct": 1.0, "gpu_util_pct": 1.0, "cpu_temp_c": 40.0, "gpu_temp_c": 40.0, "ecpu_freq_mhz": 1000,
         "pcpu_freq_mhz": 2000, "gpu_freq_mhz": 400, "thermal_state": "Nominal", "bandwidth_gbps": 3.0,
         "bandwidth_available": True, "pcpu_max_freq_mhz": 4000, "gpu_max_freq_mhz": 1500, "swap_total_bytes": 4 * GIB}


def snap(**values):
    return SystemSnapshot(**{**QUIET, **values})


class Model:
    """The contract's formulas."""

    def __init__(self, o):
        self.o = o
        self.bw, self.pkg = o["max_total_bw"], o["package_ref_w"]
        self.held = {"bw": 0, "pkg": 0, "cpu": 0, "gpu": 0}
        self.swap = deque(maxlen=max(2, o["sustain_samples"] + 1))
        self.joules, self.last = 0.0, None

    def hold(self, which, condition):
        self.held[which] = self.held[which] + 1 if condition else 0
        return self.held[which] >= self.o["sustain_samples"]

    def throttled(self, s, util, freq, top, temp):
        hot = s.thermal_state not in ("Nominal", "Unknown") or temp >= 90
        return top > 0 and util >= 80 and freq < self.o["throttle_freq_percent"] / 100 * top and hot

    def feed(self, s):
        o = self.o
        self.bw = max(self.bw, s.bandwidth_gbps if s.bandwidth_available else 0)
        self.pkg = max(self.pkg, s.package_watts)
        self.swap.append(s.swap_used_bytes)
        rise = max(0, self.swap[-1] - self.swap[0])
        if self.last is not None:
            self.joules += s.package_watts * max(0, s.timestamp - self.last)
        self.last = s.timestamp
        return {
            "thermal_alert": s.thermal_state not in ("Nominal", "Unknown"),
            "cpu_throttle": self.hold("cpu", self.throttled(s, s.pcpu_util_pct, s.pcpu_freq_mhz, s.pcpu_max_freq_mhz,
                                                            s.cpu_temp_c)),
            "gpu_throttle": self.hold("gpu", self.throttled(s, s.gpu_util_pct, s.gpu_freq_mhz, s.gpu_max_freq_mhz,
                                                            s.gpu_temp_c)),
            "bw_alert": self.hold("bw", s.bandwidth_available and
                                  round(s.bandwidth_gbps / self.bw * 100) >= o["bw_sat_percent"]),
            "pkg_alert": self.hold("pkg", round(s.package_watts / self.pkg * 100) >= o["pkg_power_percent"]),
            "swap_alert": (s.swap_total_bytes >= 0.1 * GIB and len(self.swap) == o["sustain_samples"] + 1
                           and rise >= o["swap_rise_gib"] * GIB),
            "swap_rise_gib": rise / GIB, "session_energy_j": self.joules, "effective_max_bw": self.bw,
            "effective_max_package_w": self.pkg,
        }


@pytest.mark.parametrize("seed", range(20))
def test_verdicts_are_those_of_the_formulas(seed):
    draw = random.Random(seed)
    options = {**OPTIONS, "sustain_samples": draw.choice([1, 2, 3, 5]), "bw_sat_percent": draw.choice([50, 85, 86, 100]),
               "package_ref_w": draw.choice([1.0, 20.0, 58.0, 300.0])}
    engine, model, at, swap = AlertEngine(**options), Model(options), 1e9, GIB
    seen = set()
    for _ in range(300):
        at += draw.choice([1.0, 0.1, 0.0, 7.5])
        swap = max(0, swap + draw.choice([0, 0, int(0.2 * GIB), -int(0.1 * GIB)]))
        busy = draw.random() < 0.85
        s = snap(timestamp=at, package_watts=draw.choice([5.0, 60.0 if busy else 1.0, 70.5]),
                 bandwidth_gbps=draw.choice([1.0, 115.0 if busy else 2.0, 130.0]), bandwidth_available=draw.random() < 0.95,
                 pcpu_util_pct=draw.choice([95.0, 80.0, 79.0] if busy else [3.0]), pcpu_freq_mhz=draw.choice([3000, 3599, 3600]),
                 gpu_util_pct=99.0 if busy else 0.0, gpu_freq_mhz=draw.choice([900, 1400]), gpu_max_freq_mhz=draw.choice([1500, 1500, 0]),
                 cpu_temp_c=draw.choice([95.0, 90.0, 60.0]), gpu_temp_c=91.0,
                 thermal_state=draw.choice(["Nominal", "Fair", "Serious", "Unknown"]), swap_used_bytes=swap)
        got, want = dataclasses.asdict(engine.feed(s)), model.feed(s)
        exact = {k: v for k, v in want.items() if isinstance(v, bool)}
        assert {k: got[k] for k in exact} == exact
        assert {k: got[k] for k in want if k not in exact} == pytest.approx({k: v for k, v in want.items() if k not in exact}, rel=1e-6, abs=1e-6)
        seen |= {k for k, v in exact.items() if v}
    assert len(seen) >= 2  # the draw does raise alerts


def test_the_first_snapshot_has_no_energy_and_no_sustained_alert():
    frame = AlertEngine(**OPTIONS).feed(snap(package_watts=58.0, thermal_state="Fair"))
    assert frame == AlertFrame(True, False, False, False, False, False, 0.0, 0.0, 120.0, 58.0)


def test_a_snapshot_without_values_raises_no_alert():
    nothing = {f.name: None for f in dataclasses.fields(SystemSnapshot) if f.init and f.name != "timestamp"}
    engine = AlertEngine(**OPTIONS)
    for i in range(5):
        frame = engine.feed(SystemSnapshot(timestamp=float(i), **nothing))
    assert not any(v for k, v in dataclasses.asdict(frame).items() if isinstance(v, bool))
    assert frame.session_energy_j == 0


def test_time_that_goes_back_adds_nothing():
    engine = AlertEngine(**OPTIONS)
    for at, joules in ((10.0, 0.0), (12.0, 4.0), (11.0, 4.0)):
        assert engine.feed(snap(timestamp=at)).session_energy_j == pytest.approx(joules)


def test_the_small_formulas():
    assert [clamp_percent(x) for x in (-1, 0.5, 1.5, 2.5, 99.9, 120)] == [0, 0, 2, 2, 100, 100]
    assert attribute_power(0.5, None, 10.0, 4.0) == 5.0 and attribute_power(0.5, 0.25, 10.0, 4.0) == 6.0
    assert domain_throttling(80, 3599, 4000, 20, "Fair", freq_percent=90)
    assert not domain_throttling(80, 3600, 4000, 95, "Fair", freq_percent=90)
    assert not domain_throttling(99, 100, 0, 95, "Fair", freq_percent=90)
    assert bandwidth_percent(snap(), 6.0) == 50 and bandwidth_percent(snap(bandwidth_available=False), 6.0) == 0
    assert io_rate_percent(500_000, 0, 1e6) == 50 and io_rate_percent(1e6, 8e6, 1e6) == 10


def test_a_snapshot_as_json_has_the_fields_in_order_and_the_verdicts_after():
    s = snap()
    line = snapshot_to_json(s, AlertEngine(**OPTIONS).feed(s))
    record = json.loads(line)
    names = [f.name for f in dataclasses.fields(SystemSnapshot)]
    assert list(record)[: len(names)] == names and list(record)[len(names)] == "alert_thermal"
    assert record["gpu_watts"] == 1.0 and "\n" not in line and ", " not in line
