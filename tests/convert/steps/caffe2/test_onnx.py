from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ibd_mobile.convert.steps.caffe2 import onnx as caffe2_onnx
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random
from tests.onnx_nets import model, node


def test_what_depends_on_constants_only_is_computed_now() -> None:
    value = onnx.numpy_helper.from_array(random(2, 3), "v")
    nodes = [
        node("Constant", [], "c", value=value),
        node("Transpose", ["c"], "t", perm=[1, 0]),
        node("MatMul", ["x", "t"], "y"),
    ]
    graph = caffe2_onnx.graph(model(nodes, {}, ["N", 3]), [3])
    assert [n.type for n in graph.nodes] == ["MatMul"]
    np.testing.assert_array_equal(graph.constants["t"], random(2, 3).T)


def test_what_could_make_much_from_little_is_not_computed() -> None:
    nodes = [node("Expand", ["w", "s"], "e"), node("Add", ["x", "e"])]
    made = model(nodes, {"w": random(1), "s": np.array([3], np.int64)}, ["N", 3])
    assert "e" not in caffe2_onnx.graph(made, [3]).constants


def test_shapes_tell_where_the_batch_is() -> None:
    nodes = [
        node("Reshape", ["x", "s"], "r"),
        node("Transpose", ["x"], "t", perm=[2, 0, 1]),
        node("Concat", ["x", "x"], "c", axis=0),
    ]
    made = model(nodes, {"s": np.array([-1, 2], np.int64)}, ["N", 3, 4], ["r", "t", "c"])
    graph = caffe2_onnx.graph(made, [3, 4])
    assert graph.shapes["x"] == [-1, 3, 4]
    assert graph.shapes["r"] == [-6, 2]  # six rows for each sample
    assert graph.shapes["t"] == [4, -1, 3]
    assert graph.shapes["c"] == [-2, 3, 4]
    assert graph.batch == -1


def test_a_fixed_batch_stays_fixed() -> None:
    graph = caffe2_onnx.graph(model([node("Relu", ["x"])], {}, [4, 3]), [3])
    assert (graph.batch, graph.shapes["y"]) == (4, [4, 3])


def test_operators_that_no_output_needs_are_left_out() -> None:
    nodes = [node("Tanh", ["x"], "dead"), node("Relu", ["x"])]
    assert [n.type for n in caffe2_onnx.graph(model(nodes, {}, ["N", 3]), [3]).nodes] == ["Relu"]


def test_an_input_that_is_computed_is_no_constant() -> None:
    nodes = [node("Relu", ["x"], "r"), node("PRelu", ["x", "r"])]
    graph = caffe2_onnx.graph(model(nodes, {}, ["N", 3]), [3])
    assert graph.constant(graph.nodes[1], 2) is None
    with pytest.raises(Refused, match="PRelu → 'y' of the ONNX network: its input 'r'"):
        graph.constant(graph.nodes[1], 1)


def test_a_file_cut_anywhere_is_refused_or_not_a_network(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    raw = model([node("Relu", ["x"])], {"w": random(3)}, ["N", 3]).SerializeToString()
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(Refused, match=r"net\.onnx is no whole ONNX network"):
            caffe2_onnx.read(path)
    path.write_bytes(raw)
    assert caffe2_onnx.read(path).graph.node[0].op_type == "Relu"


def test_weights_in_another_file_are_not_followed(tmp_path: Path) -> None:
    made = model([node("Add", ["x", "w"])], {"w": random(3)}, ["N", 3])
    (tensor,) = made.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(Refused, match="keeps the weights 'w' in another file"):
        caffe2_onnx.read(path)


def two_inputs() -> Any:
    made = model([node("Relu", ["x"])], {}, ["N", 3])
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))
    return made


def foreign() -> Any:
    made = model([helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")], {}, ["N", 3])
    made.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return made


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (model([node("Relu", ["x"])], {}, ["N", 3], opset=8), "opset 8, older than 9"),
        (two_inputs(), r"the inputs \['x', 'z'\], not one"),
        (foreign(), "Gelu → 'y': operators of 'com.microsoft'"),
    ],
)
def test_networks_that_cannot_be_read_are_refused(made: Any, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        caffe2_onnx.graph(made, [3])
