"""What moves numbers without computing means in ONNX what it means in Caffe2."""

from collections.abc import Callable

import numpy as np
import pytest

from ibd_mobile.convert.steps import caffe2_to_onnx
from ibd_mobile.convert.steps.caffe2.graph import Net
from tests.caffe2_nets import agree, net, one, random

CASES: dict[str, tuple[Callable[[], Net], tuple[int, ...]]] = {
    "copy": (lambda: one("Copy"), (2, 3)),
    "flatten": (lambda: one("Flatten"), (2, 3, 4)),
    "flatten from two": (lambda: one("Flatten", axis=2), (2, 3, 4)),
    "flatten to vector": (lambda: one("FlattenToVec"), (2, 3, 4)),
    "transpose": (lambda: one("Transpose", axes=[0, 2, 1]), (2, 3, 4)),
    "transpose by default": (lambda: one("Transpose"), (2, 3, 4)),
    "to channels last": (lambda: one("NCHW2NHWC"), (2, 3, 4, 5)),
    "to channels first": (lambda: one("NHWC2NCHW"), (2, 3, 4, 5)),
    "squeeze": (lambda: one("Squeeze", dims=[2, 3]), (2, 3, 1, 1)),
    "expand": (lambda: one("ExpandDims", dims=[1, 3]), (2, 3, 4)),
    "reshape": (lambda: one("Reshape", count=2, shape=[0, -1, 2]), (2, 3, 4)),
    "reshape by a blob": (
        lambda: one("Reshape", {"w": np.array([-1, 6], np.int64)}, count=2), (2, 3, 4)
    ),
    "split": (lambda: one("Split", count=3, axis=1, split=[1, 2, 3]), (2, 6, 2)),
    "split into equals": (lambda: one("Split", count=3, order="NHWC"), (2, 3, 2, 6)),
    "split by a blob": (
        lambda: one("Split", {"w": np.array([1, 4], np.int32)}, count=2, axis=1), (2, 5)
    ),
    "concat": (lambda: one("Concat", {"w": random(2, 1, 4)}, count=2, axis=1), (2, 3, 4)),
    "concat by order": (
        lambda: one("Concat", {"w": random(2, 3, 4, 1)}, count=2, order="NHWC"), (2, 3, 4, 5)
    ),
    "stack": (lambda: one("Concat", {"w": random(2, 3)}, count=2, axis=1, add_axis=1), (2, 3)),
    "pad image": (
        lambda: one("PadImage", pad_t=1, pad_l=0, pad_b=2, pad_r=3, value=0.5), (2, 3, 4, 5)
    ),
    "pad image last": (lambda: one("PadImage", pad=2, order="NHWC"), (2, 3, 4, 5)),
    "shuffle": (lambda: one("ChannelShuffle", group=3), (2, 6, 4, 5)),
    "shuffle last": (lambda: one("ChannelShuffle", group=2, order="NHWC"), (2, 4, 5, 6)),
    "nearest": (lambda: one("ResizeNearest", height_scale=2.0, width_scale=1.5), (2, 3, 4, 6)),
    "nearest last": (
        lambda: one("ResizeNearest", height_scale=3.0, width_scale=2.0, order="NHWC"),
        (2, 4, 5, 3),
    ),
    "bilinear": (lambda: one("UpsampleBilinear", height_scale=2.0, width_scale=3.0), (2, 3, 4, 5)),
    "bilinear by a blob": (
        lambda: one("UpsampleBilinear", {"w": np.array([2, 2], np.float32)}), (2, 3, 4, 5)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_operator_means_the_same(case: str) -> None:
    build, shape = CASES[case]
    agree(build(), random(*shape))


def test_an_open_batch_is_left_open_where_the_net_names_the_one_it_was_exported_with() -> None:
    reshape = one("Reshape", count=2, shape=[1, 12])
    into, model = caffe2_to_onnx.translate(reshape, [-1, 3, 4])
    assert into.shape("y") == [-1, 12]
    assert "names a batch of 1" in into.notes[0]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_the_old_shape_that_a_reshape_gives_can_be_read() -> None:
    back = net(
        [
            ("Reshape", ["x"], ["flat", "old"], {"shape": [0, -1]}),
            ("Relu", ["flat"], ["up"], {}),
            ("Reshape", ["up", "old"], ["y", "again"], {}),
        ],
        {},
    )
    assert agree(back, random(3, 2, 5)).shape == (3, 2, 5)
