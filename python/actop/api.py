# SPDX-License-Identifier: MIT
"""Monitor: one snapshot at a time. Profiler: everything in the background, by a thread of C."""
import functools
import os
import re
import sys
import time

from actop import _actop
from actop._sections import Sections

_UNSET = object()


class Monitor:
    """Reads one source, a snapshot at a time.

    interval_s         seconds each get_snapshot() takes (decimals are allowed; at least 0.001)
    subsamples         readings folded into one snapshot
    include_processes  process rows in every snapshot
    process_limit      union of the top N by CPU and the top N by memory; 0 for all
    process_filter     str (a regular expression) or a compiled pattern, searched in the name, then in the command line
    stop_event         something with wait(seconds) and is_set(), like threading.Event, that ends the waiting
    source             "auto", "replay:FILE", "sim:CHIP", "http://HOST:PORT" …

    Raises ValueError for bad arguments and ActopError when the source cannot be opened."""

    def __init__(self, interval_s=1.0, subsamples=1, *, include_processes=False, process_limit=50, process_filter=None,
                 stop_event=None, source="auto", **options):
        self.interval_s = max(0.001, float(interval_s))
        self.subsamples = max(1, int(subsamples))
        self.include_processes = bool(include_processes)
        self.process_limit = int(process_limit)
        self.process_filter = _compiled(process_filter)
        self._stop_event = stop_event
        # Recordings and simulations are paced here, so that waiting can be interrupted.
        options.setdefault("speed", 0.0)
        self._session = _actop.Session(source, self.interval_s, self.subsamples, self.include_processes, 0, **options)
        self._sample = self._session.sample()
        self._due = time.monotonic()

    @property
    def manages_timing(self):
        """True when a snapshot is made of several readings, whose moments the C core chooses."""
        return self.subsamples > 1

    @property
    def source(self):
        """Name of the source as outputs show it, e.g. "linux" or "sim:m4-max"."""
        return self._session.source

    def _wait(self, seconds):
        if self._stop_event is not None:
            self._stop_event.wait(max(0.0, seconds))
        elif seconds > 0:
            time.sleep(seconds)

    def _next(self):
        """The next sample: of this machine after an interval, of a recording when its own time has come."""
        if self._session.live:
            self._wait(self.interval_s / self.subsamples)
        sample = self._session.sample()
        if sample is None:
            raise EOFError("the recording has ended")
        if not self._session.live:
            self._due = max(self._due, time.monotonic() - 1.0) + sample.times()[4] / 1e9
            self._wait(self._due - time.monotonic())
        return sample

    def get_snapshot(self, *, include_processes=None, process_filter=_UNSET):
        """The next snapshot, after one interval. EOFError at the end of a recording.

        include_processes  None: as the monitor was made
        process_filter     not given: as the monitor was made; None: no filter this time"""
        pattern = self.process_filter if process_filter is _UNSET else _compiled(process_filter)
        wanted = self.include_processes if include_processes is None else bool(include_processes)
        self._session.want(wanted)
        self._sample = sample = self._next()
        snapshot = sample.snapshot()
        snapshot.processes = _chosen(sample, pattern, self.process_limit) if wanted else []
        return snapshot

    def close(self):
        """Close the source; again is a no-op."""
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def _compiled(pattern):
    return re.compile(pattern) if isinstance(pattern, str) and pattern else pattern or None


def _chosen(sample, pattern, limit):
    """Running processes the pattern matches; of them the top N by CPU and the top N by memory, most CPU first."""
    rows = sample.field("processes")
    if pattern is not None:
        kept = []
        for row, (name, cmdline) in zip(rows, sample.process_names()):
            if pattern.search(name or ""):
                kept.append(row)
            elif cmdline and pattern.search(cmdline):
                row.command = cmdline
                kept.append(row)
        rows = kept

    def by_cpu(row):
        return (row.cpu_percent or 0.0, row.rss_bytes or 0)

    def by_memory(row):
        return (row.rss_bytes or 0, row.cpu_percent or 0.0)

    if 0 < limit < len(rows):
        chosen = {id(row): row for key in (by_cpu, by_memory) for row in sorted(rows, key=key, reverse=True)[:limit]}
        rows = list(chosen.values())
    return sorted(rows, key=by_cpu, reverse=True)


class Profiler(Sections):
    """Samples a source in the background until stop(), in a thread of C that never needs the GIL.

    interval_s    seconds between samples, from 0.001 on
    max_samples   rows that are kept; when_full is "ring" (the oldest goes) or "stop" (sampling ends)
    pid           "self" or a number: keep that process and those below it, with the energy attributed to them
    idle          seconds start() waits first, to see what the idle machine draws; that is taken off every section's energy
    source        as for Monitor; further options: subsamples, processes, root_pid, seed, script, speed, root, token_file

    May be started again; start() forgets what was there."""

    def __init__(self, interval_s=1.0, *, source="auto", max_samples=1_000_000, when_full="ring", pid=None, idle=0.0,
                 **options):
        self.interval_s = float(interval_s)
        if pid is not None:
            options.update(root_pid=os.getpid() if pid == "self" else int(pid), processes=True)
        self._recorder = _actop.Recorder(source, self.interval_s, max_samples=max_samples, when_full=when_full, **options)
        self._idle_s = max(0.0, float(idle))
        self._recorded = False
        self._reset_sections()
        self._alerts = []
        self._watcher = None

    # ---- running

    def start(self):
        """Forget all samples and begin. No-op while it runs."""
        if self._recorder.running:
            if not self._recorder.ended:
                return
            self.stop()
        self._reset_sections()
        self._recorder.start()
        if self._alerts:
            self._watch()
        if self._idle_s > 0:
            self._take_baseline(self._idle_s)

    def stop(self):
        """End sampling; what was sampled stays. No-op when it does not run."""
        self._recorder.stop()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.finish()

    @property
    def running(self):
        """True between start() and stop(), unless the source has ended by itself."""
        return self._recorder.running and not self._recorder.ended

    @property
    def error(self):
        """Why sampling failed; None when it did not."""
        return self._recorder.error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    # ---- alerts

    def register_alert(self, metric, threshold, callback):
        """Call callback(value) for every sample whose field metric is at least threshold, in a thread of its own. What
        the callback raises is reported once per callback, by sys.unraisablehook. ValueError for an unknown field."""
        from actop.models import SystemSnapshot

        if metric not in SystemSnapshot.__dataclass_fields__:
            raise ValueError(f"Unknown SystemSnapshot field: '{metric}'")
        self._alerts.append((metric, threshold, callback))
        if self._recorder.running:
            self._watch()

    def _watch(self):
        if self._watcher is None:
            from actop._watch import Watcher

            self._watcher = Watcher(self._recorder, self._alerts)

    # ---- what was sampled

    def __len__(self):
        return self._recorder.total - self._recorder.first

    def __arrow_c_stream__(self, requested_schema=None):
        """The samples so far for anything that reads Arrow's PyCapsule interface: pyarrow.table(profiler),
        polars.DataFrame(profiler). Nothing is copied."""
        return self._recorder.__arrow_c_stream__(requested_schema)

    def __arrow_c_array__(self, requested_schema=None):
        """The samples so far as one array: (schema, array)."""
        return self._recorder.__arrow_c_array__(requested_schema)

    def __arrow_c_schema__(self):
        """The columns' names and types."""
        return self._recorder.__arrow_c_schema__()

    def to_arrow(self):
        """A pyarrow.Table over the samples where they lie. Without pyarrow the profiler itself: every program that reads
        Arrow's PyCapsule interface takes it."""
        try:
            import pyarrow
        except ImportError:
            return self
        return pyarrow.table(self)

    def get_summary(self):
        """{} without a sample, else sample_count, duration_s, and for cpu, gpu and package avg_*_watts, peak_*_watts and
        total_*_joules (mean power times duration, as the Python actop has it)."""
        recorder = self._recorder
        stamps = [t for t in recorder.values("timestamp")] if recorder.total else []
        if not stamps:
            return {}
        duration = stamps[-1] - stamps[0]
        summary = {"sample_count": len(stamps), "duration_s": duration}
        mean, peak = {}, {}
        for name in ("cpu", "gpu", "package"):
            watts = [w for w in recorder.values(f"{name}_watts") if w is not None]
            mean[name] = sum(watts) / len(watts) if watts else None
            peak[name] = max(watts, default=None)
        summary.update((f"avg_{name}_watts", mean[name]) for name in mean)
        summary.update((f"peak_{name}_watts", peak[name]) for name in mean)
        summary.update((f"total_{name}_joules", None if mean[name] is None else mean[name] * duration) for name in mean)
        return summary


    # ---- for people

    def report(self):
        """The sections and the whole as a table of text: time, energy with its error, power, work done."""
        from actop import _report

        return _report.text(self)

    def _repr_html_(self):
        from actop import _report

        return _report.html(self)

    def plot(self, axes=None):
        """Power, utilization and bandwidth over time, the sections shaded. axes: three of matplotlib's, or None for a new
        figure, which is returned. ImportError without matplotlib."""
        from actop import _report

        return _report.figure(self, axes)

    # ---- for other programs

    def to_pandas(self, lists=True):
        """A pandas.DataFrame: a row a sample, the fields of a snapshot in order, then session_energy_j, joules per rail and
        the flat columns of cores, clusters and rails; index datetime. What has no value is NaN or None. lists=False
        leaves out the fields that are lists or dicts, which take most of the time. ImportError without pandas."""
        from actop import _frames

        return _frames.to_pandas(self._recorder, lists)

    def to_polars(self):
        """A polars.DataFrame of the numbers and texts, through Arrow. ImportError without polars."""
        from actop import _frames

        return _frames.to_polars(self)

    def to_csv(self, path=None):
        """Comma separated values with a line of names; empty where there is no value. path: a file's name, or anything with
        write(); None returns the text."""
        from actop import _frames

        return _frames.to_csv(self._recorder, path)

    def to_json(self, path=None):
        """One JSON object a line; what has no value is left out. path as for to_csv()."""
        from actop import _frames

        return _frames.to_json(self._recorder, path)


_running = []  # profilers of `python -m actop run`: what section() marks


class _NoSection:
    """What section() gives when nothing is being profiled."""

    def add(self, **units):
        return self

    def end(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        pass


def section(name):
    """A section of the profile `python -m actop run` is taking; one that does nothing when there is none, so that a script
    may keep its marks."""
    return _running[-1].section(name) if _running else _NoSection()


def profiled(function=None, /, *, report=True, file=None, **options):
    """Decorator: profile every call, and print the report when it ends (to file, default stderr). The profiler of the
    last call is the attribute `profile`. Options are Profiler's.

        @actop.profiled(interval_s=0.1)
        def train(): ..."""
    if function is None:
        return functools.partial(profiled, report=report, file=file, **options)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        profiler = Profiler(**options)
        wrapper.profile = profiler
        try:
            with profiler, profiler.section(function.__name__):
                return function(*args, **kwargs)
        finally:
            if report:
                print(profiler.report(), file=file or sys.stderr)

    wrapper.profile = None
    return wrapper


def read_recording(path, **options):
    """A Profiler that holds what a recording has, all of it, as fast as it can be read."""
    profiler = Profiler(source="replay:" + os.fspath(path), speed=0.0, **options)
    profiler._recorded = True
    profiler._recorder.fill()
    return profiler


def __getattr__(name):
    """The Python actop's api had the classes of a snapshot too."""
    if name in ("CoreSample", "FanReading", "SystemSnapshot"):
        from actop import models

        return getattr(models, name)
    raise AttributeError(f"module 'actop.api' has no attribute '{name}'")
