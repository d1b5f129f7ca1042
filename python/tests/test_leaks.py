# SPDX-License-Identifier: MIT
"""Nothing is left behind: every function of the extension module thousands of times, and then as many references (with a
debug build of Python), blocks of memory of Python's and of C's, descriptors and threads as before."""
import ctypes
import gc
import os
import sys

import pytest

import actop
from actop import _actop

MANY = 10_000
FEW = int(os.environ.get("ACTOP_LEAK_CALLS", "150"))  # of what opens a source; 10,000 in the long tests


class _Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                                                     "uordblks", "fordblks", "keepcost")]


try:
    _mallinfo2 = ctypes.CDLL(None).mallinfo2
    _mallinfo2.restype = _Mallinfo2
except (OSError, AttributeError):  # not glibc
    _mallinfo2 = None


def in_use():
    gc.collect()
    info = _mallinfo2() if _mallinfo2 else None
    return {
        "references": getattr(sys, "gettotalrefcount", lambda: 0)(),
        "blocks": sys.getallocatedblocks(),
        "bytes": info.uordblks + info.hblkhd if info else 0,
        "descriptors": len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0,
        "threads": len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 0,
    }


def growth(function, calls):
    """What so many calls left behind, after as many as any cache needs."""
    for _ in range(max(20, calls // 20)):
        function()
    before = in_use()
    for _ in range(calls):
        function()
    after = in_use()
    return {name: after[name] - before[name] for name in after}


def assert_nothing_left(function, calls):
    """A leak leaves something for every call; a few are allowed to what is not ours (caches, the allocator)."""
    grown = growth(function, calls)
    limits = {"references": calls // 100 + 60, "blocks": calls // 100 + 60, "bytes": 4 * calls + 100_000, "descriptors": 0, "threads": 0}
    if any(grown[name] > limits[name] for name in limits):
        grown = growth(function, calls)  # once more: what is a leak leaks again
    assert all(grown[name] <= limits[name] for name in limits), grown


# ---- What is called


def _recorder(rows=20):
    recorder = _actop.Recorder("sim:m1", 1.0, speed=0.0, max_samples=rows, when_full="stop", processes=True)
    recorder.fill()
    return recorder


_session = _actop.Session("sim:m4-max", 1.0, speed=0.0, processes=True)
_session.sample()
_sample = _session.sample()
_full = _recorder(200)
_ring = _actop.Recorder("sim:m4-max", max_samples=100)
_live = _actop.Session("auto", 0.01)
_feed = _actop.Feed()


def _step():
    _feed.set("package.power", 0, 5.0)
    _step.at = getattr(_step, "at", 0) + 10**9
    return _feed.step(_step.at)


def _raised(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError):
        return
    raise AssertionError("nothing was raised")


def _run_once():
    recorder = _actop.Recorder("sim:m1", 1.0, speed=0.0, max_samples=3, when_full="stop")
    recorder.start()
    recorder.wait(2, 10)
    recorder.stop()


def _opened():
    session = _actop.Session("auto", 0.01)
    session.sample()
    session.close()


def _recorded(path="/dev/null"):
    session = _actop.Session("sim:m1", 1.0, speed=0.0)
    session.record(path)
    session.sample()
    session.record_stop()


CHEAP = {
    "module.metrics": _actop.metrics, "module.machines": _actop.machines, "module.fields": _actop.fields,
    "module.shutdown": _actop.shutdown,
    "module.bind": lambda: _actop.bind(actop.SystemSnapshot, actop.CoreSample, actop.FanReading, actop.ProcessSample),
    "module.main refused": lambda: _raised(_actop.main, []),
    "Session.want": lambda: _session.want(True), "Session.source": lambda: _session.source, "Session.live": lambda: _session.live,
    "Session.close closed": (lambda s: s.close)(_actop.Session("sim:m1")),
    "Session refused": lambda: _raised(_actop.Session, "nonsense"),
    "Session of a bad type": lambda: _raised(_actop.Session, 5),
    "Sample.snapshot": _sample.snapshot, "Sample.times": _sample.times, "Sample.process_names": _sample.process_names,
    "Sample.field value": lambda: _sample.field("gpu_watts"), "Sample.field text": lambda: _sample.field("chip"),
    "Sample.field unknown": lambda: _raised(_sample.field, "x"),
    "Sample.evidence": lambda: _sample.evidence("gpu_watts"), "Sample.evidence of a list": lambda: _raised(_sample.evidence, "fans"),
    "Sample.read": lambda: _sample.read("cluster.util", "P0"), "Sample.read unknown": lambda: _raised(_sample.read, "x"),
    "Sample.read_row": lambda: _sample.read_row("core.util", 3), "Sample.entities": lambda: _sample.entities("core"),
    "Sample.entities unknown": lambda: _raised(_sample.entities, "x"),
    "Sample.format unknown": lambda: _raised(_sample.format, "x"),
    "Recorder.columns": lambda: _full.columns(), "Recorder.values": lambda: _full.values("gpu_watts", 0, 5),
    "Recorder.values text": lambda: _full.values("chip", 0, 5), "Recorder.values unknown": lambda: _raised(_full.values, "x"),
    "Recorder.doubles": lambda: _full.doubles("gpu_watts", 3, 9), "Recorder.processes": lambda: _full.processes(7),
    "Recorder.processes none": lambda: _raised(_full.processes, 10**6), "Recorder.latest": _full.latest,
    "Recorder.codes": lambda: _full.codes("chip"), "Recorder.codes of numbers": lambda: _raised(_full.codes, "gpu_watts"),
    "Recorder.append": lambda: _ring.append(_sample), "Recorder.append nothing": lambda: _raised(_ring.append, None),
    "Recorder.size": _full.size, "Recorder.wait": lambda: _full.wait(0, 0), "Recorder.stop stopped": _full.stop,
    "Recorder.first": lambda: _full.first, "Recorder.total": lambda: _full.total, "Recorder.ended": lambda: _full.ended,
    "Recorder.lost": lambda: _full.lost, "Recorder.error": lambda: _full.error, "Recorder.running": lambda: _full.running,
    "Recorder.began": lambda: _full.began, "Recorder refused": lambda: _raised(_actop.Recorder, "sim:m1", max_samples=0),
    "Feed.set": lambda: _feed.set("swap.used", 0, 1.0), "Feed.set unknown": lambda: _raised(_feed.set, "x", 0, 1.0),
    "Feed.set nan": lambda: _raised(_feed.set, "swap.used", 0, float("nan")), "Feed.step": _step, "Feed": _actop.Feed,
}
DEAR = {
    "Session": lambda: _actop.Session("sim:m1"), "Session.sample": _live.sample, "Session.close": _opened,
    "Session.record": _recorded, "Session.record_stop": _recorded, "Recorder": lambda: _actop.Recorder("sim:m1"),
    "Recorder.start": _run_once, "Recorder.stop": _run_once, "Recorder.fill": _recorder,
    "Recorder.__arrow_c_stream__": lambda: _full.__arrow_c_stream__(),
    "Recorder.__arrow_c_array__": lambda: _full.__arrow_c_array__(None),
    "Recorder.__arrow_c_schema__": lambda: _full.__arrow_c_schema__(),
    "Sample.field lists": lambda: [_sample.field(f[0]) for f in _actop.fields()],
    "Sample.format": lambda: _sample.format("ndjson", processes=True, evidence=True),
    "Monitor": lambda: actop.Monitor(0.001, source="sim:m1").close(),
    "Profiler.register_alert": lambda: _alerted(),
}


def _alerted():
    profiler = actop.Profiler(1.0, source="sim:m1", speed=0.0, max_samples=3, when_full="stop")
    profiler.register_alert("ram_used_bytes", 0, lambda value: None)
    profiler.start()
    profiler.stop()


@pytest.mark.parametrize("name", CHEAP)
def test_ten_thousand_calls_leave_nothing(name):
    assert_nothing_left(CHEAP[name], MANY)


@pytest.mark.parametrize("name", DEAR)
def test_many_calls_leave_nothing(name):
    assert_nothing_left(DEAR[name], FEW)


def test_every_function_is_among_them():
    there = {f"module.{n}" for n, v in vars(_actop).items() if callable(v) and not isinstance(v, type)}
    for kind in (_actop.Session, _actop.Sample, _actop.Recorder, _actop.Feed):
        there |= {f"{kind.__name__}.{n}" for n in vars(kind) if not n.startswith("__") or n.startswith("__arrow")}
    called = {name.split(" ")[0] for name in (*CHEAP, *DEAR)} | {"module.main"}
    assert there <= called, there - called
