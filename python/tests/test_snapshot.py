# SPDX-License-Identifier: MIT
"""What a snapshot is: the Python actop's fields, names, order, types and behaviour, and the keys of an NDJSON record."""
import copy
import dataclasses
import json
import pickle

import pytest

import actop
from actop.models import CoreSample, FanReading, ProcessSample, SystemSnapshot

# The Python actop 1.9's fields in order, as its documentation lists them.
SEED = """timestamp cpu_watts gpu_watts ane_watts package_watts ecpu_util_pct pcpu_util_pct gpu_util_pct cpu_temp_c gpu_temp_c
ecpu_freq_mhz pcpu_freq_mhz gpu_freq_mhz thermal_state bandwidth_gbps bandwidth_available ecpu_max_freq_mhz
pcpu_max_freq_mhz gpu_max_freq_mhz ram_used_percent ram_used_bytes ram_total_bytes swap_used_bytes swap_total_bytes
ane_util_pct gpu_device_pct gpu_renderer_pct gpu_tiler_pct gpu_perf_stats_available gpu_util_source fans fan_rpms
fan_available net_rx_bps net_tx_bps net_available disk_read_bps disk_write_bps disk_available e_cores p_cores processes
ecpu_residency_pct pcpu_residency_pct gpu_residency_pct""".split()
ALERTS = """alert_thermal alert_cpu_throttle alert_gpu_throttle alert_mem_bound alert_package_power alert_swap_rise
alert_swap_rise_gib session_energy_j effective_max_bw_gbps effective_max_package_w""".split()


@pytest.fixture(scope="module")
def snapshot():
    with actop.Monitor(2.5, source="sim:m4-max", include_processes=True, stop_event=Never()) as monitor:
        monitor.get_snapshot()
        snap = monitor.get_snapshot()
        snap.record = json.loads(monitor._sample.format("ndjson"))
    return snap


class Never:
    """A stop event that makes nobody wait."""

    def wait(self, seconds):
        return False


def test_the_fields_begin_with_those_of_the_python_actop_in_its_order():
    names = [f.name for f in dataclasses.fields(SystemSnapshot)]
    assert names[: len(SEED)] == SEED
    assert not set(names) & set(ALERTS)


def test_a_snapshot_has_the_values_of_the_ndjson_record(snapshot):
    made = {k: v for k, v in dataclasses.asdict(snapshot).items() if k != "processes"}
    record = {k: v for k, v in snapshot.record.items() if k not in ALERTS and k != "processes"}
    assert json.loads(json.dumps(made)) == record
    assert list(made) == list(record)


def test_a_snapshot_of_a_busy_chip_has_values(snapshot):
    assert snapshot.gpu_watts > 0 and snapshot.package_watts > 0
    assert snapshot.chip == "Apple M4 Max"
    assert len(snapshot.e_cores) == 4 and len(snapshot.p_cores) == 12
    assert sum(snapshot.gpu_residency_pct.values()) == 100
    assert snapshot.fans[0].max > 0 and snapshot.fan_rpms == [f.current for f in snapshot.fans]


@pytest.mark.parametrize("name, kind", [
    ("timestamp", float), ("gpu_watts", float), ("pcpu_util_pct", float), ("gpu_freq_mhz", int), ("thermal_state", str),
    ("bandwidth_available", bool), ("ram_used_percent", float), ("ram_used_bytes", int), ("gpu_util_source", str),
    ("fans", list), ("fan_available", bool), ("e_cores", list), ("processes", list), ("gpu_residency_pct", dict),
])
def test_types_are_those_of_the_python_actop(snapshot, name, kind):
    assert type(getattr(snapshot, name)) is kind


def test_elements_of_lists_have_their_classes(snapshot):
    assert type(snapshot.e_cores[0]) is CoreSample and type(snapshot.fans[0]) is FanReading
    assert type(snapshot.processes[0]) is ProcessSample
    assert [f.name for f in dataclasses.fields(ProcessSample)] == [
        "pid", "command", "cpu_percent", "cpu_time_share", "gpu_time_share", "num_threads", "attributed_w", "rss_bytes"]
    assert ProcessSample(1, "a", None, None, None, 1, None).rss_bytes == 0
    assert FanReading(1.0) == (1.0, None)


def test_a_snapshot_is_a_real_dataclass(snapshot):
    assert dataclasses.is_dataclass(snapshot)
    assert repr(snapshot).startswith("SystemSnapshot(timestamp=")
    same = dataclasses.replace(snapshot)
    assert same == snapshot and same is not snapshot
    same.cpu_watts = 1.0
    assert same != snapshot


def test_a_snapshot_can_be_pickled_and_copied_with_its_evidence(snapshot):
    for other in (pickle.loads(pickle.dumps(snapshot)), copy.deepcopy(snapshot), copy.copy(snapshot)):
        assert other == snapshot
        assert other.evidence["gpu_watts"] == snapshot.evidence["gpu_watts"]


def test_a_snapshot_made_by_hand_has_the_python_actops_defaults():
    required = {name: 1.0 for name in SEED[: SEED.index("bandwidth_available") + 1]}
    made = SystemSnapshot(**required)
    assert (made.ecpu_max_freq_mhz, made.fans, made.fan_available, made.e_cores, made.processes) == (0, [], False, [], [])
    assert made.gpu_residency_pct == {"idle": 0, "low": 0, "mid": 0, "high": 0}
    assert made.sensors == [] and made.dram_watts is None
    with pytest.raises(TypeError):
        SystemSnapshot()


def test_evidence_says_where_a_value_came_from_and_why_one_is_missing(snapshot):
    reading = snapshot.evidence["gpu_watts"]
    assert reading.source == "ioreport/Energy Model" and reading.kind == "measured" and reading.state in ("ok", "stale")
    assert reading.age_ms >= 0
    with pytest.raises(KeyError):
        snapshot.evidence["e_cores"]
    with pytest.raises(KeyError):
        snapshot.evidence["nothing"]


def test_what_cannot_be_read_is_none(tmp_path):
    with actop.Monitor(0.001, source="linux", root=str(tmp_path)) as monitor:
        snap = monitor.get_snapshot()
    assert snap.cpu_watts is None and snap.ram_total_bytes is None and snap.e_cores == []
    assert snap.evidence["cpu_watts"].state == "unsupported"


def test_an_unknown_attribute_is_an_attribute_error(snapshot):
    with pytest.raises(AttributeError, match="'SystemSnapshot' object has no attribute 'gpu_wats'"):
        snapshot.gpu_wats


def test_any_metric_can_be_read_by_its_key(snapshot):
    assert snapshot.read("gpu.power") == snapshot.gpu_watts
    assert snapshot.read("cluster.util", "P0") is not None
    with pytest.raises(KeyError):
        snapshot.read("no.such")
