import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random, writer


def field(number: int, wire: int) -> bytes:
    return bytes([number << 3 | wire])


def text(number: int, value: bytes) -> bytes:
    return field(number, 2) + bytes([len(value)]) + value


#: an operator of an init net, byte by byte as Caffe2 wrote it
FILL = text(
    2,
    text(2, b"w")
    + text(4, b"GivenTensorFill")
    + text(5, text(1, b"shape") + field(6, 0) + b"\x02")
    + text(5, text(1, b"values")
           + field(5, 5) + struct.pack("<f", 1.5) + field(5, 5) + struct.pack("<f", -2)),
)  # fmt: skip


def test_the_numbers_of_the_fields_are_those_of_the_public_format() -> None:
    net = caffe2_schema.parse(text(1, b"init") + FILL + text(8, b"w"), "net.pb", "NetDef")
    assert (net.name, list(net.external_output)) == ("init", ["w"])
    shape, values = net.op[0].arg
    assert (net.op[0].type, shape.name, list(shape.ints)) == ("GivenTensorFill", "shape", [2])
    assert caffe2_schema.floats(values).tolist() == [1.5, -2]


def test_numbers_written_in_one_piece_are_read_too() -> None:
    packed = text(1, b"values") + text(5, struct.pack("<3f", 1, 2, 3))
    argument = caffe2_schema.parse(packed, "net.pb", "Argument")
    assert caffe2_schema.floats(argument).tolist() == [1, 2, 3]


def test_a_net_is_written_as_caffe2_writes_it() -> None:
    net = caffe2_schema.message_class("NetDef")()
    op = net.op.add(type="GivenTensorFill", output=["w"])
    op.arg.add(name="shape").ints.append(2)
    caffe2_schema.set_floats(op.arg.add(name="values"), np.array([1.5, -2], np.float32))
    assert net.SerializeToString(deterministic=True) == FILL


@given(arrays.arrays(np.float32, st.integers(0, 50)))
def test_numbers_come_back_bit_by_bit(values: np.ndarray) -> None:
    argument = caffe2_schema.message_class("Argument")(name="values")
    caffe2_schema.set_floats(argument, values)
    assert len(argument.floats) == values.size
    assert caffe2_schema.floats(argument).tobytes() == values.tobytes()


def test_fields_of_later_versions_are_tolerated() -> None:
    later = text(1, b"net") + FILL + text(15, b"\x01\x02\x03")
    assert len(caffe2_schema.parse(later, "net.pb", "NetDef").op) == 1


def test_a_type_of_data_that_is_not_known_stays_itself() -> None:
    tensor = caffe2_schema.parse(field(2, 0) + b"\x63", "t.pb", "TensorProto")
    assert tensor.data_type == 0x63


def test_a_net_cut_anywhere_is_refused_or_ends_between_two_fields() -> None:
    made = writer([("Conv", ["x", "w"], ["y"], {"kernel": 1})], {"w": random(2, 1, 1, 1)})
    raw = made.init.SerializeToString()
    borders = set()
    rest = made.init
    for name in ("external_output", "op", "name"):  # what stands last goes first
        rest.ClearField(name)
        borders.add(rest.ByteSize())
    for length in range(1, len(raw)):
        if length in borders:
            caffe2_schema.parse(raw[:length], "net_init.pb", "NetDef")
            continue
        problem = rf"net_init\.pb \({length} bytes\) is no whole Caffe2 NetDef"
        with pytest.raises(Refused, match=problem):
            caffe2_schema.parse(raw[:length], "net_init.pb", "NetDef")


@pytest.mark.parametrize(
    "raw",
    [b"TFL3" * 20, b"\x89HDF\r\n\x1a\n" * 9, b"PK\x03\x04" * 20, b"<html>not found</html>",
     text(1, b"\xff\xfe") + FILL, text(2, text(4, b"\xff"))],
)  # fmt: skip
def test_files_of_other_formats_are_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="another format"):
        caffe2_schema.parse(raw, "net.pb", "NetDef")


def test_the_text_form_is_read(tmp_path: Path) -> None:
    path = tmp_path / "predict_net.pbtxt"
    path.write_text(
        'name: "net" op { input: "x" output: "y" type: "Relu" new_field: 3'
        ' arg { name: "order" s: "NCHW" } device_option { device_type: 1 cuda_gpu_id: 0 } }'
    )
    net = caffe2_schema.read(path, "NetDef")
    assert (net.op[0].type, net.op[0].arg[0].s) == ("Relu", b"NCHW")
    path.write_text(path.read_text()[:-9])
    with pytest.raises(Refused, match=r"predict_net\.pbtxt is no whole .* in text form"):
        caffe2_schema.read(path, "NetDef")


def test_a_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"net\.pb cannot be read: No such file"):
        caffe2_schema.read(tmp_path / "net.pb", "NetDef")
    (tmp_path / "net.pb").write_bytes(b"")
    with pytest.raises(Refused, match=r"net\.pb has 0 bytes"):
        caffe2_schema.read(tmp_path / "net.pb", "NetDef")


def test_a_file_larger_than_protobuf_reads_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "net.pb").open("wb") as file:
        file.truncate(caffe2_schema.LIMIT_BYTES + 1)  # takes no room on the disk
    with pytest.raises(Refused, match="2147483648 bytes"):
        caffe2_schema.read(tmp_path / "net.pb", "NetDef")


def test_the_same_message_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.pb", tmp_path / "b.pb"
    for path in (first, second):
        made = writer([("Conv", ["x", "w"], ["y"], {"kernel": 1})], {"w": random(2, 1, 1, 1)})
        caffe2_schema.write(path, made.init)
    assert first.read_bytes() == second.read_bytes()
