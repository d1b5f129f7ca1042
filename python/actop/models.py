# SPDX-License-Identifier: MIT
"""What a snapshot is made of. SystemSnapshot's fields are the keys of an NDJSON record, from the same list the C core
writes them from: those of the Python actop 1.9 first, in its order, then the new ones."""
from dataclasses import dataclass, field, make_dataclass
from typing import NamedTuple, Optional

from actop import _actop


class FanReading(NamedTuple):
    """Speed of a fan and its highest speed, in revolutions per minute; max is None when it is not known."""

    current: float
    max: Optional[float] = None


@dataclass
class CoreSample:
    """One CPU core: its number within the tier (Linux: logical CPU), percent of time active, mean frequency in MHz."""

    index: int
    active_pct: Optional[int]
    freq_mhz: Optional[int]


@dataclass
class ProcessSample:
    """One process. Shares are of the time of all processes, 0 to 1; attributed_w is its part of CPU and GPU power."""

    pid: int
    command: str
    cpu_percent: Optional[float]
    cpu_time_share: Optional[float]
    gpu_time_share: Optional[float]
    num_threads: Optional[int]
    attributed_w: Optional[float]
    rss_bytes: Optional[int] = 0


class Reading(NamedTuple):
    """Where a value came from: the collector, its age, measured, derived or estimated, and its state."""

    source: Optional[str]
    age_ms: Optional[float]
    kind: Optional[str]
    state: str


class Evidence:
    """snap.evidence["cpu_watts"] is a Reading; KeyError for a field that is not one value."""

    __slots__ = ("_sample",)

    def __init__(self, sample):
        self._sample = sample

    def __getitem__(self, name):
        if isinstance(self._sample, dict):
            return self._sample[name]
        return Reading._make(self._sample.evidence(name))

    def __iter__(self):
        return iter(_EVIDENT)

    def __len__(self):
        return len(_EVIDENT)

    def keys(self):
        return _EVIDENT

    def kept(self):
        """A plain dictionary of everything, for a snapshot that leaves its sample behind."""
        return {name: self[name] for name in _EVIDENT}


class _Lazy:
    """What SystemSnapshot can do beside being a dataclass: fields that are made when they are first asked for."""

    __slots__ = ()

    def __getattr__(self, name):
        sample = self.__dict__.get("_sample")
        if sample is None or name not in _NAMES:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        value = sample.field(name)
        self.__dict__[name] = value
        return value

    @property
    def evidence(self):
        """Where each value came from, by field name. Empty for a snapshot made by hand."""
        return Evidence(self.__dict__.get("_sample") or self.__dict__.get("_evidence") or {})

    def read(self, metric, entity=None):
        """Any metric by its key (docs/metrics.md), in base units; None without a value or without a sample."""
        sample = self.__dict__.get("_sample")
        return None if sample is None else sample.read(metric, entity)[0]

    def __getstate__(self):
        state = {name: getattr(self, name) for name in _NAMES}
        sample = self.__dict__.get("_sample")
        if sample is not None:
            state["_evidence"] = Evidence(sample).kept()
        elif "_evidence" in self.__dict__:
            state["_evidence"] = self.__dict__["_evidence"]
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)


def _residency():
    return {"idle": 0, "low": 0, "mid": 0, "high": 0}


def _none():
    return None


# The Python actop's own: what has no default there, and what kinds of lists the rest are.
_LAST_REQUIRED = "bandwidth_available"
_DEFAULTS = {"float": 0.0, "int": 0, "bool": False, "str": ""}
_TYPES = {"float": Optional[float], "int": Optional[int], "bool": Optional[bool], "str": Optional[str], "list": list}


def _fields():
    required = True
    for name, kind, is_of_1x, _ in _actop.fields():
        if required:
            yield name, _TYPES.get(kind, float)
        elif name.endswith("_residency_pct"):
            yield name, Optional[dict], field(default_factory=_residency)
        elif kind == "list" or (is_of_1x and kind == "object" and name not in ("fan_available", "ram_used_percent")):
            yield name, list, field(default_factory=list)
        elif is_of_1x and name == "fan_available":
            yield name, bool, field(default=False)
        elif is_of_1x:
            yield name, _TYPES.get(kind, Optional[float]), field(default=_DEFAULTS.get(kind, 0.0))
        else:
            yield name, _TYPES.get(kind, object), field(default_factory=_none)
        required = required and name != _LAST_REQUIRED


SystemSnapshot = make_dataclass("SystemSnapshot", _fields(), bases=(_Lazy,))
SystemSnapshot.__module__ = __name__
SystemSnapshot.__doc__ = """One reading of everything. Powers in W, energies in J, rates in bytes per second, temperatures in
degrees Celsius; *_pct is 0 to 100. None where there is no value: see evidence."""

_NAMES = frozenset(SystemSnapshot.__dataclass_fields__)
_EVIDENT = tuple(name for name, kind, _, metric in _actop.fields() if metric is not None and not name.endswith("_available"))

_actop.bind(SystemSnapshot, CoreSample, FanReading, ProcessSample)
