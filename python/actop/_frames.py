# SPDX-License-Identifier: MIT
"""A profile's samples for other programs: pandas, polars, CSV, JSON."""
import csv
import io
import json
from functools import partial

from actop import _actop
from actop.models import CoreSample, FanReading, ProcessSample

_INTERNAL = {"awake_ns", "received_ns"}
_RESIDENCIES = ("ecpu_residency_pct", "pcpu_residency_pct", "gpu_residency_pct")


def names(recorder):
    """Columns a table shows: the fields in a snapshot's order, then the flat ones."""
    return [(name, kind) for name, kind in recorder.columns() if name not in _INTERNAL]


# ---- pandas ---------------------------------------------------------------------------------------------------------


def _array(recorder, name, kind):
    """A column as numpy's array; numbers as doubles with NaN, text and flags as objects or bool."""
    import numpy

    if kind == "text":
        codes, words = recorder.codes(name)
        texts = numpy.full(256, None, dtype=object)
        texts[:len(words)] = words
        return texts[numpy.frombuffer(codes, dtype="u1")]
    values = numpy.frombuffer(recorder.doubles(name), dtype="f8")
    if kind in ("bool", "int64", "int32", "uint32", "uint8") and not numpy.isnan(values).any():
        return values.astype({"bool": "?", "int64": "i8", "int32": "i4", "uint32": "u4", "uint8": "u1"}[kind])
    return values


def _flat(recorder, prefix):
    return [name for name, _ in recorder.columns() if name.startswith(prefix)]


def _joined(recorder, prefix, keys, make):
    """One list a row, of what make says of each entity's values (columns prefix.N.key)."""
    numbers = sorted({int(n.split(".")[1]) for n in _flat(recorder, prefix + ".")})
    have = set(_flat(recorder, prefix + "."))
    columns = [[recorder.values(f"{prefix}.{n}.{key}") if f"{prefix}.{n}.{key}" in have else None for key in keys]
               for n in numbers]
    count = recorder.total - recorder.first
    rows = []
    for k in range(count):
        row = []
        for n, values in zip(numbers, columns):
            found = [v[k] if v is not None else None for v in values]
            if any(v is not None for v in found):
                row.append(make(n, *found))
        rows.append(row)
    return rows


def _core(index, active, freq):
    return CoreSample(index, active, freq)


def _fan(_, rpm, top):
    return FanReading(rpm, top)


def _residency_rows(recorder, name):
    keys = ("idle", "low", "mid", "high")
    have = set(_flat(recorder, name + "."))
    if f"{name}.idle" not in have:
        return [None] * (recorder.total - recorder.first)
    parts = [recorder.values(f"{name}.{key}") for key in keys]
    return [dict(zip(keys, row)) if row[0] is not None else None for row in zip(*parts)]


def _process_rows(recorder):
    rows = []
    for k in range(recorder.first, recorder.total):
        rows.append([ProcessSample(pid, command, None if v[0] is None else v[0] * 100, v[1], v[2],
                                   None if v[3] is None else int(v[3]), v[4], None if v[5] is None else int(v[5]))
                     for pid, _, _, command, v, _ in recorder.processes(k)])
    return rows


def list_columns(recorder):
    """Fields that are lists or dicts, rebuilt row by row."""
    made = {"fans": partial(_joined, recorder, "fans", ("rpm", "max"), _fan),
            "e_cores": partial(_joined, recorder, "e_cores", ("active_pct", "freq_mhz"), _core),
            "p_cores": partial(_joined, recorder, "p_cores", ("active_pct", "freq_mhz"), _core),
            "processes": partial(_process_rows, recorder)}
    made.update((name, partial(_residency_rows, recorder, name)) for name in _RESIDENCIES)
    return made


def to_pandas(recorder, lists=True):
    try:
        import pandas
    except ImportError:
        raise ImportError("pandas is required: pip install actop[pandas]") from None
    columns = dict(names(recorder))
    made = list_columns(recorder) if lists else {}
    data = {}
    for name, _, _, _ in _actop.fields():  # a snapshot's fields first, in order
        if name in columns:
            data[name] = _array(recorder, name, columns.pop(name))
        elif name == "fan_rpms" and lists:
            data[name] = _objects([[fan.current for fan in row] for row in made["fans"]()])
        elif name in made:
            data[name] = _objects(made[name]())
    data.update((name, _array(recorder, name, kind)) for name, kind in columns.items())
    frame = pandas.DataFrame(data, copy=False)
    frame.index = pandas.to_datetime(frame["timestamp"], unit="s")
    frame.index.name = "datetime"
    return frame


def _objects(rows):
    import numpy

    array = numpy.empty(len(rows), dtype=object)
    array[:] = rows if rows and not isinstance(rows[0], (list, tuple)) else [None] * len(rows)
    if rows and isinstance(rows[0], (list, tuple)):
        for k, row in enumerate(rows):
            array[k] = row
    return array


def to_polars(profiler):
    try:
        import polars
    except ImportError:
        raise ImportError("polars is required: pip install actop[polars]") from None
    return polars.DataFrame(profiler).drop([n for n in _INTERNAL if n in profiler.columns])


# ---- text -----------------------------------------------------------------------------------------------------------


def _write(path, write):
    """Give write() a stream: the file at path, path itself when it can be written to, or one whose text is returned."""
    if path is None:
        stream = io.StringIO()
        write(stream)
        return stream.getvalue()
    if hasattr(path, "write"):
        write(path)
        return None
    with open(path, "w", encoding="utf-8", newline="") as stream:
        write(stream)
    return None


def _batches(recorder, size=4096):
    shown = names(recorder)
    for start in range(recorder.first, recorder.total, size):
        stop = min(start + size, recorder.total)
        yield from zip(*(recorder.values(name, start, stop) for name, _ in shown))


def to_csv(recorder, path=None):
    def write(stream):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(name for name, _ in names(recorder))
        for row in _batches(recorder):
            writer.writerow("" if v is None else ("true" if v else "false") if isinstance(v, bool) else v for v in row)

    return _write(path, write)


def to_json(recorder, path=None):
    def write(stream):
        shown = [name for name, _ in names(recorder)]
        for row in _batches(recorder):
            stream.write(json.dumps({n: v for n, v in zip(shown, row) if v is not None}, ensure_ascii=False) + "\n")

    return _write(path, write)
