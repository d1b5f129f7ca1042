# SPDX-License-Identifier: MIT
"""What a recorder's rows say about a stretch of time: joules from the counters' publications, means and peaks.

Times are time.monotonic_ns(), the clock that stops in sleep. A simulated or recorded source has a clock of its own; a
moment of ours is put between the two rows that arrived around it.

A counter is known exactly only at its publications. Between two of them the growth is spread evenly, and how far the truth
may lie from that is the error: never more than the growth of the publication a stretch begins in, and of that it ends in."""
from bisect import bisect_left
from math import isnan

_PACKAGE = 64  # ACTOP_ENTITY_PACKAGE: rails that add up to the package


class Joules:
    """Energy of one rail over a stretch: value, and error, the most the truth can differ by, both in J."""

    __slots__ = ("error", "value")

    def __init__(self, value, error):
        self.value = value
        self.error = error

    def __repr__(self):
        return f"Joules({self.value:.6g}, ±{self.error:.3g})"


class Timeline:
    """A view of a recorder's rows; take a new one after more rows came. own_time: moments are the source's own, as for a
    recording, whose rows arrived all at once."""

    def __init__(self, recorder, own_time=False):
        self.recorder = recorder
        self.first, self.total = recorder.first, recorder.total
        self._columns = {}
        self.names = {name for name, _ in recorder.columns()}
        began = recorder.began
        self._awake = self._column("awake_ns")
        self._received = self._awake if own_time else self._column("received_ns")
        self.began_ns = began[1 if own_time else 2] if began else (int(self._received[0]) if len(self) else None)
        self._awake_began = began[1] if began else (self._awake[0] if len(self._awake) else 0)
        self.ended_ns = int(self._received[-1]) if len(self._received) else None

    def __len__(self):
        return self.total - self.first

    def _column(self, name):
        """A column as doubles, NaN where there is no value. Nanoseconds of these clocks are exact in a double."""
        if name not in self._columns:
            raw = self.recorder.doubles(name, self.first, self.total)
            self._columns[name] = memoryview(raw).cast("d")
        return self._columns[name]

    # ---- clocks

    def awake_of(self, t_ns):
        """The source's own awake time at a moment of ours."""
        received, awake = self._received, self._awake
        if not len(received):
            return self._awake_began
        k = bisect_left(received, t_ns)
        if k == len(received):
            return awake[-1] + (t_ns - received[-1])
        before = (self.began_ns, self._awake_began) if k == 0 else (received[k - 1], awake[k - 1])
        if k == 0 and self.first > 0:  # the rows before were dropped from the ring
            return awake[0]
        if t_ns <= before[0] or received[k] <= before[0]:
            return before[1]
        return before[1] + (awake[k] - before[1]) * (t_ns - before[0]) / (received[k] - before[0])

    # ---- energy

    def rails(self):
        """Names of rails with joules, in the source's order."""
        return [name[9:] for name, _ in self.recorder.columns() if name.startswith("energy_j.")]

    def package_rails(self):
        """Those that add up to the package."""
        latest = self.recorder.latest()
        rails = [e[0] for e in latest.entities("rail") if e[7] & _PACKAGE] if latest is not None else []
        known = set(self.rails())
        return [r for r in rails if r in known]

    def _published(self, joules, ages, i):
        """(moment, joules) of row i's publication; None without a value."""
        if isnan(joules[i]):
            return None
        age = ages[i] if ages is not None and not isnan(ages[i]) else 0.0
        return self._awake[i] - age * 1000, joules[i]

    def _before(self, joules, ages, k, t):
        for i in range(min(k, len(joules) - 1), -1, -1):
            p = self._published(joules, ages, i)
            if p is not None and p[0] <= t:
                return i, p
        return -1, ((self._awake_began, 0.0) if self.first == 0 and self._awake_began <= t else None)

    def _after(self, joules, ages, k, t):
        for i in range(max(k, 0), len(joules)):
            p = self._published(joules, ages, i)
            if p is not None and p[0] > t:
                return p
        return None

    def _joules_at(self, rail, t):
        """(joules, least, most) of a counter at a moment of the source's clock."""
        joules = self._column("energy_j." + rail)
        age = "energy_age_us." + rail
        ages = self._column(age) if age in self.names else None
        if not len(joules):
            return None
        k = bisect_left(self._awake, t)
        i, before = self._before(joules, ages, k, t)
        after = self._after(joules, ages, i, t)
        if i < 0 and after is None:
            return None
        if before is None:  # before the first that is kept: the counter is known from there on
            return None if after is None else (after[1], after[1], after[1])
        if t <= before[0]:
            return before[1], before[1], before[1]
        if after is not None:
            part = (t - before[0]) / (after[0] - before[0])
            at = before[1] + (after[1] - before[1]) * part
            return at, before[1], max(before[1], after[1])
        # Not published yet: as much as over the last interval, or nothing at all, or twice that.
        j, earlier = self._before(joules, ages, i, before[0] - 1)
        watts = (before[1] - earlier[1]) / (before[0] - earlier[0]) if earlier and before[0] > earlier[0] else 0.0
        to_come = max(0.0, watts * (t - before[0]))
        return before[1] + to_come, before[1], before[1] + 2 * to_come

    def energy(self, rail, from_ns, to_ns):
        """Joules of a rail between two moments; None when the rail had no value."""
        a = self._joules_at(rail, self.awake_of(from_ns))
        b = self._joules_at(rail, self.awake_of(to_ns))
        if a is None or b is None:
            return None
        value = max(0.0, b[0] - a[0])
        least, most = max(0.0, b[1] - a[2]), max(0.0, b[2] - a[1])
        return Joules(value, max(most - value, value - least))

    # ---- rows

    def rows(self, from_ns, to_ns):
        """[(row, seconds of its interval inside the stretch)]. A row stands for the time since the one before it."""
        received = self._received
        found = []
        k = bisect_left(received, from_ns)
        while k < len(received):
            before = received[k - 1] if k > 0 else (self.began_ns if self.first == 0 else received[k])
            inside = min(received[k], to_ns) - max(before, from_ns)
            if inside > 0:
                found.append((k, inside / 1e9))
            if received[k] >= to_ns:
                break
            k += 1
        return found

    def weighted(self, name, from_ns, to_ns):
        """[(value, seconds)] of a column's rows with a value in a stretch. KeyError for a name there is not."""
        if name not in self.names:
            raise KeyError(name)
        column = self._column(name)
        return [(column[k], s) for k, s in self.rows(from_ns, to_ns) if not isnan(column[k])]

    def mean(self, name, from_ns, to_ns):
        """Mean over time; None without a value."""
        values = self.weighted(name, from_ns, to_ns)
        seconds = sum(s for _, s in values)
        return sum(v * s for v, s in values) / seconds if seconds > 0 else None

    def peak(self, name, from_ns, to_ns):
        """The highest value; None without one."""
        return max((v for v, _ in self.weighted(name, from_ns, to_ns)), default=None)
