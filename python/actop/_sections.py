# SPDX-License-Identifier: MIT
"""Sections: named stretches of a profile with their own energy, power and work done."""
import threading
import time

from actop._timeline import Timeline


class Section:
    """A stretch of time between two moments of time.monotonic_ns(), made by Profiler.section().

    name       as given
    depth      0 at the outside, 1 for a section inside another, ...
    units      work done, by kind: see add()
    began_ns, ended_ns   of the profile's clock; ended_ns is None while it runs

    Energies are in J, powers in W, times in s. What no rail or sensor told is None."""

    def __init__(self, profiler, name, depth=0):
        self._profiler = profiler
        self.name = name
        self.depth = depth
        self.units = {}
        self.began_ns = time.monotonic_ns()
        self.ended_ns = None

    def __repr__(self):
        return f"<Section {self.name!r} {self.duration_s:.3f} s>"

    def add(self, **units):
        """Count work done inside: section.add(tokens=512, batches=1). Adds up. Returns the section."""
        for kind, n in units.items():
            self.units[kind] = self.units.get(kind, 0) + n
        return self

    def end(self):
        """End it now; again is a no-op. The with statement does it."""
        if self.ended_ns is None:
            self.ended_ns = time.monotonic_ns()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._profiler._leave(self)

    @property
    def duration_s(self):
        return ((self.ended_ns or time.monotonic_ns()) - self.began_ns) / 1e9

    def _span(self):
        return self.began_ns, self.ended_ns or time.monotonic_ns()

    # ---- energy

    @property
    def energy(self):
        """{rail: Joules(value, error)} from the counters' publications; "package" is the sum of the package's rails. The
        error is the most the truth can differ by: counters are published every so often, and a section may begin and
        end between. With a baseline the idle draw has been taken off."""
        return self._profiler._energy(*self._span())

    @property
    def energy_j(self):
        """{rail: joules}."""
        return {rail: j.value for rail, j in self.energy.items()}

    @property
    def energy_error_j(self):
        """{rail: the most joules the truth can differ by}."""
        return {rail: j.error for rail, j in self.energy.items()}

    @property
    def package_j(self):
        """Joules of the package; None where no rail of it is known."""
        return self.energy_j.get("package")

    def joules_per(self, unit, rail="package"):
        """Joules of a rail for one of the units counted with add(); None without energy or units."""
        joules, n = self.energy_j.get(rail), self.units.get(unit)
        return joules / n if joules is not None and n else None

    def per_second(self, unit):
        """Units done in a second; None without any."""
        n = self.units.get(unit)
        return n / self.duration_s if n and self.duration_s > 0 else None

    # ---- means and peaks

    def mean(self, field):
        """Mean of a column (see Profiler.columns) over the section, by time; None without a value."""
        return self._profiler._timeline().mean(field, *self._span())

    def peak(self, field):
        """Highest value of a column in the section; None without one."""
        return self._profiler._timeline().peak(field, *self._span())

    @property
    def mean_watts(self):
        """Mean power of the package: its joules by the time; where no rail is known, the mean of package_watts."""
        joules = self.package_j
        if joules is not None and self.duration_s > 0:
            return joules / self.duration_s
        return self.mean("package_watts")

    @property
    def peak_watts(self):
        return self.peak("package_watts")

    @property
    def bandwidth_gbps(self):
        """Mean memory bandwidth, GB/s."""
        return self.mean("bandwidth_gbps")

    @property
    def throttled_s(self):
        """Seconds in which the CPU's or the GPU's alert of throttling stood."""
        timeline = self._profiler._timeline()
        cpu = dict(_indexed(timeline, "alert_cpu_throttle", self._span()))
        gpu = dict(_indexed(timeline, "alert_gpu_throttle", self._span()))
        return sum(s for k, (value, s) in cpu.items() if value or gpu.get(k, (0, 0))[0])

    @property
    def processes_j(self):
        """Joules attributed to the profiled processes (Profiler(pid=...)): an estimate by shares of CPU and GPU time, unless
        the kernel counts energy per process. None without processes."""
        return self._profiler._processes_energy(*self._span())

    def as_dict(self):
        """Everything as plain values, for json.dumps."""
        energy = self.energy
        return {
            "name": self.name, "depth": self.depth, "duration_s": self.duration_s, "units": dict(self.units),
            "energy_j": {rail: j.value for rail, j in energy.items()},
            "energy_error_j": {rail: j.error for rail, j in energy.items()},
            "mean_watts": self.mean_watts, "peak_watts": self.peak_watts, "bandwidth_gbps": self.bandwidth_gbps,
            "pcpu_freq_mhz": self.mean("pcpu_freq_mhz"), "gpu_freq_mhz": self.mean("gpu_freq_mhz"),
            "throttled_s": self.throttled_s,
        }


def _indexed(timeline, name, span):
    column = timeline._column(name)
    return [(k, (column[k] == 1, s)) for k, s in timeline.rows(*span)]


class Sections:
    """What Profiler can do with stretches of time; see Section."""

    def _reset_sections(self):
        self._sections = []
        self._local = threading.local()
        self._baseline = None
        self._seen = None
        self._from_ns = None

    @property
    def sections(self):
        """Sections of this run, in the order they began."""
        return list(self._sections)

    @property
    def columns(self):
        """Names of everything sampled, in order: a snapshot's fields, then the flat ones ("clusters.P0.watts")."""
        return [name for name, _ in self._recorder.columns()]

    def section(self, name):
        """`with p.section("prefill") as s:` measures what runs inside. Sections may nest; each thread has its own."""
        stack = self._local.__dict__.setdefault("open", [])
        section = Section(self, str(name), len(stack))
        stack.append(section)
        self._sections.append(section)
        return section

    def _leave(self, section):
        section.end()
        stack = self._local.__dict__.get("open", [])
        if section in stack:
            del stack[stack.index(section):]

    def whole(self):
        """All of the profile as one section: from the first sample (with a baseline: from its end) to the last."""
        timeline = self._timeline()
        section = Section(self, "all")
        section.began_ns = self._from_ns or timeline.began_ns or section.began_ns
        section.ended_ns = max(section.began_ns, timeline.ended_ns or 0)
        return section

    def between(self, from_s, to_s, name=""):
        """The stretch between two moments as a section, in seconds since the first sample. For recordings, and for what
        was not marked while it ran."""
        if not from_s <= to_s:
            raise ValueError("from_s must not be after to_s")
        section = self.whole()
        section.name = name or f"{from_s:g}–{to_s:g} s"
        began_ns = section.began_ns
        section.began_ns, section.ended_ns = began_ns + round(from_s * 1e9), began_ns + round(to_s * 1e9)
        return section

    # ---- reading

    def _timeline(self):
        recorder = self._recorder
        seen = (recorder.first, recorder.total)
        if self._seen is None or self._seen[0] != seen:
            self._seen = (seen, Timeline(recorder, self._recorded))
        return self._seen[1]

    def _energy(self, from_ns, to_ns):
        from actop._timeline import Joules

        timeline = self._timeline()
        found = {}
        for rail in timeline.rails():
            joules = timeline.energy(rail, from_ns, to_ns)
            if joules is not None:
                found[rail] = self._less_idle(rail, joules, from_ns, to_ns)
        package = [found[rail] for rail in timeline.package_rails() if rail in found]
        if package:
            found["package"] = Joules(sum(j.value for j in package), sum(j.error for j in package))
        return found

    def _less_idle(self, rail, joules, from_ns, to_ns):
        watts = (self._baseline or {}).get(rail)
        if watts:
            joules.value -= watts * (to_ns - from_ns) / 1e9
        return joules

    @property
    def baseline_watts(self):
        """{rail: W} of the idle machine that is taken off every section's energy; {} without a baseline."""
        return dict(self._baseline or {})

    def _take_baseline(self, seconds):
        """Do nothing for a while and see what the machine draws."""
        began = time.monotonic_ns()
        time.sleep(seconds)
        idle = self._energy(began, time.monotonic_ns())
        self._baseline = {rail: j.value / seconds for rail, j in idle.items() if rail != "package"}
        self._from_ns = time.monotonic_ns()

    def _processes_energy(self, from_ns, to_ns):
        recorder, timeline = self._recorder, self._timeline()
        total, any_watts = 0.0, False
        for k, seconds in timeline.rows(from_ns, to_ns):
            watts = [row[4][4] for row in recorder.processes(timeline.first + k) if row[4][4] is not None]
            any_watts = any_watts or bool(watts)
            total += sum(watts) * seconds
        return total if any_watts else None
