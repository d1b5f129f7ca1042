# SPDX-License-Identifier: MIT
"""The Arrow C data interface, read by a consumer of our own, and by pyarrow and polars where they are installed."""
import ctypes as C
import gc

import pytest

import actop
from arrow_reader import Array, Schema, Stream, pointer, read_array, read_schema, read_stream


def recorded(rows, source="sim:m4-max", **options):
    recorder = actop._actop.Recorder(source, 1.0, speed=0.0, max_samples=rows, **{"when_full": "stop", **options})
    recorder.fill()
    return recorder


def listed(recorder):
    return {name: recorder.values(name) for name, _ in recorder.columns()}


@pytest.fixture(scope="module")
def many():
    return recorded(300)


def test_a_stream_has_the_rows_in_several_batches(many):
    columns, batches = read_stream(many)
    assert batches > 1 and columns == listed(many)
    assert len(columns["gpu_watts"]) == 300 and columns["chip"] == ["Apple M4 Max"] * 300


def test_an_array_has_the_same_rows_in_one(many):
    assert read_array(many) == listed(many)


def test_the_schema_has_names_and_types(many):
    capsule = many.__arrow_c_schema__()
    schema = pointer(capsule, b"arrow_schema", Schema)
    names = dict(read_schema(schema.contents))
    assert names["gpu_watts"] == "g" and names["gpu_freq_mhz"] == "i" and names["ram_total_bytes"] == "l"
    assert names["bandwidth_available"] == "b" and names["gpu_residency_pct.idle"] == "C"
    assert list(names) == [name for name, _ in many.columns()]


def test_a_ring_that_has_dropped_rows_begins_with_an_offset():
    recorder = actop._actop.Recorder("sim:m1", 1.0, speed=0.0, max_samples=100, when_full="ring")
    recorder.start()
    assert recorder.wait(250, 60)
    recorder.stop()
    columns, _ = read_stream(recorder)
    assert len(columns["seq"]) == 100 == recorder.total - recorder.first
    assert columns["seq"] == list(range(columns["seq"][0], columns["seq"][0] + 100))
    assert columns == listed(recorder) == read_array(recorder)


def test_no_rows_are_an_empty_stream():
    recorder = actop._actop.Recorder("sim:m1", 1.0, speed=0.0)
    columns, batches = read_stream(recorder)
    assert columns == {} and batches == 0
    assert read_array(recorder) == {}


def test_exports_stay_as_they_were_while_rows_are_added():
    recorder = actop._actop.Recorder("sim:m1", 1.0, speed=0.0, max_samples=5000, when_full="stop")
    recorder.start()
    lengths = []
    while not recorder.ended:
        columns, _ = read_stream(recorder)
        if columns:
            rows = len(columns["seq"])
            assert columns["seq"] == list(range(2, rows + 2))
            lengths.append(rows)
    assert lengths == sorted(lengths)
    recorder.stop()


def test_arrays_outlive_everything_they_came_from():
    recorder = recorded(130, "sim:m1")
    expected = recorder.values("gpu_watts")
    capsule = recorder.__arrow_c_stream__()
    del recorder
    stream = pointer(capsule, b"arrow_array_stream", Stream)
    arrays = []
    for _ in range(2):
        array = Array()
        assert stream.contents.get_next(stream, C.byref(array)) == 0
        arrays.append(array)
    del stream, capsule
    gc.collect()
    # A child is moved out of its parent, which is released first.
    columns = [name for name, _ in recorded(1, "sim:m1").columns()]
    child = Array.from_buffer_copy(arrays[0].children[columns.index("gpu_watts")].contents)
    arrays[0].children[columns.index("gpu_watts")].contents.release = type(child.release)(0)
    arrays[0].release(C.byref(arrays[0]))
    got = list((C.c_double * child.length).from_address(child.buffers[1] + 8 * child.offset))
    assert got == expected[: child.length]
    child.release(C.byref(child))
    arrays[1].release(C.byref(arrays[1]))


def test_capsules_that_nobody_consumes_are_freed(many):
    for _ in range(20):
        many.__arrow_c_stream__()
        many.__arrow_c_array__(None)
        many.__arrow_c_schema__()


def test_a_profiler_is_arrow_too():
    with actop.Profiler(0.001, source="sim:m1", speed=0.0, max_samples=50, when_full="stop") as profiler:
        profiler._recorder.wait(49, 60)
    assert read_stream(profiler)[0] == listed(profiler._recorder)


def test_pyarrow_reads_the_same(many):
    pyarrow = pytest.importorskip("pyarrow", minversion="14")
    assert pyarrow.table(many).to_pydict() == listed(many)


def test_polars_reads_the_same(many):
    polars = pytest.importorskip("polars", minversion="1.0")
    assert polars.DataFrame(many).to_dict(as_series=False) == listed(many)
