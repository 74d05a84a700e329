"""What computes number by number, and matrices, means in ONNX what it means in Caffe2."""

from collections.abc import Callable

import pytest

from ibd_mobile.convert.steps.caffe2.graph import Net
from tests.caffe2_nets import agree, net, one, random, statistics

CASES: dict[str, tuple[Callable[[], Net], tuple[int, ...]]] = {
    "relu": (lambda: one("Relu"), (2, 3, 4, 5)),
    "leaky": (lambda: one("LeakyRelu", alpha=0.2), (2, 3, 4, 5)),
    "leaky by default": (lambda: one("LeakyRelu"), (2, 3)),
    "sigmoid": (lambda: one("Sigmoid"), (2, 3)),
    "tanh": (lambda: one("Tanh"), (2, 3)),
    "clip": (lambda: one("Clip", min=-0.5, max=0.25), (2, 30)),
    "clip above": (lambda: one("Clip", max=0.25), (2, 30)),
    "clip by integer": (lambda: one("Clip", min=0, max=6), (2, 30)),
    "prelu": (lambda: one("PRelu", {"w": random(3)}), (2, 3, 4, 5)),
    "prelu shared": (lambda: one("PRelu", {"w": random(1)}), (2, 3, 4, 5)),
    "prelu last": (lambda: one("PRelu", {"w": random(5)}, order="NHWC"), (2, 3, 4, 5)),
    "dropout": (lambda: one("Dropout", count=2, is_test=1), (2, 3)),
    "lrn": (lambda: one("LRN", size=5, alpha=0.3, beta=0.75, bias=2.0), (2, 7, 4, 5)),
    "lrn last": (lambda: one("LRN", size=3, alpha=0.3, beta=0.5, order="NHWC"), (2, 4, 5, 7)),
    "lrn with scale": (lambda: one("LRN", count=2, size=3, alpha=0.3, beta=0.5), (2, 7, 4, 5)),
    "softmax": (lambda: one("Softmax"), (2, 7)),
    "softmax of a picture": (lambda: one("Softmax"), (2, 3, 4, 5)),
    "softmax of one pixel": (lambda: one("Softmax"), (2, 7, 1, 1)),
    "softmax of the last axis": (lambda: one("Softmax", axis=2), (2, 3, 7)),
    "fc": (lambda: one("FC", {"w": random(4, 6), "b": random(4)}), (3, 6)),
    "fc of a picture": (lambda: one("FC", {"w": random(4, 24), "b": random(4)}), (2, 2, 3, 4)),
    "fc with old weights": (
        lambda: one("FC", {"w": random(1, 1, 4, 24), "b": random(4)}, axis_w=3), (2, 2, 3, 4)
    ),
    "fc of the last axis": (lambda: one("FC", {"w": random(4, 6), "b": random(4)}, axis=2),
                            (2, 5, 6)),
    "fc of the last two": (lambda: one("FC", {"w": random(4, 12), "b": random(4)}, axis=2),
                           (2, 5, 3, 4)),
    "fc transposed": (lambda: one("FCTransposed", {"w": random(6, 4), "b": random(4)}), (3, 6)),
    "matmul": (lambda: one("MatMul", {"w": random(6, 4)}), (3, 6)),
    "matmul transposed": (lambda: one("MatMul", {"w": random(4, 6)}, trans_b=1), (3, 6)),
    "matmul of a picture": (lambda: one("MatMul", {"w": random(6, 4)}), (3, 2, 3)),
    "batch matmul": (lambda: one("BatchMatMul", {"w": random(2, 3, 4)}), (2, 5, 3)),
    "batch matmul transposed": (
        lambda: one("BatchMatMul", {"w": random(2, 4, 3)}, trans_a=1, trans_b=1), (2, 3, 5)
    ),
    "add along the channels": (
        lambda: one("Add", {"w": random(3)}, broadcast=1, axis=1), (2, 3, 4, 5)
    ),
    "mul along named channels": (
        lambda: one("Mul", {"w": random(3)}, broadcast=1, axis_str="C"), (2, 3, 4, 5)
    ),
    "sub along the end": (lambda: one("Sub", {"w": random(4, 5)}, broadcast=1), (2, 3, 4, 5)),
    "div by one number": (lambda: one("Div", {"w": random(1)}, broadcast=1), (2, 3, 4, 5)),
    "mul by the batch": (lambda: one("Mul", {"w": random(2)}, broadcast=1, axis=0), (2, 3)),
    "add as numpy does": (lambda: one("Add", {"w": random(3, 1, 5)}), (2, 3, 4, 5)),
    "sum": (lambda: net([("Sum", ["x", "x", "x"], ["y"], {})], {}), (2, 3)),
    "batch norm": (
        lambda: one("SpatialBN", statistics(3), is_test=1, epsilon=0.01), (2, 3, 4, 5)
    ),
    "batch norm last": (
        lambda: one("SpatialBN", statistics(5), is_test=1, order="NHWC"), (2, 3, 4, 5)
    ),
    "batch norm of five outputs": (
        lambda: one("SpatialBN", statistics(3), count=5, is_test=1), (2, 3, 4, 5)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_operator_means_the_same(case: str) -> None:
    build, shape = CASES[case]
    agree(build(), random(*shape))
