# SPDX-License-Identifier: MIT
"""Verdicts over snapshots, by the C core's analysis: alerts, session energy and ceilings that ratchet; and the
Python actop's small formulas. docs/analysis.md has them all."""
import math
from dataclasses import dataclass

from actop import _actop

GIB = 1024**3
NET_RATE_FLOOR_BPS = 1_000_000.0
DISK_RATE_FLOOR_BPS = 10_000_000.0
_STATES = {"Nominal": 0, "Fair": 1, "Serious": 2, "Critical": 3}


def clamp_percent(value):
    """Whole percent from 0 to 100, halves to even."""
    return max(0, min(100, round(value)))


def attribute_power(share_cpu, share_gpu, cpu_watts, gpu_watts):
    """Watts of a process from its shares of CPU and GPU time; a share that is None counts as 0."""
    return (share_cpu or 0.0) * cpu_watts + (share_gpu or 0.0) * gpu_watts


def domain_throttling(util, freq, max_freq, temp, thermal_state, *, freq_percent, util_gate=80.0, temp_gate=90.0):
    """Is a domain busy (util percent), below freq_percent of its highest frequency, and hot?"""
    if max_freq <= 0:
        return False
    hot = thermal_state not in ("Nominal", "Unknown") or temp >= temp_gate
    return util >= util_gate and freq < freq_percent / 100 * max_freq and hot


def bandwidth_percent(snapshot, max_total_bw):
    """Memory bandwidth as whole percent of a ceiling in GB/s; 0 when it is not known."""
    return clamp_percent(snapshot.bandwidth_gbps / max(max_total_bw, 1.0) * 100) if snapshot.bandwidth_available else 0


def package_power_percent(snapshot, package_ref_w):
    """Package power as whole percent of a ceiling in watts."""
    return clamp_percent((snapshot.package_watts or 0.0) / max(package_ref_w, 1.0) * 100)


def io_rate_percent(rate_bps, peak_bps, floor_bps, auto_multiplier=1.25):
    """A byte rate as whole percent of 1.25 times the rolling peak, but at least of the floor."""
    full = max(float(floor_bps), float(peak_bps or 0.0) * auto_multiplier)
    return clamp_percent(float(rate_bps or 0.0) / full * 100) if full > 0 else 0


@dataclass(frozen=True)
class AlertFrame:
    """Verdicts of one snapshot. Alerts are True once their condition held for sustain_samples snapshots; joules are since
    the first; ceilings are GB/s and W."""

    thermal_alert: bool
    cpu_throttle: bool
    gpu_throttle: bool
    bw_alert: bool
    pkg_alert: bool
    swap_alert: bool
    swap_rise_gib: float
    session_energy_j: float
    effective_max_bw: float
    effective_max_package_w: float


_FRAME = (  # AlertFrame's fields: metric, what it is divided by (None: a verdict)
    ("alert.thermal", None), ("alert.cpu_throttle", None), ("alert.gpu_throttle", None), ("alert.mem_bound", None),
    ("alert.package_power", None), ("alert.swap_rise", None), ("alert.swap_rise_size", GIB), ("session.energy", 1.0),
    ("effective.max_bandwidth", 1e9), ("effective.max_package", 1.0),
)
_VALUES = (  # what is judged: snapshot's field, metric, row, times
    ("package_watts", "package.power", 0, 1.0),
    ("pcpu_util_pct", "tier.util", 1, 0.01), ("pcpu_freq_mhz", "tier.freq", 1, 1e6),
    ("pcpu_max_freq_mhz", "tier.max_freq", 1, 1e6), ("cpu_temp_c", "cpu.temp", 0, 1.0),
    ("gpu_util_pct", "gpu.util", 0, 0.01), ("gpu_freq_mhz", "gpu.freq", 0, 1e6),
    ("gpu_max_freq_mhz", "gpu.max_freq", 0, 1e6), ("gpu_temp_c", "gpu.temp", 0, 1.0),
    ("swap_used_bytes", "swap.used", 0, 1), ("swap_total_bytes", "swap.total", 0, 1),
)


def _rounded_up_to(percent):
    """The ratio from which on a rounded percent is at least this one: half below it, if halves go there."""
    half = (percent - 0.5) / 100
    goes_up = float(percent).is_integer() and int(percent) % 2 == 0
    if not float(percent).is_integer():
        return (math.ceil(percent) - 0.5) / 100
    return max(0.0, half if goes_up else math.nextafter(half, math.inf))


class AlertEngine:
    """Feeds snapshots to the C core's analysis, one after the other.

    bw_sat_percent, pkg_power_percent  percent of the ceilings at which MEM-BOUND and PKG stand
    throttle_freq_percent              percent of the highest frequency below which a busy, hot domain is throttled
    swap_rise_gib                      rise of swap over the sustain window
    sustain_samples                    snapshots a condition must hold
    max_total_bw, package_ref_w        ceilings to begin with, GB/s and W; they rise to what is seen"""

    def __init__(self, *, bw_sat_percent, pkg_power_percent, throttle_freq_percent, swap_rise_gib, sustain_samples,
                 max_total_bw, package_ref_w):
        self._feed = _actop.Feed(_rounded_up_to(bw_sat_percent), _rounded_up_to(pkg_power_percent),
                                 throttle_freq_percent / 100, swap_rise_gib * GIB, max(1, int(sustain_samples)))
        self._references = (("bandwidth.peak", 0, max_total_bw * 1e9), ("reference.cpu_power", 0, float(package_ref_w)),
                            ("reference.gpu_power", 0, 0.0), ("reference.ane_power", 0, 0.0))
        self._at_ns = 0

    def feed(self, snapshot):
        """The AlertFrame of the next snapshot. One whose timestamp went back counts as no time later."""
        feed = self._feed
        for reference in self._references:
            feed.set(*reference)
        for name, metric, row, times in _VALUES:
            value = getattr(snapshot, name)
            if value is not None:
                feed.set(metric, row, value * times)
        if snapshot.bandwidth_available and snapshot.bandwidth_gbps is not None:
            feed.set("bandwidth.total", 0, snapshot.bandwidth_gbps * 1e9)
        if snapshot.thermal_state not in (None, "Unknown"):
            feed.set("thermal.state", 0, _STATES.get(snapshot.thermal_state, 3))
        self._at_ns = max(self._at_ns, round(snapshot.timestamp * 1e9))
        sample = feed.step(self._at_ns)
        values = [sample.read(metric)[0] for metric, _ in _FRAME]
        return AlertFrame(*((value or 0.0) > 0 if per is None else (value or 0.0) / per
                            for value, (_, per) in zip(values, _FRAME)))
