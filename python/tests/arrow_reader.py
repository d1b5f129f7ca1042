# SPDX-License-Identifier: MIT
"""A consumer of Arrow's C data interface of our own, with ctypes: reads PyCapsules into lists. Follows the published
specification, not the producer: offsets, bitmaps, dictionaries, release callbacks, moved children."""
import ctypes as C
import struct


class Schema(C.Structure):
    pass


class Array(C.Structure):
    pass


class Stream(C.Structure):
    pass


Schema._fields_ = [
    ("format", C.c_char_p), ("name", C.c_char_p), ("metadata", C.c_char_p), ("flags", C.c_int64),
    ("n_children", C.c_int64), ("children", C.POINTER(C.POINTER(Schema))), ("dictionary", C.POINTER(Schema)),
    ("release", C.CFUNCTYPE(None, C.POINTER(Schema))), ("private_data", C.c_void_p)]
Array._fields_ = [
    ("length", C.c_int64), ("null_count", C.c_int64), ("offset", C.c_int64), ("n_buffers", C.c_int64),
    ("n_children", C.c_int64), ("buffers", C.POINTER(C.c_void_p)), ("children", C.POINTER(C.POINTER(Array))),
    ("dictionary", C.POINTER(Array)), ("release", C.CFUNCTYPE(None, C.POINTER(Array))), ("private_data", C.c_void_p)]
Stream._fields_ = [
    ("get_schema", C.CFUNCTYPE(C.c_int, C.POINTER(Stream), C.POINTER(Schema))),
    ("get_next", C.CFUNCTYPE(C.c_int, C.POINTER(Stream), C.POINTER(Array))),
    ("get_last_error", C.CFUNCTYPE(C.c_char_p, C.POINTER(Stream))),
    ("release", C.CFUNCTYPE(None, C.POINTER(Stream))), ("private_data", C.c_void_p)]

_pointer = C.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = C.c_void_p, [C.py_object, C.c_char_p]
WIDTHS = {b"g": "d", b"f": "f", b"l": "q", b"i": "i", b"I": "I", b"C": "B"}


def pointer(capsule, name, kind):
    return C.cast(_pointer(capsule, name), C.POINTER(kind))


def _bit(address, i):
    return C.c_uint8.from_address(address + i // 8).value >> (i % 8) & 1


def _texts(array):
    count = array.length + array.offset
    offsets = struct.unpack(f"{count + 1}i", C.string_at(array.buffers[1], 4 * (count + 1)))
    data = C.string_at(array.buffers[2], offsets[-1])
    return [data[offsets[i]:offsets[i + 1]].decode() for i in range(array.offset, count)]


def read_column(schema, array):
    """(values, nulls counted): None where the bitmap says so."""
    first, n = array.offset, array.length
    if schema.format == b"b":
        raw = [bool(_bit(array.buffers[1], first + i)) for i in range(n)]
    elif schema.format == b"u":
        raw = _texts(array)
    else:
        code = WIDTHS[schema.format]
        size = struct.calcsize(code)
        raw = list(struct.unpack(f"={n}{code}", C.string_at(array.buffers[1] + first * size, n * size)))
    valid = array.buffers[0]
    values = [v if valid is None or _bit(valid, first + i) else None for i, v in enumerate(raw)]
    if array.null_count >= 0:
        assert array.null_count == values.count(None)
    if schema.dictionary:
        words, = [read_column(schema.dictionary.contents, array.dictionary.contents)]
        values = [None if v is None else words[v] for v in values]
    return values


def read_schema(schema):
    assert schema.format == b"+s"
    return [(schema.children[i].contents.name.decode(), schema.children[i].contents.format.decode())
            for i in range(schema.n_children)]


def read_struct(schema, array):
    """{name: values} of one struct array."""
    assert array.n_children == schema.n_children and array.n_buffers == 1
    out = {}
    for i in range(array.n_children):
        child = array.children[i].contents
        assert child.length == array.length
        out[schema.children[i].contents.name.decode()] = read_column(schema.children[i].contents, child)
    return out


def read_stream(source):
    """({name: values}, number of batches) of anything with __arrow_c_stream__."""
    capsule = source.__arrow_c_stream__()
    stream = pointer(capsule, b"arrow_array_stream", Stream)
    schema = Schema()
    assert stream.contents.get_schema(stream, C.byref(schema)) == 0
    out = {name: [] for name, _ in read_schema(schema)}
    batches = 0
    while True:
        array = Array()
        assert stream.contents.get_next(stream, C.byref(array)) == 0
        if not array.release:
            break
        batches += 1
        for name, values in read_struct(schema, array).items():
            out[name] += values
        array.release(C.byref(array))
        assert not array.release
    schema.release(C.byref(schema))
    stream.contents.release(stream)
    assert not stream.contents.release
    return out, batches


def read_array(source):
    schema_capsule, array_capsule = source.__arrow_c_array__()
    schema = pointer(schema_capsule, b"arrow_schema", Schema)
    array = pointer(array_capsule, b"arrow_array", Array)
    return read_struct(schema.contents, array.contents)
