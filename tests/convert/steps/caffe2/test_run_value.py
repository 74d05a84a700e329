"""What the interpreter computes, against numbers worked out by hand or by another formula."""

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import one, random, run


def test_batch_norm_takes_the_statistics_it_is_given() -> None:
    x = np.array([[[[2.0]], [[3.0]]]], np.float32)
    weights = {
        "s": np.array([2, 1], np.float32),
        "b": np.array([1, 0], np.float32),
        "m": np.array([1, 1], np.float32),
        "v": np.array([3, 0], np.float32),
    }
    y = run(one("SpatialBN", weights, is_test=1, epsilon=1.0), x)
    assert y.ravel().tolist() == [2, 2]  # (2 − 1) ÷ √4 × 2 + 1 and (3 − 1) ÷ √1


def test_fc_multiplies_by_the_transposed_weights() -> None:
    weights = {"w": np.array([[1, 2, 3], [4, 5, 6]], np.float32), "b": np.array([10, 20], "f4")}
    x = np.array([[1, 0, 1]], np.float32)
    assert run(one("FC", weights), x).tolist() == [[14, 30]]
    flipped = {"w": weights["w"].T.copy(), "b": weights["b"]}
    assert run(one("FCTransposed", flipped), x).tolist() == [[14, 30]]


def test_fc_lays_a_picture_into_a_row_channels_first() -> None:
    x = np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)
    weights = {"w": np.array([[1, 10, 100, 1000]], np.float32), "b": np.zeros(1, np.float32)}
    assert run(one("FC", weights), x).tolist() == [[3210]]


def test_fc_keeps_the_axes_before_its_own() -> None:
    x = random(2, 5, 6)
    y = run(one("FC", {"w": random(4, 6), "b": np.zeros(4, np.float32)}, axis=2), x)
    np.testing.assert_allclose(y, x @ random(4, 6).T, rtol=1e-5)


def test_softmax_of_a_picture_is_over_all_but_the_batch() -> None:
    y = run(one("Softmax"), random(2, 3, 4, 5))
    np.testing.assert_allclose(y.reshape(2, -1).sum(axis=1), 1, rtol=1e-5)
    along = run(one("Softmax", axis=3), random(2, 3, 4, 5))
    np.testing.assert_allclose(along.sum(axis=3), 1, rtol=1e-5)


def test_softmax_does_not_overflow() -> None:
    assert run(one("Softmax"), np.array([[1000, 1000]], np.float32)).tolist() == [[0.5, 0.5]]


def test_the_old_broadcast_lays_the_smaller_tensor_where_axis_says() -> None:
    x = np.zeros((1, 2, 2), np.float32)
    w = {"w": np.array([1, 2], np.float32)}
    assert run(one("Add", w, broadcast=1), x).tolist() == [[[1, 2], [1, 2]]]
    assert run(one("Add", w, broadcast=1, axis=1), x).tolist() == [[[1, 1], [2, 2]]]


def test_the_order_of_the_factors_counts_in_differences_and_quotients() -> None:
    x, w = np.array([[6.0]], np.float32), {"w": np.array([2], np.float32)}
    assert run(one("Sub", w, broadcast=1), x).tolist() == [[4]]
    assert run(one("Div", w, broadcast=1), x).tolist() == [[3]]


def test_prelu_has_a_slope_for_each_channel() -> None:
    x = np.full((1, 2, 1, 1), -1, np.float32)
    slopes = {"w": np.array([0.5, 2], np.float32)}
    assert run(one("PRelu", slopes), x).ravel().tolist() == [-0.5, -2]


def test_sigmoid_holds_at_both_ends() -> None:
    assert run(one("Sigmoid"), np.array([[-200, 0, 200]], np.float32)).tolist() == [[0, 0.5, 1]]


def test_a_sum_of_unlike_shapes_is_refused() -> None:
    with pytest.raises(Refused, match="it adds shapes"):
        run(one("Sum", {"w": random(3)}), random(2, 3))
