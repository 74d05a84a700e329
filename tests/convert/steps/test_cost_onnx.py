import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from ibd_mobile.convert.steps import cost_onnx, step


def stored(name: str, shape: Sequence[int], dtype: int = TensorProto.FLOAT) -> Any:
    """An initializer without its numbers, as `onnx` reads one whose file was emptied."""
    return TensorProto(name=name, dims=list(shape), data_type=dtype)


def net(
    nodes: Sequence[Any], inputs: dict[str, Sequence[Any]], weights: Sequence[Any] = ()
) -> onnx.ModelProto:
    taken = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in inputs.items()
    ]
    given_back = [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)]
    graph = helper.make_graph(list(nodes), "net", taken, given_back, list(weights))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets)


def test_a_convolution_costs_its_kernel_at_every_place() -> None:
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])
    model = net([node], {"x": ["batch", 3, 8, 8]}, [stored("w", (16, 3, 3, 3)), stored("b", (16,))])
    assert cost_onnx.count(model) == (4 * 4 * 16 * 27, 16 * 27 + 16)


def test_a_depthwise_convolution_sees_one_channel() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=8, pads=[1, 1, 1, 1])
    model = net([node], {"x": [1, 8, 8, 8]}, [stored("w", (8, 1, 3, 3))])
    assert cost_onnx.count(model) == (8 * 8 * 8 * 9, 72)


def test_a_transposed_convolution_spreads_each_input() -> None:
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    model = net([node], {"x": [1, 6, 4, 4]}, [stored("w", (6, 5, 2, 2))])
    assert cost_onnx.count(model) == (4 * 4 * 6 * 5 * 4, 120)


@given(batch=st.integers(1, 64), is_transposed=st.booleans())
def test_a_dense_layer_costs_one_sample_whatever_the_batch(batch: int, is_transposed: bool) -> None:
    node = helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=int(is_transposed))
    shape = (20, 10) if is_transposed else (10, 20)
    model = net([node], {"x": [batch, 10]}, [stored("w", shape), stored("b", (20,))])
    assert cost_onnx.count(model) == (200, 220)


def test_a_product_of_two_computed_matrices_has_no_parameters() -> None:
    node = helper.make_node("MatMul", ["x", "z"], ["y"])
    assert cost_onnx.count(net([node], {"x": [1, 3, 7], "z": [1, 7, 5]})) == (105, 0)


def test_the_quantized_form_of_a_convolution_costs_the_same() -> None:
    inputs = ["x", "s", "z", "w", "s", "z", "s", "z", "b"]
    quantized = helper.make_node("QLinearConv", inputs, ["y"])
    model = net(
        [quantized],
        {"x": [1, 3, 8, 8]},
        [
            stored("w", (4, 3, 3, 3), TensorProto.INT8),
            stored("b", (4,), TensorProto.INT32),
            helper.make_tensor("s", TensorProto.FLOAT, [], [1.0]),
            helper.make_tensor("z", TensorProto.INT8, [], [0]),
        ],
    )
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.INT8
    assert cost_onnx.count(model) == (6 * 6 * 4 * 27, 108 + 4)


def test_weights_behind_a_dequantizer_are_counted_and_its_scales_are_not() -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"], axis=0),
        helper.make_node("Conv", ["x", "wf"], ["y"]),
    ]
    weights = [
        stored("w", (4, 3, 3, 3), TensorProto.INT8),
        helper.make_tensor("s", TensorProto.FLOAT, [4], [1.0] * 4),
        helper.make_tensor("z", TensorProto.INT8, [4], [0] * 4),
    ]
    assert cost_onnx.count(net(nodes, {"x": [1, 3, 8, 8]}, weights)) == (6 * 6 * 4 * 27, 108)


def test_a_normalisation_left_unfolded_has_four_parameters_a_channel() -> None:
    node = helper.make_node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"])
    model = net([node], {"x": [1, 3, 8, 8]}, [stored(n, (3,)) for n in "gbmv"])
    assert cost_onnx.count(model) == (0, 12)


def test_one_number_that_is_added_is_no_parameter_and_a_channel_s_are() -> None:
    nodes = [
        helper.make_node("Add", ["x", "one"], ["h"]),
        helper.make_node("Mul", ["h", "many"], ["y"]),
    ]
    weights = [stored("one", ()), stored("many", (3, 1, 1))]
    assert cost_onnx.count(net(nodes, {"x": [1, 3, 8, 8]}, weights)) == (0, 3)


@pytest.mark.parametrize(
    ("kind", "domain"), [("LSTM", ""), ("FusedConv", "com.microsoft"), ("Mystery", "org.example")]
)
def test_what_cannot_be_counted_is_refused_and_named(kind: str, domain: str) -> None:
    node = helper.make_node(kind, ["x"], ["y"], name="n7", domain=domain)
    with pytest.raises(step.Refused, match=f"n7.*{kind}"):
        cost_onnx.count(net([node], {"x": [1, 3, 8, 8]}))


def test_a_shape_that_is_open_in_height_is_refused() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    model = net([node], {"x": [1, 3, "height", 8]}, [stored("w", (4, 3, 3, 3))])
    with pytest.raises(step.Refused, match="shape of tensor 'y'"):
        cost_onnx.count(model)


def test_the_step_writes_what_it_counted(tmp_path: Path) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"])
    onnx.save(net([node], {"x": ["n", 10]}, [stored("w", (10, 20))]), tmp_path / "net.onnx")
    request = step.Request({"model": str(tmp_path / "net.onnx")}, str(tmp_path), "")
    cost_onnx.cost(request)
    told = json.loads((tmp_path / cost_onnx.COST).read_text())
    assert (told["macs_count"], told["parameters_count"]) == (200, 200)
    assert told["counter"] == cost_onnx.COUNTER


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\xff" * 40)
    request = step.Request({"model": str(tmp_path / "net.onnx")}, str(tmp_path), "")
    with pytest.raises(step.Refused, match="not an ONNX file"):
        cost_onnx.cost(request)
