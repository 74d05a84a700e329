"""What moves numbers without computing keeps its meaning on the way to Caffe2."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random
from tests.onnx_nets import exported, model, node, returns

I = np.int64  # noqa: E741 - as NumPy's kind code

CASES: dict[str, tuple[list[Any], dict[str, Any], tuple[int, ...]]] = {
    "flatten": ([node("Flatten", ["x"])], {}, (2, 3, 4)),
    "flatten from behind": ([node("Flatten", ["x"], axis=-1)], {}, (2, 3, 4)),
    "reshape": ([node("Reshape", ["x", "s"])], {"s": np.array([0, -1], I)}, (2, 3, 4)),
    "reshape of the batch": (
        [node("Reshape", ["x", "s"])], {"s": np.array([-1, 6, 2], I)}, (2, 3, 4)
    ),
    "reshape into the batch": ([node("Reshape", ["x", "s"])], {"s": np.array([-1, 4], I)},
                               (2, 3, 4)),
    "transpose": ([node("Transpose", ["x"], perm=[0, 2, 1])], {}, (2, 3, 4)),
    "transpose by default": ([node("Transpose", ["x"])], {}, (2, 3)),
    "squeeze": ([node("Squeeze", ["x", "a"])], {"a": np.array([-1, 2], I)}, (2, 3, 1, 1)),
    "squeeze all": ([node("Squeeze", ["x"])], {}, (2, 3, 1, 1)),
    "unsqueeze": ([node("Unsqueeze", ["x", "a"])], {"a": np.array([-1, 1], I)}, (2, 3)),
    "concat": ([node("Relu", ["x"], "r"), node("Concat", ["x", "r"], axis=-1)], {}, (2, 3, 4)),
    "concat with a constant": ([node("Concat", ["x", "w"], axis=0)], {"w": random(2, 3)}, (2, 3)),
    "dropout": ([node("Dropout", ["x"])], {}, (2, 3)),
    "pad": (
        [node("Pad", ["x", "p", "v"])],
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 3], I), "v": np.float32(0.5)}, (2, 3, 4, 5),
    ),
    "pad last": (
        [node("Pad", ["x", "p"])], {"p": np.array([0, 1, 2, 0, 0, 0, 1, 0], I)}, (2, 4, 5, 3)
    ),
    "nearest": (
        [node("Resize", ["x", "", "s"], coordinate_transformation_mode="asymmetric",
              nearest_mode="floor")],
        {"s": np.array([1, 1, 2, 1.5], np.float32)}, (2, 3, 4, 6),
    ),
    "nearest by half pixels": (
        [node("Resize", ["x", "", "s"])], {"s": np.array([1, 1, 2, 3], np.float32)}, (2, 3, 4, 6)
    ),
    "bilinear": (
        [node("Resize", ["x", "", "", "n"], mode="linear",
              coordinate_transformation_mode="align_corners")],
        {"n": np.array([2, 3, 8, 10], I)}, (2, 3, 4, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_operator_keeps_its_meaning(case: str) -> None:
    nodes, constants, shape = CASES[case]
    # sizes and constants that name the batch hold for that batch only
    is_fixed = case in ("bilinear", "concat with a constant")
    batch: int | str = shape[0] if is_fixed else "N"
    returns(model(nodes, constants, [batch, *shape[1:]]), random(*shape))


def test_parts_of_a_split_keep_their_names() -> None:
    split = helper.make_node("Split", ["x", "s"], ["a", "b"], axis=1)
    made = model([split], {"s": np.array([1, 2], I)}, ["N", 3, 4], ["a", "b"])
    assert returns(made, random(2, 3, 4)).outputs == ["a", "b"]


def test_a_shape_worked_out_from_the_batch_leaves_it_open() -> None:
    nodes = [
        node("Shape", ["x"], "shape"),
        node("Gather", ["shape", "zero"], "n", axis=0),
        node("Unsqueeze", ["n", "first"], "n1"),
        node("Concat", ["n1", "rest"], "wanted", axis=0),
        node("Reshape", ["x", "wanted"]),
    ]
    constants = {"zero": np.array(0, I), "first": np.array([0], I), "rest": np.array([-1], I)}
    net = returns(model(nodes, constants, ["N", 3, 4]), random(5, 3, 4))
    assert [op.type for op in net.ops] == ["Reshape"]
    assert net.ops[0].args.integers("shape") == [0, 12]


@pytest.mark.parametrize(
    ("made", "constants", "problem"),
    [
        (node("Pad", ["x", "p"], mode="reflect"), {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1], I)},
         "only padding with a constant"),
        (node("Pad", ["x", "p"]), {"p": np.array([0, 1, 0, 1, 0, 0, 0, 0], I)},
         "only padding of height and width"),
        (node("Resize", ["x", "", "s"], mode="linear"),
         {"s": np.array([1, 1, 2, 2], np.float32)}, "linear with half_pixel"),
        (node("Resize", ["x", "", "s"]), {"s": np.array([1, 1, 1.5, 1], np.float32)},
         "nearest with half_pixel"),
        (node("Resize", ["x", "", "s"]), {"s": np.array([1, 2, 1, 1], np.float32)},
         "only height and width"),
        (node("Dropout", ["x", "", "t"]), {"t": np.array(True)}, "in training mode"),
    ],
)  # fmt: skip
def test_what_caffe2_cannot_say_is_refused(
    made: Any, constants: dict[str, Any], problem: str
) -> None:
    with pytest.raises(Refused, match=f"{made.op_type} → 'y' of the ONNX network.*{problem}"):
        exported(model([made], constants, ["N", 3, 4, 6]), (3, 4, 6))
