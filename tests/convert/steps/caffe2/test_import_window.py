"""Convolutions and poolings in ONNX mean what Caffe2 means by them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps.caffe2 import import_window as caffe2_import_window
from ibd_mobile.convert.steps.caffe2.args import Args
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.window import CAFFE_POOLING, NOT_SET, SAME, VALID, Window
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import agree, one, random

few = settings(max_examples=25, deadline=None)

WINDOWS = st.fixed_dictionaries(
    {
        "kernel": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "pad": st.integers(0, 3),
        "height": st.integers(7, 12),
        "width": st.integers(7, 12),
        "order": st.sampled_from(["NCHW", "NHWC"]),
    }
)


def picture(window: dict[str, Any], channels: int, n: int = 2) -> np.ndarray:
    shape = (n, channels, window["height"], window["width"])
    x = random(*shape)
    return x if window["order"] == "NCHW" else np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def args(window: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: window[name] for name in ("kernel", "stride", "order", *names)}


def turned(weights: np.ndarray, order: str) -> np.ndarray:
    return weights if order == "NCHW" else np.ascontiguousarray(weights.transpose(0, 2, 3, 1))


@few
@given(
    WINDOWS, st.sampled_from([(4, 1, 6), (4, 2, 6), (4, 4, 4), (4, 4, 8), (3, 1, 2)]),
    st.integers(1, 2), st.booleans(),
)  # fmt: skip
def test_a_convolution_means_the_same(
    window: dict[str, Any], sizes: tuple[int, int, int], dilation: int, has_bias: bool
) -> None:
    channels, group, outputs = sizes
    kernel = window["kernel"]
    weights = {"w": turned(random(outputs, channels // group, kernel, kernel), window["order"])}
    if has_bias:
        weights["b"] = random(outputs, seed=1)
    conv = one("Conv", weights, group=group, dilation=dilation, **args(window, "pad"))
    agree(conv, picture(window, channels))


@few
@given(WINDOWS, st.sampled_from([1, 2]), st.integers(0, 1))
def test_a_transposed_convolution_means_the_same(
    window: dict[str, Any], group: int, adj: int
) -> None:
    assume(window["pad"] < window["kernel"] and adj < window["stride"])
    kernel = window["kernel"]
    weights = {
        "w": turned(random(4, 3, kernel, kernel), window["order"]),
        "b": random(3 * group, seed=1),
    }
    spread = one("ConvTranspose", weights, group=group, adj=adj, **args(window, "pad"))
    agree(spread, picture(window, 4))


@few
@given(WINDOWS, st.sampled_from(["MaxPool", "AveragePool"]), st.booleans())
def test_a_pooling_means_the_same(window: dict[str, Any], kind: str, counts_padding: bool) -> None:
    assume(window["pad"] < window["kernel"])
    more = {"count_include_pad": int(counts_padding)} if kind == "AveragePool" else {}
    agree(one(kind, **args(window, "pad"), **more), picture(window, 3))


@few
@given(WINDOWS, st.sampled_from(["MaxPool", "AveragePool"]))
def test_poolings_that_round_up_as_caffe_did_mean_the_same(
    window: dict[str, Any], kind: str
) -> None:
    assume(window["pad"] < window["kernel"] and window["stride"] <= window["kernel"])
    agree(one(kind, legacy_pad=3, **args(window, "pad")), picture(window, 3))


@few
@given(WINDOWS, st.sampled_from([1, 2]), st.sampled_from(["Conv", "MaxPool", "AveragePool"]))
def test_padding_by_rule_means_the_same(window: dict[str, Any], rule: int, kind: str) -> None:
    assume(window["stride"] <= window["kernel"])
    kernel = window["kernel"]
    weights = {"w": turned(random(2, 3, kernel, kernel), window["order"])}
    made = one(kind, weights if kind == "Conv" else {}, legacy_pad=rule, **args(window))
    agree(made, picture(window, 3))


@pytest.mark.parametrize(
    "spelling",
    [
        {"kernel": 3, "stride": 2, "pad": 1},
        {"kernels": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"kernel_h": 3, "kernel_w": 3, "stride_h": 2, "stride_w": 2,
         "pad_t": 1, "pad_l": 1, "pad_b": 1, "pad_r": 1},
        {"kernels": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "dilations": [1, 1]},
    ],
)  # fmt: skip
def test_all_spellings_of_a_window_mean_the_same(spelling: dict[str, Any]) -> None:
    x, weights = random(1, 2, 9, 8), {"w": random(3, 2, 3, 3)}
    expected = agree(one("Conv", weights, kernel=3, stride=2, pad=1), x)
    np.testing.assert_array_equal(agree(one("Conv", weights, **spelling), x), expected)


def test_uneven_windows_keep_height_and_width_apart() -> None:
    made = one("Conv", {"w": random(3, 2, 3, 1)}, kernels=[3, 1], strides=[1, 2], pads=[0, 1, 2, 0])
    assert agree(made, random(1, 2, 6, 9)).shape == (1, 3, 6, 5)


@pytest.mark.parametrize("order", ["NCHW", "NHWC"])
@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
def test_pooling_over_everything_leaves_one_pixel(kind: str, order: str) -> None:
    made = agree(one(kind, global_pooling=1, order=order), random(2, 3, 4, 5))
    assert made.shape == ((2, 3, 1, 1) if order == "NCHW" else (2, 1, 1, 5))


OP = Op("MaxPool", ("x",), ("y",), Args("MaxPool → 'y'", {}), "MaxPool → 'y'")


def window(kernel: int, stride: int, pad: int, rule: int) -> Window:
    both = (pad, pad)
    return Window((kernel,) * 2, (stride,) * 2, (1, 1), both, both, (0, 0), rule, False, 1)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "rule", "expected"),
    [
        (112, 3, 2, 0, NOT_SET, (0, 0)),
        (112, 3, 2, 1, NOT_SET, (1, 1)),
        (112, 3, 2, 0, VALID, (0, 0)),
        (112, 3, 2, 0, SAME, (0, 1)),  # an odd pixel goes behind, as TensorFlow has it
        (113, 3, 2, 0, SAME, (1, 1)),
        (112, 3, 2, 0, CAFFE_POOLING, (0, 1)),  # a last window of two pixels counts
        (113, 3, 2, 0, CAFFE_POOLING, (0, 0)),
        (5, 2, 2, 1, CAFFE_POOLING, (1, 0)),  # no window begins in the padding behind
    ],
)
def test_padding_is_written_out(
    size: int, kernel: int, stride: int, pad: int, rule: int, expected: tuple[int, int]
) -> None:
    made = caffe2_import_window.pads(window(kernel, stride, pad, rule), OP, [size, size])
    assert (made[0], made[2]) == (made[1], made[3]) == expected


def test_a_rule_needs_the_size_of_the_picture() -> None:
    with pytest.raises(Refused, match="depends on the size"):
        caffe2_import_window.pads(window(3, 2, 0, SAME), OP, [-1, 7])
