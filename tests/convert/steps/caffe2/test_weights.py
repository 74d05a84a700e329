from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.caffe2 import op as caffe2_op
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2 import weights as caffe2_weights
from ibd_mobile.convert.steps.caffe2.weights import Blobs
from ibd_mobile.convert.steps.caffe2.writer import NetWriter, add_op
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random


def made(net: Any) -> Blobs:
    return caffe2_weights.blobs(caffe2_op.ops(net, "net_init.pb"))


def fill(kind: str, **args: Any) -> Blobs:
    net = caffe2_schema.message_class("NetDef")(name="init")
    add_op(net, kind, args.pop("inputs", []), ["w"], **args)
    return made(net)


def test_weights_come_back_as_they_were_written() -> None:
    writer = NetWriter("net")
    weights = {
        "w": random(3, 2, 1),
        "n": np.array([1, -2], np.int64),
        "k": np.array([[7]], np.int32),
        "none": np.zeros((0, 3), np.float32),
        "one": np.float32(2).reshape(()),
    }
    for name, values in weights.items():
        writer.weight(name, values)
    back = made(writer.init)
    assert list(back) == list(weights)
    for name, values in weights.items():
        assert (back[name].dtype, back[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(back[name], values)


@pytest.mark.parametrize(
    ("args", "dtype", "value"),
    [
        ({"value": 0.5}, np.float32, 0.5),
        ({}, np.float32, 0),
        ({"value": 3}, np.int64, 3),  # without a type, that of the value counts
        ({"value": 3, "dtype": 1}, np.float32, 3),
        ({"value": 1, "dtype": 5}, np.bool_, True),
    ],
)
def test_a_constant_has_the_type_of_its_value(
    args: dict[str, Any], dtype: type[np.generic], value: object
) -> None:
    blob = fill("ConstantFill", shape=[2, 3], **args)["w"]
    assert (blob.dtype, blob.shape) == (dtype, (2, 3))
    assert (blob == value).all()


def test_copies_and_casts_read_what_was_made_before() -> None:
    net = caffe2_schema.message_class("NetDef")(name="init")
    add_op(net, "ConstantFill", [], ["a"], shape=[2], value=3)
    add_op(net, "Copy", ["a"], ["b"])
    add_op(net, "Cast", ["b"], ["c"], to=1)
    assert made(net)["c"].tolist() == [3, 3]
    assert made(net)["c"].dtype == np.float32
    with pytest.raises(Refused, match="it copies missing, which nothing before it made"):
        fill("Copy", inputs=["missing"])


@pytest.mark.parametrize(
    "kind", ["XavierFill", "GaussianFill", "UniformFill", "MSRAFill", "UniformIntFill"]
)
def test_weights_drawn_at_random_are_no_trained_network(kind: str) -> None:
    with pytest.raises(Refused, match=f"{kind} → 'w' of net 'init': .*drawn at random"):
        fill(kind, shape=[2])


def test_a_weight_with_too_few_numbers_is_named() -> None:
    net = caffe2_schema.message_class("NetDef")(name="init")
    add_op(net, "GivenTensorFill", [], ["conv1_w"], shape=[2, 3])
    caffe2_schema.set_floats(net.op[0].arg.add(name="values"), random(5))
    problem = r"'conv1_w' of net 'init': its shape \[2, 3\] needs 6 numbers and the file has 5"
    with pytest.raises(Refused, match=problem):
        made(net)


@pytest.mark.parametrize("shape", [[-1, 2], [2**20, 2**20], [2**62, 2**62]])
def test_a_shape_that_would_fill_the_memory_is_refused(shape: list[int]) -> None:
    with pytest.raises(Refused, match="no blob can have the shape"):
        fill("ConstantFill", shape=shape)


def test_many_blobs_that_would_fill_the_memory_together_are_refused() -> None:
    net = caffe2_schema.message_class("NetDef")(name="init")
    for k in range(5):
        add_op(net, "ConstantFill", [], [f"w{k}"], shape=[2**29], dtype=5, value=0)
    with pytest.raises(Refused, match="the blobs so far have more than"):
        made(net)


@pytest.mark.parametrize("kind", ["GivenTensorByteStringToUInt8Fill", "Load", "Conv"])
def test_other_operators_are_named(kind: str) -> None:
    with pytest.raises(Refused, match=f"{kind} → 'w' .*not known here"):
        fill(kind, shape=[1])


def tensor(**fields: Any) -> Any:
    return caffe2_schema.message_class("TensorProto")(name="w", dims=[2], **fields)


@pytest.mark.parametrize(
    ("fields", "dtype", "values"),
    [
        ({"float_data": [1.5, 2]}, np.float32, [1.5, 2]),
        ({"data_type": 2, "int32_data": [1, -2]}, np.int32, [1, -2]),
        ({"data_type": 10, "int64_data": [1, -2]}, np.int64, [1, -2]),
        ({"data_type": 13, "double_data": [1, -2]}, np.float64, [1, -2]),
        ({"data_type": 3, "byte_data": b"\x01\xff"}, np.uint8, [1, 255]),
        ({"data_type": 1, "raw_data": np.array([1, 2], "<f4").tobytes()}, np.float32, [1, 2]),
        # half precision: 1 and -2 as their bits
        ({"data_type": 12, "int32_data": [0x3C00, 0xC000]}, np.float16, [1, -2]),
    ],
)
def test_tensors_of_all_types_are_read(
    fields: dict[str, Any], dtype: type[np.generic], values: list[float]
) -> None:
    read = caffe2_weights.tensors([tensor(**fields)], "init.pb")["w"]
    assert (read.dtype, read.tolist()) == (dtype, values)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"float_data": [1.5]}, r"its shape \[2\] needs 2 numbers and the file has 1"),
        ({"raw_data": b"\0" * 7}, "the file has 1"),
        ({"data_type": 4, "string_data": [b"a", b"b"]}, "of type 4 is not known"),
        ({"data_format": 1, "raw_data": b"\0" * 4}, "data format 1"),
        ({"segment": {"begin": 0, "end": 2}}, "in pieces"),
    ],
)
def test_a_tensor_that_cannot_be_read_is_named(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refused, match=r"tensor 'w' of init\.pb") as refusal:
        caffe2_weights.tensors([tensor(**fields)], "init.pb")
    assert refusal.match(problem)
