# SPDX-License-Identifier: MIT
"""Sections: energy by publications with its error, means, units, nesting, baselines."""
import json
import math
import threading
import time

import actop
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

actop_timeline = pytest.importorskip("actop._timeline")


class Rows:
    """A recorder made by hand: rows at moments, with a rail `x` published at stamps of its own."""

    def __init__(self, moments_ns, joules, ages_us, began_ns=0, watts=None):
        self.first, self.total = 0, len(moments_ns)
        self.began = (0, began_ns, began_ns)
        self._columns = {"awake_ns": moments_ns, "received_ns": moments_ns, "energy_j.x": joules, "energy_age_us.x": ages_us,
                         "package_watts": watts or [math.nan] * len(moments_ns)}

    def columns(self):
        return [(name, "float64") for name in self._columns]

    def doubles(self, name, start=0, stop=None):
        import array

        return bytearray(array.array("d", self._columns[name][start:stop]))

    def latest(self):
        return None


S = 1_000_000_000


def published_every(period_ns, watts, rows=100, step_ns=S // 10):
    """A rail of constant power, published every period: rows of it and the truth."""
    moments = [(i + 1) * step_ns for i in range(rows)]
    stamps = [t // period_ns * period_ns for t in moments]
    return Rows(moments, [watts * s / 1e9 for s in stamps], [(t - s) // 1000 for t, s in zip(moments, stamps)])


def test_energy_between_publications_is_spread_evenly_and_its_error_holds_the_truth():
    timeline = actop_timeline.Timeline(published_every(2 * S, 10))
    joules = timeline.energy("x", 1 * S, 5 * S)
    assert joules.value == pytest.approx(40)
    assert joules.error == pytest.approx(20)  # half a publication's growth at either end
    exact = timeline.energy("x", 2 * S, 6 * S)
    assert exact.value == pytest.approx(40) and exact.error == pytest.approx(0)


def test_a_section_inside_one_publication_may_be_anything_up_to_it():
    timeline = actop_timeline.Timeline(published_every(4 * S, 10))
    joules = timeline.energy("x", 4.5 * S, 5.5 * S)
    assert joules.value == pytest.approx(10)
    assert joules.value + joules.error >= 40 or joules.error == pytest.approx(30)


def test_what_is_not_published_yet_is_continued_with_an_error_as_large():
    timeline = actop_timeline.Timeline(published_every(2 * S, 10, rows=31))  # the last publication was at 2 s, rows go to 3.1 s
    joules = timeline.energy("x", 2 * S, 3 * S)
    assert joules.value == pytest.approx(10) and joules.error == pytest.approx(10)


@settings(max_examples=200, deadline=None)
@given(period=st.integers(S // 20, 5 * S), step=st.integers(S // 50, S), cuts=st.lists(st.floats(0, 1), max_size=8),
       watts=st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_stretches_add_up_to_the_whole_and_hold_the_truth(period, step, cuts, watts):
    def truth(t):  # J at t: one power a publication
        whole = int(t // period)
        part = (t - whole * period) / 1e9
        return sum(watts[i % len(watts)] * period / 1e9 for i in range(whole)) + watts[whole % len(watts)] * part

    moments = [(i + 1) * step for i in range(60)]
    stamps = [t // period * period for t in moments]
    rows = Rows(moments, [truth(s) for s in stamps], [(t - s) / 1000 for t, s in zip(moments, stamps)])
    timeline = actop_timeline.Timeline(rows)
    end = moments[-1]
    edges = sorted({0, end, *(int(c * end) for c in cuts)})
    parts = [timeline.energy("x", a, b) for a, b in zip(edges, edges[1:])]
    whole = timeline.energy("x", 0, end)
    assert sum(p.value for p in parts) == pytest.approx(whole.value, rel=1e-9, abs=1e-9)
    for (a, b), p in zip(zip(edges, edges[1:]), parts):
        assert p.value >= 0
        if b <= stamps[-1]:  # all of it was published
            assert abs(truth(b) - truth(a) - p.value) <= p.error + 1e-6


def test_means_are_by_time_and_peaks_are_the_highest():
    rows = Rows([1 * S, 3 * S, 4 * S], [math.nan] * 3, [math.nan] * 3, watts=[10.0, 20.0, 40.0])
    timeline = actop_timeline.Timeline(rows)
    assert timeline.mean("package_watts", 0, 4 * S) == pytest.approx((10 + 2 * 20 + 40) / 4)
    assert timeline.mean("package_watts", 2 * S, int(3.5 * S)) == pytest.approx((20 + 0.5 * 40) / 1.5)
    assert timeline.peak("package_watts", 0, 3 * S) == 20
    assert timeline.mean("package_watts", 10 * S, 11 * S) is None
    assert timeline.energy("x", 0, S) is None
    with pytest.raises(KeyError):
        timeline.mean("nothing", 0, S)


@pytest.fixture(scope="module")
def profile():
    p = actop.Profiler(0.05, source="sim:m4-max+llm")
    with p:
        time.sleep(0.15)
        with p.section("prefill") as outer:
            time.sleep(0.4)
            outer.add(tokens=512)
            with p.section("inner"):
                time.sleep(0.3)
        with p.section("decode") as decode:
            time.sleep(0.4)
            decode.add(tokens=64).add(tokens=64, batches=1)
    return p


def test_sections_nest_and_count_work(profile):
    assert [(s.name, s.depth) for s in profile.sections] == [("prefill", 0), ("inner", 1), ("decode", 0)]
    prefill, inner, decode = profile.sections
    assert decode.units == {"tokens": 128, "batches": 1}
    assert 0.69 <= prefill.duration_s <= 2 and inner.duration_s < prefill.duration_s
    assert prefill.package_j > inner.package_j > 0
    assert prefill.joules_per("tokens") == pytest.approx(prefill.package_j / 512)
    assert prefill.per_second("tokens") == pytest.approx(512 / prefill.duration_s)
    assert prefill.joules_per("pages") is None and prefill.per_second("pages") is None
    assert set(prefill.energy_j) == set(prefill.energy_error_j) and prefill.energy_error_j["package"] > 0


def test_the_package_is_the_sum_of_its_rails(profile):
    joules = profile.whole().energy_j
    assert joules["package"] == pytest.approx(joules["cpu"] + joules["gpu"] + joules["ane"])


def test_a_section_knows_power_bandwidth_and_clocks(profile):
    decode = profile.sections[-1]
    assert 50 < decode.mean_watts < 120 and decode.peak_watts > 50
    assert decode.bandwidth_gbps > 100 and decode.mean("gpu_freq_mhz") > 1000
    assert decode.throttled_s == 0
    assert json.loads(json.dumps(decode.as_dict()))["name"] == "decode"


def test_threads_have_stacks_of_their_own(profile):
    depths = []
    p = actop.Profiler(0.05, source="sim:m1")
    with p, p.section("outside"):
        thread = threading.Thread(target=lambda: depths.append(p.section("inside").depth))
        thread.start()
        thread.join()
    assert depths == [0]


def test_a_section_that_raises_ends_and_lets_it_through():
    p = actop.Profiler(0.05, source="sim:m1")
    with p, pytest.raises(ZeroDivisionError), p.section("bad"):
        1 / 0
    assert p.sections[0].ended_ns is not None


def test_a_baseline_is_taken_off_and_said():
    p = actop.Profiler(0.05, source="sim:m1+idle", idle=2.5)
    with p, p.section("work"):
        time.sleep(1.0)
    assert p.baseline_watts["gpu"] > 0
    section = p.sections[0]
    assert abs(section.energy_j["gpu"]) < p.baseline_watts["gpu"] * section.duration_s / 2 + section.energy_error_j["gpu"]
    assert "less the idle draw" in p.report()
    assert p.whole().duration_s < 2.0


def test_the_profiled_process_and_its_children_have_energy_of_their_own():
    p = actop.Profiler(0.1, source="sim:m4-max+llm", pid=1020)
    with p, p.section("work"):
        time.sleep(0.5)
    own = p.sections[0].processes_j
    assert 0 < own < p.sections[0].package_j * 1.5
    q = actop.Profiler(0.1, source="sim:m4-max+llm")
    with q, q.section("work"):
        time.sleep(0.2)
    assert q.sections[0].processes_j is None


def test_between_cuts_a_recording(tmp_path):
    path = tmp_path / "r.actop"
    session = actop._actop.Session("sim:m1", 1.0, 1, False, 0, speed=0.0)
    session.record(str(path))
    for _ in range(60):
        session.sample()
    session.record_stop()
    session.close()
    p = actop.read_recording(path)
    assert len(p) == 59
    whole = p.whole()
    assert whole.duration_s == pytest.approx(59)
    halves = p.between(0, 30), p.between(30, 59)
    assert sum(h.package_j for h in halves) == pytest.approx(whole.package_j)
    assert halves[0].mean("package_watts") > 0
    with pytest.raises(ValueError):
        p.between(2, 1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "r.actop"
    session = actop._actop.Session("sim:m4-max+llm", 0.5, 1, False, 0, speed=0.0)
    session.record(str(path))
    for _ in range(200):
        session.sample()
    session.record_stop()
    session.close()
    return actop.read_recording(path)


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.floats(0, 1), max_size=6))
def test_sections_and_gaps_of_a_recording_add_up_to_the_whole(recording, cuts):
    whole = recording.whole()
    edges = sorted({0.0, whole.duration_s, *(c * whole.duration_s for c in cuts)})
    parts = [recording.between(a, b).energy_j for a, b in zip(edges, edges[1:])]
    for rail, joules in whole.energy_j.items():
        assert sum(p[rail] for p in parts) == pytest.approx(joules, rel=1e-6, abs=1e-6), rail


def test_without_samples_there_is_nothing_to_say():
    p = actop.Profiler(1, source="sim:m1")
    assert p.sections == [] and p.report() == "no samples" and "no samples" in p._repr_html_()


def test_a_machine_without_counters_says_so():
    p = actop.Profiler(0.05, source="none")
    with p, p.section("x"):
        time.sleep(0.2)
    if len(p):
        assert "No energy counter" in p.report()
    assert p.sections[0].package_j is None and p.sections[0].joules_per("tokens") is None
