import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ibd_mobile.convert.steps import onnx_padding
from ibd_mobile.convert.steps.onnx_network import Network

PADDED = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}


def network(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, size, size])
        for name, size in (("x", 8), ("y", 4))
    ]
    graph = helper.make_graph([*nodes], "net", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


AFTER_RELU = (
    helper.make_node("Relu", ["x"], ["a"]),
    helper.make_node("Sigmoid", ["x"], ["b"]),
    helper.make_node("Add", ["a", "b"], ["c"]),
    helper.make_node("MaxPool", ["c"], ["y"], **PADDED),
)
AFTER_ANYTHING = (
    helper.make_node("Relu", ["x"], ["a"]),
    helper.make_node("Add", ["a", "x"], ["c"]),
    helper.make_node("MaxPool", ["c"], ["y"], **PADDED),
)


@pytest.mark.parametrize(("nodes", "is_moved"), [(AFTER_RELU, True), (AFTER_ANYTHING, False)])
def test_padding_moves_only_where_nothing_is_negative_and_changes_nothing(
    nodes: tuple[onnx.NodeProto, ...], is_moved: bool
) -> None:
    model = network(*nodes)
    picture = np.random.default_rng(1).normal(size=(1, 2, 8, 8)).astype(np.float32) - 3
    expected = Network(model.SerializeToString()).infer(picture)[0]
    onnx_padding.pad_with_zero(model)
    onnx.checker.check_model(model, full_check=True)
    assert ("Pad" in [node.op_type for node in model.graph.node]) == is_moved
    assert np.array_equal(Network(model.SerializeToString()).infer(picture)[0], expected)
