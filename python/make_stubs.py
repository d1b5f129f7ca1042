# SPDX-License-Identifier: MIT
"""Writes actop/models.pyi, whose SystemSnapshot has the fields of the C core's list. Run by an interpreter that has the
package built in place; --check only says whether it is up to date."""
import os
import sys

HEAD = '''# Written by python/make_stubs.py from the list of fields.
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

class FanReading(NamedTuple):
    current: float
    max: float | None = None

@dataclass
class CoreSample:
    index: int
    active_pct: int | None
    freq_mhz: int | None

@dataclass
class ProcessSample:
    pid: int
    command: str
    cpu_percent: float | None
    cpu_time_share: float | None
    gpu_time_share: float | None
    num_threads: int | None
    attributed_w: float | None
    rss_bytes: int | None = 0

class Reading(NamedTuple):
    source: str | None
    age_ms: float | None
    kind: str | None
    state: str

class Evidence:
    def __init__(self, sample: Any) -> None: ...
    def __getitem__(self, name: str) -> Reading: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def keys(self) -> tuple[str, ...]: ...
    def kept(self) -> dict[str, Reading]: ...

@dataclass
class SystemSnapshot:
'''

TAIL = '''    @property
    def evidence(self) -> Evidence: ...
    def read(self, metric: str, entity: str | None = None) -> Any: ...
'''

PLAIN = {"float": "float | None", "int": "int | None", "bool": "bool | None", "str": "str | None", "list": "list[dict[str, Any]]"}
SHAPES = {
    "timestamp": "float", "ram_used_percent": "float | None", "fans": "list[FanReading]", "fan_rpms": "list[float]",
    "fan_available": "bool", "e_cores": "list[CoreSample]", "p_cores": "list[CoreSample]", "processes": "list[ProcessSample]",
    "ecpu_residency_pct": "dict[str, int] | None", "pcpu_residency_pct": "dict[str, int] | None",
    "gpu_residency_pct": "dict[str, int] | None", "schema": "str | None", "seq": "int | None",
    "battery": "dict[str, Any] | None", "bottleneck": "dict[str, Any] | None", "energy_j": "dict[str, float] | None",
}


def stub():
    import dataclasses

    from actop import _actop
    from actop.models import SystemSnapshot

    kinds = {name: kind for name, kind, _, _ in _actop.fields()}
    lines = []
    for field in dataclasses.fields(SystemSnapshot):
        given = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        name = SHAPES.get(field.name) or PLAIN.get(kinds[field.name], "Any")
        lines.append(f"    {field.name}: {name}{' = ...' if given else ''}\n")
    return HEAD + "".join(lines) + TAIL


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "actop", "models.pyi")
    made = stub()
    if "--check" in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            return f.read() != made
    with open(path, "w", encoding="utf-8") as f:
        f.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
