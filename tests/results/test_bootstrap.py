import hashlib
import math

import numpy as np
import pytest

from ibd_mobile.results.bootstrap import DRAWS_COUNT, draws, percentile_interval
from ibd_mobile.results.stats import deviation, mean


def drawn(n: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.concatenate(list(draws(n)))


def test_each_draw_is_a_set_of_the_same_size() -> None:
    weights = drawn(7)
    assert weights.shape == (DRAWS_COUNT, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean() == 1
    assert abs(weights.mean(axis=0) - 1).max() < 4 / math.sqrt(DRAWS_COUNT)
    # of a binomial with n = 7 and p = 1/7
    assert weights.var() == pytest.approx(6 / 7, rel=0.05)


def test_the_draws_are_the_same_everywhere_and_for_ever() -> None:
    content = drawn(5).astype("<i8").tobytes()
    expected = "4d30f4a69b86dfff9998e08ba0294abcdb5a2387322ad3bb63c970cb8d73c126"
    assert hashlib.sha256(content).hexdigest() == expected


def test_the_interval_of_a_mean_is_nearly_the_textbooks() -> None:
    values = np.random.RandomState(2).exponential(1.0, 200)
    weights = drawn(200)
    interval = percentile_interval(mean(values), weights @ values / 200, 200)
    half = 1.96 * deviation(values.tolist()) / math.sqrt(200)
    assert interval.low == pytest.approx(mean(values) - half, abs=0.15 * half)
    assert interval.high == pytest.approx(mean(values) + half, abs=0.15 * half)
    assert (interval.n, interval.method) == (200, "bootstrap")


def test_draws_without_a_figure_are_left_out() -> None:
    interval = percentile_interval(0.5, np.array([np.nan, 0.4, 0.6, np.nan]), 9)
    assert interval.low == pytest.approx(0.405)
    assert interval.high == pytest.approx(0.595)


@pytest.mark.parametrize("gave", [[1.0, 1.0], [np.nan, np.nan], []])
def test_draws_that_do_not_differ_bound_nothing(gave: list[float]) -> None:
    interval = percentile_interval(1.0, np.array(gave), 9)
    assert (interval.value, interval.low, interval.high) == (1.0, None, None)
    assert interval.method == ""
