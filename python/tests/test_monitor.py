# SPDX-License-Identifier: MIT
"""Monitor: one snapshot at a time."""
import os
import re
import subprocess
import sys
import threading
import time

import pytest

import actop


def test_a_snapshot_takes_an_interval():
    with actop.Monitor(0.1) as monitor:
        before = time.monotonic()
        first = monitor.get_snapshot()
        second = monitor.get_snapshot()
        assert 0.2 <= time.monotonic() - before < 2
    assert second.timestamp - first.timestamp >= 0.09


def test_a_stop_event_ends_the_waiting():
    stop = threading.Event()
    stop.set()
    with actop.Monitor(60, stop_event=stop) as monitor:
        before = time.monotonic()
        assert monitor.get_snapshot().timestamp > 0
        assert time.monotonic() - before < 5


def test_manages_timing_with_subsamples():
    with actop.Monitor(0.1, 4) as monitor:
        assert monitor.manages_timing
        before = time.monotonic()
        monitor.get_snapshot()
        assert 0.09 <= time.monotonic() - before < 2
    with actop.Monitor(0.1) as monitor:
        assert not monitor.manages_timing


def test_a_simulation_is_paced_like_a_machine():
    with actop.Monitor(0.1, source="sim:m1") as monitor:
        before = time.monotonic()
        stamps = [monitor.get_snapshot().timestamp for _ in range(3)]
        assert 0.25 <= time.monotonic() - before < 2
    assert stamps[2] - stamps[0] == pytest.approx(0.2, abs=1e-6)


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()  # unmistakable"], stdin=subprocess.PIPE)
    yield process
    process.stdin.close()
    process.wait()


def test_processes_are_there_when_asked_for(child):
    with actop.Monitor(0.05, process_limit=0) as monitor:
        assert monitor.get_snapshot().processes == []
        pids = [p.pid for p in monitor.get_snapshot(include_processes=True).processes]
        assert os.getpid() in pids and child.pid in pids
        assert monitor.get_snapshot().processes == []


@pytest.mark.parametrize("pattern", ["unmistakable$", re.compile("UNMISTAKABLE", re.IGNORECASE), r"(?<=# )unmis\w+"])
def test_a_filter_has_pythons_semantics_and_shows_what_matched(child, pattern):
    with actop.Monitor(0.05, include_processes=True, process_filter=pattern) as monitor:
        found = monitor.get_snapshot().processes
        assert [p.pid for p in found] == [child.pid]
        assert found[0].command.endswith("# unmistakable")
        assert monitor.get_snapshot(process_filter="no such thing at all").processes == []
        assert len(monitor.get_snapshot(process_filter=None).processes) > 1


def test_a_bad_filter_is_pythons_own_error():
    with pytest.raises(re.error):
        actop.Monitor(1, include_processes=True, process_filter="(")


def test_the_limit_is_the_union_of_two_tops():
    with actop.Monitor(0.05, include_processes=True, process_limit=2) as monitor:
        found = monitor.get_snapshot().processes
    assert 2 <= len(found) <= 4
    assert [p.cpu_percent or 0 for p in found] == sorted((p.cpu_percent or 0 for p in found), reverse=True)


@pytest.mark.parametrize("source, error", [
    ("replay:/nonexistent", actop.ActopError), ("sim:no-such-chip", (actop.ActopError, ValueError)), ("nonsense", ValueError),
])
def test_a_source_that_cannot_be_opened_says_why(source, error):
    with pytest.raises(error) as told:
        actop.Monitor(source=source)
    assert len(str(told.value)) > 10


def test_a_closed_monitor_says_so():
    monitor = actop.Monitor(0.05)
    monitor.close()
    monitor.close()
    with pytest.raises(ValueError, match="closed"):
        monitor.get_snapshot()
