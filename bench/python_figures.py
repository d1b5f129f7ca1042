#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure the Python package, as pip installs it: a line of JSON [what, value, limit, met] for each figure. Times are CPU
times of this process, the best of several rounds, because other programs run beside. --quick takes 100,000 rows
instead of a million."""
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 100_000 if "--quick" in sys.argv else 1_000_000


def figure(what, value, limit, met):
    print(json.dumps([what, value, limit, met]), flush=True)


def best(function, rounds=5):
    """Least CPU time of several runs, in seconds, and what the last one returned."""
    times = []
    for _ in range(rounds):
        before = time.process_time()
        result = function()
        times.append(time.process_time() - before)
    return min(times), result


def imports():
    code = "import dataclasses, time; t = time.process_time(); import actop; print(time.process_time() - t)"
    ms = min(float(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout) for _ in range(20)) * 1e3
    figure("Python: import actop, beyond dataclasses", f"{ms:.1f} ms", "10 ms", ms <= 10)


def conversion(actop, samples):
    s, _ = best(lambda: [s.snapshot() for s in samples])
    us = s / len(samples) * 1e6
    figure("Python: a sample of an M4 Max to a snapshot", f"{us:.1f} µs", "30 µs", us <= 30)


def storing(actop, samples):
    def fill(rows):
        recorder = actop._actop.Recorder("sim:m4-max", max_samples=rows)
        for i in range(rows):
            recorder.append(samples[i % len(samples)])
        return recorder

    s, recorder = best(lambda: fill(5000), 3)
    us = s / 5000 * 1e6
    figure("Python: a sample stored, of a core at 1 Hz beyond the C sampler", f"{us / 1e4:.4f} %", "0.1 %", us <= 1000)
    size = recorder.size() / 5000
    figure("Python: a stored sample of an M4 Max", f"{size:.0f} B", "1 KB", size <= 1024)
    return fill(ROWS)


def exports(actop, recorder):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), "python", "tests"))
    import arrow_reader as arrow
    import ctypes

    def consume():
        capsule = recorder.__arrow_c_stream__()
        stream = arrow.pointer(capsule, b"arrow_array_stream", arrow.Stream)
        array = arrow.Array()
        rows = 0
        while stream.contents.get_next(stream, ctypes.byref(array)) == 0 and array.release:
            rows += array.length
            array.release(ctypes.byref(array))
        return rows

    s, rows = best(consume)
    figure(f"Python: {rows:,} samples to Arrow, and taken by a consumer", f"{s * 1e3:.0f} ms", "50 ms", s <= 0.05)
    try:
        from actop import _frames
        import pandas  # noqa: F401 - imported before, not measured
    except ImportError:
        return
    for lists, limit in ((False, 1.0), (True, None)):
        if lists and ROWS > 100_000:  # objects for every row take minutes
            continue
        s, frame = best(lambda: _frames.to_pandas(recorder, lists), 1 if lists else 3)
        what = f"Python: {len(frame):,} samples to pandas" + (", lists and dicts too" if lists else ", numbers and texts")
        figure(what, f"{s:.2f} s", f"{limit:.0f} s" if limit else "-", None if limit is None else s <= limit)


def beside_psutil(actop):
    try:
        import psutil
    except ImportError:
        return
    session = actop._actop.Session("auto", 0.01)
    session.sample()

    def ours():
        for _ in range(200):
            session.sample().snapshot()

    def theirs():
        for _ in range(200):
            psutil.cpu_percent(percpu=True)
            psutil.cpu_freq(percpu=True)
            psutil.virtual_memory()
            psutil.swap_memory()
            psutil.net_io_counters()
            psutil.disk_io_counters()
            psutil.sensors_temperatures()
            psutil.sensors_fans()
            psutil.getloadavg()

    ratio = best(ours)[0] / best(theirs)[0]
    figure("Python: a snapshot of this machine, of psutil " + psutil.__version__ + " for the same fields", f"{ratio:.2f}", "1",
           ratio <= 1)


def main():
    import actop

    session = actop._actop.Session("sim:m4-max", 1.0, speed=0.0)
    session.sample()
    samples = [session.sample() for _ in range(300)]
    imports()
    conversion(actop, samples)
    recorder = storing(actop, samples)
    exports(actop, recorder)
    beside_psutil(actop)


if __name__ == "__main__":
    if "--installed" in sys.argv:
        main()
    else:
        sys.path.insert(0, os.path.join(os.path.dirname(HERE), "python", "tests"))
        import python_package

        os.chdir("/")
        python = python_package.installed()
        os.execv(python, [python, os.path.abspath(__file__), "--installed", *sys.argv[1:]])
