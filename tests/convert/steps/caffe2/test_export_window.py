"""Convolutions and poolings keep their meaning on the way to Caffe2."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random
from tests.onnx_nets import exported, model, node, returns

few = settings(max_examples=20, deadline=None)
SIDES = st.lists(st.integers(0, 2), min_size=4, max_size=4)
PAIRS = st.lists(st.integers(1, 2), min_size=2, max_size=2)


@few
@given(
    PAIRS, PAIRS, PAIRS, st.one_of(SIDES, st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"])),
    st.sampled_from([1, 2, 4]),
)  # fmt: skip
def test_a_convolution_keeps_its_meaning(
    kernel: list[int], strides: list[int], dilations: list[int], padding: Any, group: int
) -> None:
    attributes = {"auto_pad": padding} if isinstance(padding, str) else {"pads": padding}
    # SAME and dilation together mean different things to different runtimes
    assume(dilations == [1, 1] or isinstance(padding, list))
    conv = node("Conv", ["x", "w", "b"], strides=strides, dilations=dilations, group=group,
                **attributes)  # fmt: skip
    constants = {"w": random(4, 4 // group, *kernel), "b": random(4)}
    returns(model([conv], constants, ["N", 4, 7, 6]), random(2, 4, 7, 6))


@few
@given(
    st.sampled_from(["MaxPool", "AveragePool"]), st.integers(2, 3), PAIRS, SIDES, st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_a_pooling_keeps_its_meaning(
    kind: str, kernel: int, strides: list[int], pads: list[int], rounds_up: bool, counts: bool
) -> None:
    assume(max(pads) < kernel)
    assume(not (rounds_up and counts and kind == "AveragePool"))
    for size, k, stride in zip((7, 6), range(2), strides, strict=True):
        rest = size + pads[k] + pads[k + 2] - kernel
        steps = -(-rest // stride) if rounds_up else rest // stride
        # ONNX lets a window begin behind the picture, where Caffe2 has none
        assume(steps * stride < size + pads[k])
    more = {"count_include_pad": int(counts)} if kind == "AveragePool" else {}
    pool = node(kind, ["x"], kernel_shape=[kernel] * 2, strides=strides, pads=pads,
                ceil_mode=int(rounds_up), **more)  # fmt: skip
    net = returns(model([pool], {}, ["N", 2, 7, 6], opset=19), random(2, 2, 7, 6))
    assert len(net.ops) == 1


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({}, (2, 3, 4, 5)),
        ({"strides": [2, 2], "pads": [1, 0, 1, 1], "output_padding": [1, 0]}, (2, 3, 4, 5)),
        ({"strides": [2, 3], "group": 3}, (2, 3, 4, 5)),
    ],
)
@pytest.mark.parametrize("has_bias", [True, False])
def test_a_transposed_convolution_keeps_its_meaning(
    attributes: dict[str, Any], shape: tuple[int, ...], has_bias: bool
) -> None:
    constants = {"w": random(3, 2, 3, 3)}
    if has_bias:
        constants["b"] = random(2 * attributes.get("group", 1))
    made = model(
        [node("ConvTranspose", ["x", *constants], **attributes)], constants, ["N", 3, 4, 5]
    )
    net = returns(made, random(*shape))
    assert len(net.ops[0].inputs) == 3  # old versions of Caffe2 want a bias


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [[2, 3], [1, 2], [-1, -2]])
def test_the_mean_of_a_picture_keeps_its_meaning(axes: list[int], keepdims: int) -> None:
    mean = node("ReduceMean", ["x"], axes=axes, keepdims=keepdims)
    returns(model([mean], {}, ["N", 3, 4, 5]), random(2, 3, 4, 5))


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
def test_pooling_over_everything_keeps_its_meaning(kind: str) -> None:
    returns(model([node(kind, ["x"])], {}, ["N", 3, 4, 5]), random(2, 3, 4, 5))


@pytest.mark.parametrize(
    ("made", "constants", "problem"),
    [
        (node("Conv", ["x", "w"]), {"w": random(2, 3, 1)}, "of pictures"),
        (node("MaxPool", ["x"], kernel_shape=[2, 2], dilations=[2, 2]), {}, "dilation"),
        (node("AveragePool", ["x"], kernel_shape=[2, 2], pads=[1, 1, 1, 1], strides=[2, 2],
              ceil_mode=1, count_include_pad=1), {}, "rounding up"),
        (node("ConvTranspose", ["x", "w"], dilations=[2, 2]), {"w": random(3, 1, 2, 2)},
         "undilated"),
        (node("ConvTranspose", ["x", "w"], auto_pad="SAME_UPPER"), {"w": random(3, 1, 2, 2)},
         "not written out"),
        (node("ReduceMean", ["x"], axes=[1]), {}, "only the mean over height and width"),
    ],
)  # fmt: skip
def test_what_caffe2_cannot_say_is_refused(
    made: Any, constants: dict[str, Any], problem: str
) -> None:
    shape = (3, 4) if made.op_type == "Conv" else (3, 4, 5)
    with pytest.raises(Refused, match=f"{made.op_type} → 'y' of the ONNX network.*{problem}"):
        exported(model([made], constants, ["N", *shape]), shape)
