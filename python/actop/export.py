# SPDX-License-Identifier: MIT
"""Snapshots as text."""
import json
from dataclasses import asdict


def snapshot_to_json(snapshot, frame=None):
    """One line of JSON with the snapshot's fields in order, as the Python actop wrote it; with an AlertFrame, its verdicts
    after them. Evidence, and the record the C core writes, come from `actop --json`."""
    record = asdict(snapshot)
    if frame is not None:
        record.update({
            "alert_thermal": frame.thermal_alert, "alert_cpu_throttle": frame.cpu_throttle,
            "alert_gpu_throttle": frame.gpu_throttle, "alert_mem_bound": frame.bw_alert,
            "alert_package_power": frame.pkg_alert, "alert_swap_rise": frame.swap_alert,
            "alert_swap_rise_gib": frame.swap_rise_gib, "session_energy_j": frame.session_energy_j,
            "effective_max_bw_gbps": frame.effective_max_bw, "effective_max_package_w": frame.effective_max_package_w,
        })
    return json.dumps(record, separators=(",", ":"))
