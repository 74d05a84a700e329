"""Convolutions and poolings against the plainest loops over the definition."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import one, random, run

few = settings(max_examples=30, deadline=None)


def inside(start: int, length: int, size: int) -> list[int]:
    return [k for k in range(start, start + length) if 0 <= k < size]


def caffe_count(size: int, kernel: int, stride: int, pad: int) -> int:
    count = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return count - 1 if pad and (count - 1) * stride >= size + pad else count


@few
@given(
    st.tuples(st.integers(5, 9), st.integers(5, 9)), st.integers(1, 4), st.integers(1, 3),
    st.integers(0, 2), st.booleans(), st.sampled_from(["MaxPool", "AveragePool"]),
)  # fmt: skip
def test_a_pooling_is_what_its_definition_says(
    size: tuple[int, int], kernel: int, stride: int, pad: int, rounds_up: bool, kind: str
) -> None:
    assume(pad < kernel and stride <= kernel)
    x = random(1, 2, *size)
    y = run(one(kind, kernel=kernel, stride=stride, pad=pad, legacy_pad=3 if rounds_up else 0), x)
    counts = [
        caffe_count(n, kernel, stride, pad) if rounds_up else (n + 2 * pad - kernel) // stride + 1
        for n in size
    ]
    assert y.shape == (1, 2, *counts)
    over = np.max if kind == "MaxPool" else np.mean
    for channel, i, j in itertools.product(range(2), *map(range, counts)):
        rows = inside(i * stride - pad, kernel, size[0])
        columns = inside(j * stride - pad, kernel, size[1])
        window = x[0, channel][np.ix_(rows, columns)]
        assert y[0, channel, i, j] == pytest.approx(over(window), abs=1e-6)


@few
@given(
    st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(1, 2),
    st.sampled_from([(2, 1), (4, 2), (2, 2)]),
)  # fmt: skip
def test_a_convolution_is_what_its_definition_says(
    kernel: int, stride: int, pad: int, dilation: int, sizes: tuple[int, int]
) -> None:
    channels, group = sizes
    x, bias = random(1, channels, 6, 7), random(4, seed=2)
    weights = random(4, channels // group, kernel, kernel, seed=1)
    y = run(
        one("Conv", {"w": weights, "b": bias}, kernel=kernel, stride=stride, pad=pad,
            dilation=dilation, group=group), x
    )  # fmt: skip
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])[0]
    for m, i, j in itertools.product(*map(range, y.shape[1:])):
        first = m // (4 // group) * (channels // group)
        expected = bias[m] + sum(
            weights[m, c, a, b]
            * padded[first + c, i * stride + a * dilation, j * stride + b * dilation]
            for c, a, b in itertools.product(*map(range, weights.shape[1:]))
        )
        assert y[0, m, i, j] == pytest.approx(expected, abs=1e-5)


@few
@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 1), st.integers(0, 1))
def test_a_transposed_convolution_is_what_its_definition_says(
    kernel: int, stride: int, pad: int, adj: int
) -> None:
    assume(2 * pad < kernel + adj)
    x, weights, bias = random(1, 2, 4, 3), random(2, 3, kernel, kernel, seed=1), random(3, seed=2)
    y = run(
        one("ConvTranspose", {"w": weights, "b": bias}, kernel=kernel, stride=stride, pad=pad,
            adj=adj), x
    )  # fmt: skip
    size = [(n - 1) * stride + kernel + adj - 2 * pad for n in (4, 3)]
    expected = np.broadcast_to(bias[:, None, None], (3, *size)).copy()
    places = itertools.product(range(2), range(4), range(3), range(3), *[range(kernel)] * 2)
    for c, i, j, m, a, b in places:
        row, column = i * stride + a - pad, j * stride + b - pad
        if 0 <= row < size[0] and 0 <= column < size[1]:
            expected[m, row, column] += x[0, c, i, j] * weights[c, m, a, b]
    np.testing.assert_allclose(y[0], expected, atol=1e-5)


def test_padding_counts_in_a_mean_only_where_asked_for() -> None:
    x = np.ones((1, 1, 2, 2), np.float32)
    assert run(one("AveragePool", kernel=3, pad=1), x).tolist() == [[[[1, 1], [1, 1]]]]
    counted = run(one("AveragePool", kernel=3, pad=1, count_include_pad=1), x)
    np.testing.assert_allclose(counted, 4 / 9)


def test_a_rule_for_padding_puts_the_odd_pixel_behind() -> None:
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4)
    made = one("MaxPool", kernels=[1, 3], strides=[1, 2], legacy_pad=2)
    # windows (1 2 3) and (3 4 ·), not (· 1 2) and (2 3 4)
    assert run(made, x).tolist() == [[[[3, 4]]]]


@pytest.mark.parametrize(
    ("kind", "args", "problem"),
    [
        ("MaxPool", {"kernel": 5}, "larger than the picture"),
        ("MaxPool", {"kernel": 2, "pad": 2}, "not smaller than its kernel"),
        ("MaxPool", {"kernel": 1, "stride": 5, "legacy_pad": 2}, "its stride skips pixels"),
        ("MaxPool", {"kernel": 1, "stride": 7, "legacy_pad": 3}, "wholly outside"),
        ("AveragePool", {"kernel": 1, "stride": 7, "legacy_pad": 3}, "wholly outside"),
        ("AveragePool", {"kernel": 2, "dilation": 2}, "dilation"),
    ],
)
def test_windows_without_a_meaning_are_refused(
    kind: str, args: dict[str, int], problem: str
) -> None:
    with pytest.raises(Refused, match=f"{kind} → 'y' of net 'net'.*{problem}"):
        run(one(kind, **args), random(1, 1, 4, 4))


def test_a_convolution_whose_weights_do_not_fit_is_refused() -> None:
    for weights, args in [
        ({"w": random(2, 3, 2, 2)}, {"kernel": 2}),
        ({"w": random(2, 4, 3, 3)}, {"kernel": 2}),
        ({"w": random(3, 2, 2, 2)}, {"kernel": 2, "group": 2}),
        ({"w": random(2, 4, 2, 2), "b": random(3)}, {"kernel": 2}),
    ]:
        with pytest.raises(Refused, match=r"Conv → 'y' .*fit"):
            run(one("Conv", weights, **args), random(1, 4, 5, 5))
