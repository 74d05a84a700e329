import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results.bootstrap import DRAWS_COUNT, basic_interval, draws
from ibd_mobile.results.stats import Interval, deviation, mean


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


def interval_of_mean(values: Any) -> Interval:
    n = len(values)
    return basic_interval(mean(values), drawn(n) @ values / n, n)


def test_the_interval_of_a_mean_is_nearly_the_textbooks() -> None:
    values = np.random.RandomState(2).beta(2, 2, 200)
    interval = interval_of_mean(values)
    half = 1.96 * deviation(values.tolist()) / math.sqrt(200)
    assert interval.low == pytest.approx(mean(values) - half, abs=0.15 * half)
    assert interval.high == pytest.approx(mean(values) + half, abs=0.15 * half)
    assert (interval.n, interval.method) == (200, "bootstrap")


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    random, hits = np.random.RandomState(7), 0
    for _ in range(300):
        interval = interval_of_mean(random.beta(2, 2, 40))
        hits += interval.low <= 0.5 <= interval.high
    assert 0.91 <= hits / 300 <= 0.98


def test_what_draws_gain_is_taken_off() -> None:
    """Draws around 0.6 for a set at 0.5: the set itself is as much above what is true."""
    interval = basic_interval(0.5, np.linspace(0.45, 0.75, 1001), 9)
    assert interval.low == pytest.approx(1.0 - 0.7425)
    assert interval.high == pytest.approx(1.0 - 0.4575)


@given(
    st.floats(0, 1),
    st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=2, max_size=40),
)
def test_the_interval_holds_its_figure_and_stays_within_0_to_1(
    value: float, gave: list[float]
) -> None:
    interval = basic_interval(value, np.array(gave), 9)
    if interval.low is not None and interval.high is not None:
        assert 0 <= interval.low <= value <= interval.high <= 1
    else:
        assert len({g for g in gave if not math.isnan(g)}) <= 1


def test_draws_without_a_figure_are_left_out() -> None:
    gave = np.array([np.nan, *np.linspace(0.4, 0.6, 101), np.nan])
    known = basic_interval(0.5, gave[1:-1], 9)
    assert basic_interval(0.5, gave, 9) == known
    assert known.low == pytest.approx(0.405)


@pytest.mark.parametrize("gave", [[1.0, 1.0], [np.nan, np.nan], []])
def test_draws_that_do_not_differ_bound_nothing(gave: list[float]) -> None:
    assert basic_interval(1.0, np.array(gave), 9) == Interval(1.0, None, None, 9, "")
