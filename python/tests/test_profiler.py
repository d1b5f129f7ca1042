# SPDX-License-Identifier: MIT
"""Profiler: the Python actop's behaviour, and what a sampling thread in C promises."""
import gc
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import actop

SUMMARY = """sample_count duration_s avg_cpu_watts avg_gpu_watts avg_package_watts peak_cpu_watts peak_gpu_watts
peak_package_watts total_cpu_joules total_gpu_joules total_package_joules""".split()


def fast(rows, source="sim:m4-max", **options):
    """A profiler that has taken so many samples of a simulation, as fast as it goes."""
    profiler = actop.Profiler(1.0, source=source, speed=0.0, max_samples=rows, when_full="stop", **options)
    profiler.start()
    assert profiler._recorder.wait(rows - 1, 60)
    return profiler


def run(code, timeout=60, **more):
    return subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, timeout=timeout,
                          check=False, **more)


# ---- The Python actop's behaviour


def test_no_sample_gives_an_empty_summary():
    profiler = actop.Profiler(60)
    assert profiler.get_summary() == {}
    assert len(profiler) == 0


def test_stopping_before_starting_does_nothing():
    profiler = actop.Profiler(60)
    profiler.stop()
    profiler.stop()
    assert not profiler.running


def test_one_sample_has_no_duration_and_no_joules():
    profiler = fast(1)
    profiler.stop()
    summary = profiler.get_summary()
    assert summary["sample_count"] == 1 and summary["duration_s"] == 0
    assert summary["total_gpu_joules"] == 0 and summary["avg_gpu_watts"] == summary["peak_gpu_watts"]


def test_a_summary_has_the_python_actops_keys_and_formulas():
    profiler = fast(40)
    profiler.stop()
    summary = profiler.get_summary()
    assert list(summary) == SUMMARY
    stamps = profiler._recorder.values("timestamp")
    assert summary["sample_count"] == 40 and summary["duration_s"] == stamps[-1] - stamps[0] == pytest.approx(39)
    for name in ("cpu", "gpu", "package"):
        watts = [w for w in profiler._recorder.values(f"{name}_watts") if w is not None]
        assert summary[f"avg_{name}_watts"] == pytest.approx(sum(watts) / len(watts))
        assert summary[f"peak_{name}_watts"] == max(watts)
        assert summary[f"total_{name}_joules"] == pytest.approx(summary[f"avg_{name}_watts"] * summary["duration_s"])


@pytest.mark.parametrize("interval", [0, -1, 0.0001, float("nan"), float("inf")])
def test_an_interval_that_is_none_is_refused(interval):
    with pytest.raises(ValueError, match="interval_s"):
        actop.Profiler(interval)


def test_an_unknown_field_is_refused_as_the_python_actop_does():
    profiler = actop.Profiler(60)
    with pytest.raises(ValueError, match=r"^Unknown SystemSnapshot field: 'x'$"):
        profiler.register_alert("x", 1, print)


def test_an_alert_calls_back_with_every_value_from_the_threshold_on():
    profiler = actop.Profiler(1.0, source="sim:m4-max", speed=0.0, max_samples=50, when_full="stop")
    got, threads = [], set()

    def hear(value):
        got.append(value)
        threads.add(threading.current_thread())

    profiler.register_alert("gpu_watts", 50.0, hear)
    profiler.start()
    profiler._recorder.wait(49, 60)
    profiler.stop()
    expected = [w for w in profiler._recorder.values("gpu_watts") if w is not None and w >= 50.0]
    assert got == expected and got
    assert threading.main_thread() not in threads


def test_an_alert_may_be_registered_while_it_runs():
    with actop.Profiler(0.01, source="sim:m4-max") as profiler:
        heard = threading.Event()
        profiler.register_alert("gpu_util_pct", 0.0, lambda value: heard.set())
        assert heard.wait(10)


def test_what_a_callback_raises_is_reported_once(capsys, monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)
    profiler = actop.Profiler(1.0, source="sim:m4-max", speed=0.0, max_samples=20, when_full="stop")
    calls = []

    def bad(value):
        calls.append(value)
        raise RuntimeError("no")

    profiler.register_alert("ram_used_bytes", 0, bad)
    profiler.start()
    profiler._recorder.wait(19, 60)
    profiler.stop()
    assert len(calls) == 20 and len(reports) == 1
    assert reports[0].exc_type is RuntimeError and reports[0].object is bad


def test_a_callback_may_stop_the_profiler():
    profiler = actop.Profiler(0.005, source="sim:m4-max")
    stopped = threading.Event()

    def stop(value):
        profiler.stop()
        stopped.set()

    profiler.register_alert("ram_used_bytes", 0, stop)
    profiler.start()
    assert stopped.wait(10)
    assert not profiler.running


# ---- The thread


def test_it_can_be_started_fifty_times():
    profiler = actop.Profiler(0.005)
    threads = len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 0
    files = len(os.listdir("/proc/self/fd")) if threads else 0
    for _ in range(50):
        with profiler:
            assert profiler._recorder.wait(1, 10)
        assert not profiler.running and len(profiler) >= 2
        assert profiler._recorder.values("seq", 0, 1) == [2]
    if threads:
        assert len(os.listdir("/proc/self/task")) <= threads
        assert len(os.listdir("/proc/self/fd")) <= files


def test_stop_does_not_wait_for_the_interval():
    profiler = actop.Profiler(3600)
    profiler.start()
    time.sleep(0.05)
    before = time.monotonic()
    profiler.stop()
    assert time.monotonic() - before < 5
    assert len(profiler) == 1  # what there was until then
    assert profiler.get_summary()["sample_count"] == 1


def test_ten_milliseconds_are_kept():
    with actop.Profiler(0.01) as profiler:
        assert profiler._recorder.wait(100, 30)
    gaps = profiler._recorder.values("awake_ns")
    steps = sorted(b - a for a, b in zip(gaps, gaps[1:]))
    assert 9e6 < steps[len(steps) // 2] < 12e6


def test_a_ring_keeps_the_newest_and_stop_keeps_the_first():
    ring = actop.Profiler(1.0, source="sim:m1", speed=0.0, max_samples=30)
    ring.start()
    ring._recorder.wait(100, 60)
    ring.stop()
    assert len(ring) == 30
    seqs = ring._recorder.values("seq")
    assert seqs == list(range(seqs[0], seqs[0] + 30)) and seqs[0] > 70
    first = fast(30, "sim:m1")
    first._recorder.wait(30, 10)  # until it has ended
    assert first._recorder.values("seq") == list(range(2, 32)) and not first.running
    first.stop()


def test_a_bad_bound_is_refused():
    for options in ({"max_samples": 0}, {"max_samples": -5}, {"when_full": "burst"}):
        with pytest.raises(ValueError):
            actop.Profiler(1.0, **options)


def progress(seconds):
    """Share of the time this thread ran."""
    wall, cpu = time.monotonic(), time.thread_time()
    while time.monotonic() - wall < seconds:
        pass
    return (time.thread_time() - cpu) / (time.monotonic() - wall)


def gil_left(sampling):
    """What is left to a thread of Python while there is sampling: the best of several rounds, since other programs may
    take time from it too. Who holds the GIL leaves less in every round."""
    best = 0.0
    for _ in range(8):
        alone = progress(0.1)
        with sampling:
            beside = progress(0.5)
        best = max(best, beside / alone)
        if best >= 0.95:
            break
    return best


class Snapshots(threading.Thread):
    """A thread that takes snapshots of several readings each."""

    def __init__(self):
        super().__init__()
        self.ended = False
        self.taken = 0
        self.monitor = actop.Monitor(0.2, 5)

    def run(self):
        while not self.ended:
            self.monitor.get_snapshot()
            self.taken += 1

    def __enter__(self):
        self.__init__()
        self.start()

    def __exit__(self, *unused):
        self.ended = True
        self.join()
        self.monitor.close()
        assert self.taken > 1


def test_the_gil_is_free_while_snapshots_are_taken():
    assert gil_left(Snapshots()) >= 0.95


def test_the_gil_is_free_while_a_profiler_runs():
    profiler = actop.Profiler(0.01)
    assert gil_left(profiler) >= 0.95
    assert len(profiler) > 10


# ---- Ends of all kinds


@pytest.mark.parametrize("delay", [0, 0.003, 0.01, 0.03, 0.1])
def test_forgetting_to_stop_never_keeps_python_alive(delay):
    done = run(f"""
import actop, time
p = actop.Profiler(0.002)
p.register_alert("ram_used_bytes", 0, lambda v: None)
p.start()
time.sleep({delay})
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_exit_from_a_thread_or_by_an_exception_is_clean():
    done = run("import actop; p = actop.Profiler(0.002, source='sim:m1'); p.start(); raise SystemExit(3)")
    assert (done.returncode, done.stderr) == (3, "")
    done = run("import actop; q = actop.Profiler(0.001); q.start(); m = actop.Monitor(0.01); import os; 1/0")
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr and "Fatal" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="no list of threads here")
def test_a_profiler_that_is_forgotten_stops():
    threads = len(os.listdir("/proc/self/task"))
    profiler = actop.Profiler(0.002)
    profiler.start()
    assert len(os.listdir("/proc/self/task")) == threads + 1
    del profiler
    gc.collect()
    assert len(os.listdir("/proc/self/task")) == threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_told_and_can_make_a_new_one():
    done = run("""
import actop, os, sys, time
m = actop.Monitor(0.01)
p = actop.Profiler(0.005)
p.start()
time.sleep(0.02)
pid = os.fork()
if pid == 0:
    for call in (m.get_snapshot, m.close, p.stop, p.get_summary, lambda: len(p)):
        try:
            call()
        except RuntimeError as e:
            assert "fork" in str(e), e
        else:
            assert call == m.close, call
    with actop.Profiler(0.005) as q:
        assert q._recorder.wait(2, 10)
    assert len(q) > 2
    print("child", actop.Monitor(0.01).get_snapshot().ram_total_bytes > 0, flush=True)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
p.stop()
print("parent", len(p) > 0)
""")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.split() == ["child", "True", "parent", "True"]


def test_a_subinterpreter_is_told():
    done = run("""
import _xxsubinterpreters as interpreters
import actop
for _ in range(50):
    i = interpreters.create()
    try:
        interpreters.run_string(i, "import actop")
    except interpreters.RunFailedError as e:
        assert "subinterpreter" in str(e), e
    else:
        raise SystemExit("it was imported")
    interpreters.destroy(i)
print(actop.Monitor(0.01).get_snapshot().ram_total_bytes > 0)
""")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_ctrl_c_interrupts_waiting():
    code = """
import actop, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
p = actop.Profiler(100)
p.start()
print(1, flush=True)
p._recorder.wait(5)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.readline() == b"1\n"
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == -signal.SIGINT and b"KeyboardInterrupt" in err


# ---- Recordings


def test_a_recording_is_read_and_decoded_whole(tmp_path):
    path = tmp_path / "some.actop"
    session = actop._actop.Session("sim:m4-max", 1.0, speed=0.0)
    session.record(path)
    snapshots = [session.sample() for _ in range(30)]
    session.record_stop()
    session.close()
    profiler = actop.read_recording(path)
    assert len(profiler) == 29 and profiler.error is None
    assert profiler._recorder.values("gpu_watts") == [s.field("gpu_watts") for s in snapshots[1:]]
    assert profiler._recorder.values("thermal_state") == [s.field("thermal_state") for s in snapshots[1:]]
    again = actop.read_recording(str(path), max_samples=10)
    assert again._recorder.values("seq") == list(range(21, 31))


def test_a_file_that_is_no_recording_says_so(tmp_path):
    path = tmp_path / "no.actop"
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(actop.ActopError):
        actop.read_recording(path)
    with pytest.raises(actop.ActopError):
        actop.read_recording(tmp_path / "none.actop")


# ---- Columns


def test_columns_have_what_the_samples_had():
    recorder = actop._actop.Recorder("sim:m4-max", 1.0, speed=0.0, max_samples=1, when_full="stop")
    recorder.fill()
    sample = recorder.latest()
    for name, kind in recorder.columns()[4:]:
        if "." in name:
            continue
        want = sample.field(name)
        want = pytest.approx(want, rel=1e-6) if kind == "float32" and want is not None else want
        assert recorder.values(name) == [want], name
    energy = sample.field("energy_j")
    assert {n: recorder.values(f"energy_j.{n}")[0] for n in energy} == energy
    for core in sample.field("p_cores"):
        assert recorder.values(f"p_cores.{core.index}.active_pct") == [core.active_pct]
        assert recorder.values(f"p_cores.{core.index}.freq_mhz") == [core.freq_mhz]
    for cluster in sample.field("clusters"):
        assert recorder.values(f"clusters.{cluster['name']}.util_pct") == [pytest.approx(cluster["util_pct"], rel=1e-6)]
    for part, percent in sample.field("gpu_residency_pct").items():
        assert recorder.values(f"gpu_residency_pct.{part}") == [percent]
    age_us, = recorder.values("energy_age_us.gpu")
    assert age_us == int(sample.read("rail.energy", "gpu")[1][1] * 1000)


def test_a_stored_sample_takes_less_than_a_kilobyte():
    profiler = fast(2000)
    profiler.stop()
    assert profiler._recorder.size() / len(profiler) < 1024


def test_samples_taken_by_hand_can_be_kept_too():
    recorder = actop._actop.Recorder("sim:m4-max", max_samples=2, when_full="stop")
    session = actop._actop.Session("sim:m4-max", 1.0, speed=0.0)
    samples = [session.sample() for _ in range(3)]
    assert [recorder.append(s) for s in samples] == [True, False, False]  # full after the second
    assert recorder.values("seq") == [1, 2]
    with pytest.raises(TypeError):
        recorder.append(5)


def test_doubles_are_the_values_with_nan_for_none():
    profiler = fast(5)
    profiler.stop()
    for name in ("gpu_watts", "cpu_watts", "ram_total_bytes", "bandwidth_available", "chip"):
        doubles = memoryview(profiler._recorder.doubles(name)).cast("d")
        for value, double in zip(profiler._recorder.values(name), doubles):
            assert double == value or (double != double and (value is None or name == "chip"))


def test_codes_are_the_texts_by_number():
    profiler = fast(70)
    profiler.stop()
    codes, words = profiler._recorder.codes("thermal_state")
    assert [words[c] if c < 255 else None for c in codes] == profiler._recorder.values("thermal_state")
    with pytest.raises(TypeError, match="no column of texts"):
        profiler._recorder.codes("gpu_watts")


def test_an_unknown_column_is_a_key_error():
    profiler = fast(2)
    profiler.stop()
    with pytest.raises(KeyError):
        profiler._recorder.values("no such")


def test_processes_of_a_row_are_kept():
    recorder = actop._actop.Recorder("auto", 0.02, processes=True)
    recorder.start()
    assert recorder.wait(3, 30)
    recorder.stop()
    mine, = [p for p in recorder.processes(recorder.total - 1) if p[0] == os.getpid()]
    assert mine[2] == os.getppid() and mine[3] and mine[4][3] >= 1 and mine[4][5] > 1e6
    with pytest.raises(IndexError):
        recorder.processes(10**9)


def test_only_a_process_and_those_below_it_when_asked_for():
    sleeper = subprocess.Popen(["sh", "-c", "sleep 20 & sleep 20; true"], start_new_session=True)
    try:
        recorder = actop._actop.Recorder("auto", 0.02, processes=True, root_pid=sleeper.pid)
        recorder.start()
        assert recorder.wait(3, 30)
        recorder.stop()
        found = recorder.processes(recorder.total - 1)
        assert sleeper.pid in [p[0] for p in found] and len(found) == 3
        assert all(p[0] == sleeper.pid or p[2] == sleeper.pid for p in found)
    finally:
        os.killpg(sleeper.pid, signal.SIGTERM)
        sleeper.wait()
