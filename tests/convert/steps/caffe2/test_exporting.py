"""What computes number by number, and matrices, keeps its meaning on the way to Caffe2."""

from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random
from tests.onnx_nets import exported, model, node, returns

F = np.float32

CASES: dict[str, tuple[list[Any], dict[str, Any], tuple[int, ...]]] = {
    "relu": ([node("Relu", ["x"])], {}, (2, 3)),
    "leaky": ([node("LeakyRelu", ["x"], alpha=0.2)], {}, (2, 3)),
    "sigmoid": ([node("Sigmoid", ["x"])], {}, (2, 3)),
    "tanh": ([node("Tanh", ["x"])], {}, (2, 3)),
    "identity": ([node("Identity", ["x"])], {}, (2, 3)),
    "prelu": ([node("PRelu", ["x", "w"])], {"w": random(3, 1, 1)}, (2, 3, 4, 5)),
    "prelu shared": ([node("PRelu", ["x", "w"])], {"w": random(1)}, (2, 3, 4, 5)),
    "clip": ([node("Clip", ["x", "l", "h"])], {"l": F(-0.5), "h": F(0.25)}, (2, 30)),
    "clip above": ([node("Clip", ["x", "", "h"])], {"h": F(0.25)}, (2, 30)),
    "lrn": ([node("LRN", ["x"], size=5, alpha=0.3)], {}, (2, 7, 4, 5)),
    "softmax": ([node("Softmax", ["x"])], {}, (2, 3, 7)),
    "softmax of one pixel": ([node("Softmax", ["x"], axis=1)], {}, (2, 7, 1, 1)),
    "gemm": ([node("Gemm", ["x", "w", "b"])], {"w": random(6, 4), "b": random(4)}, (3, 6)),
    "gemm transposed": (
        [node("Gemm", ["x", "w", "b"], transB=1)], {"w": random(4, 6), "b": random(4)}, (3, 6)
    ),
    "gemm scaled": (
        [node("Gemm", ["x", "w", "b"], transB=1, alpha=0.5, beta=2.0)],
        {"w": random(4, 6), "b": random(1)}, (3, 6),
    ),
    "gemm alone": ([node("Gemm", ["x", "w"])], {"w": random(6, 4)}, (3, 6)),
    "matmul": ([node("MatMul", ["x", "w"])], {"w": random(6, 4)}, (3, 6)),
    "matmul and bias": (
        [node("MatMul", ["x", "w"], "m"), node("Add", ["b", "m"])],
        {"w": random(6, 4), "b": random(4)}, (3, 6),
    ),
    "matmul of three axes": (
        [node("MatMul", ["x", "w"], "m"), node("Add", ["m", "b"])],
        {"w": random(6, 4), "b": random(4)}, (3, 5, 6),
    ),
    "matmul of two": (
        [node("Transpose", ["x"], "t", perm=[0, 2, 1]), node("MatMul", ["x", "t"])], {}, (2, 3, 4)
    ),
    "product read twice": (
        [node("MatMul", ["x", "w"], "m"), node("Add", ["m", "b"], "a"), node("Sum", ["a", "m"])],
        {"w": random(6, 4), "b": random(4)}, (3, 6),
    ),
    "add of two": ([node("Relu", ["x"], "r"), node("Add", ["r", "x"])], {}, (2, 3)),
    "add a channel's": ([node("Add", ["x", "w"])], {"w": random(3, 1, 1)}, (2, 3, 4, 5)),
    "add first": ([node("Add", ["w", "x"])], {"w": random(1, 3, 1, 1)}, (2, 3, 4, 5)),
    "add a pixel's": ([node("Add", ["x", "w"])], {"w": random(4, 5)}, (2, 3, 4, 5)),
    "add across": ([node("Add", ["x", "w"])], {"w": random(3, 1, 5)}, (2, 3, 4, 5)),
    "mul by one": ([node("Mul", ["x", "w"])], {"w": F(3)}, (2, 3)),
    "sub": ([node("Sub", ["x", "w"])], {"w": random(3)}, (2, 3)),
    "sub from a constant": ([node("Sub", ["w", "x"])], {"w": random(3)}, (2, 3)),
    "div": ([node("Div", ["x", "w"])], {"w": random(3, low=0.5)}, (2, 3)),
    "div of a constant": (
        [node("Sigmoid", ["x"], "s"), node("Div", ["w", "s"])], {"w": F(1)}, (2, 3)
    ),
    "gate": ([node("Sigmoid", ["x"], "s"), node("Mul", ["x", "s"])], {}, (2, 3)),
    "mul with one pixel": (
        [node("GlobalAveragePool", ["x"], "g"), node("Mul", ["x", "g"])], {}, (2, 3, 4, 5)
    ),
    "batch norm": (
        [node("BatchNormalization", ["x", "s", "b", "m", "v"], epsilon=0.01)],
        {n: random(3, seed=k, low=0.2) for k, n in enumerate("sbmv")}, (2, 3, 4, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_operator_keeps_its_meaning(case: str) -> None:
    nodes, constants, shape = CASES[case]
    returns(model(nodes, constants, ["N", *shape[1:]]), random(*shape))


def test_a_product_with_its_bias_becomes_one_operator() -> None:
    nodes, constants, _ = CASES["matmul and bias"]
    net = exported(model(nodes, constants, ["N", 6]), [6])
    assert [(op.type, op.outputs) for op in net.ops] == [("FC", ("y",))]


def test_a_channel_is_added_in_the_form_that_old_versions_read() -> None:
    nodes, constants, _ = CASES["add a channel's"]
    net = exported(model(nodes, constants, ["N", 3, 4, 5]), [3, 4, 5])
    (op,) = net.ops
    assert (op.args.integer("broadcast", 0), op.args.integer("axis", -1)) == (1, 1)
    assert net.weights[op.inputs[1]].shape == (3,)


def test_softmax_of_old_opsets_is_over_all_that_follows() -> None:
    made = model([node("Softmax", ["x"], axis=1)], {}, ["N", 3, 4], opset=11)
    returns(made, random(2, 3, 4))


def test_a_constant_that_two_operators_read_is_written_once() -> None:
    nodes = [node("Relu", ["x"], "r"), node("Add", ["r", "w"], "a"), node("Add", ["a", "w"])]
    net = returns(model(nodes, {"w": random(3)}, ["N", 3]), random(2, 3))
    assert list(net.weights) == ["w__flat"]


@pytest.mark.parametrize(
    ("nodes", "constants", "shape", "problem"),
    [
        ([node("Softmax", ["x"], axis=1)], {}, (3, 4), "along the last axis only"),
        ([node("PRelu", ["x", "w"])], {"w": random(4)}, (3, 4), "not one per channel"),
        ([node("Gemm", ["x", "w"], transA=1)], {"w": random(1, 4)}, (3,), "transposed"),
        ([node("BatchNormalization", ["x", *"sbmv"])],
         {n: random(3, low=0.2) for n in "sbmv"}, (3,), "of pictures"),
    ],
)  # fmt: skip
def test_what_caffe2_cannot_say_is_refused(
    nodes: list[Any], constants: dict[str, Any], shape: tuple[int, ...], problem: str
) -> None:
    made = model(nodes, constants, [1, *shape])
    with pytest.raises(Refused, match=f"→ 'y' of the ONNX network.*{problem}"):
        exported(made, shape)
