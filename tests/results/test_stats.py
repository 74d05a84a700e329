import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results import stats

VALUES = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("dof", "table"),
    [(1, 12.706205), (2, 4.302653), (4, 2.776445), (10, 2.228139), (30, 2.042272), (1e7, 1.959964)],
)
def test_t_quantiles_are_those_of_the_printed_tables(dof: float, table: float) -> None:
    assert stats.t_quantile(dof) == pytest.approx(table, abs=1e-6)


def test_t_quantiles_fall_as_degrees_of_freedom_rise_also_between_whole_ones() -> None:
    found = [stats.t_quantile(dof) for dof in (1, 1.5, 2, 2.5, 3.7, 8, 100, 1e5, math.inf)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == stats.Z_95


@given(VALUES, st.randoms(use_true_random=False))
def test_order_does_not_matter_to_a_percentile_or_a_mean(
    values: list[float], shuffle: random.Random
) -> None:
    mixed = values[:]
    shuffle.shuffle(mixed)
    for q in (0, 12.5, 50, 99, 100):
        assert stats.percentile(mixed, q) == stats.percentile(values, q)
    assert stats.mean(mixed) == stats.mean(values)
    assert stats.percentile(values, 0) == min(values)
    assert stats.percentile(values, 100) == max(values)


@given(VALUES)
def test_percentiles_are_those_of_numpy(values: list[float]) -> None:
    for q in (0, 3, 50, 77.7, 100):
        assert stats.percentile(values, q) == pytest.approx(float(np.percentile(values, q)))


@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=20))
def test_a_mean_lies_within_its_interval(values: list[float]) -> None:
    interval = stats.mean_interval(values)
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low <= interval.value <= interval.high
    assert interval.n == len(values)


def test_five_runs_have_the_interval_of_the_textbook() -> None:
    interval = stats.mean_interval([10.0, 11.0, 9.0, 10.5, 9.5])
    assert interval.value == 10.0
    # s = 0.7906, s/√5 = 0.35355, × 2.7764
    assert interval.high == pytest.approx(10.98162, abs=1e-5)


def test_a_single_run_has_no_interval() -> None:
    assert stats.mean_interval([3.0]) == stats.Interval(3.0, None, None, 1, "")


@given(st.integers(1, 400), st.data())
def test_a_share_lies_within_wilsons_interval_and_that_within_0_and_1(
    n: int, data: st.DataObject
) -> None:
    successes = data.draw(st.integers(0, n))
    interval = stats.wilson(successes, n)
    assert interval.low is not None
    assert interval.high is not None
    assert 0.0 <= interval.low <= successes / n <= interval.high <= 1.0
    assert interval.low < interval.high  # also at 0 and at n


def test_a_thousand_pictures_at_72_percent_leave_28_points_of_a_percent() -> None:
    interval = stats.wilson(720, 1000)
    assert interval.low == pytest.approx(0.6914, abs=1e-4)
    assert interval.high == pytest.approx(0.7469, abs=1e-4)


def test_intervals_of_independent_values_cover_their_mean_95_times_in_100() -> None:
    noise = np.random.default_rng(1).standard_normal((600, 5))
    intervals = [stats.mean_interval(row.tolist()) for row in noise]
    covered = np.mean([i.low <= 0 <= i.high for i in intervals])  # type: ignore[operator]
    assert 0.92 < covered < 0.98


def test_batch_means_widen_the_interval_of_an_autocorrelated_series() -> None:
    noise = np.random.default_rng(2).standard_normal(2000)
    walk = np.convolve(noise, np.ones(40), "valid")
    plain, batched = stats.mean_interval(walk.tolist()), stats.batch_mean_interval(walk.tolist())
    assert batched.method == "batch means"
    assert batched.value == plain.value
    assert batched.high - batched.value > 2 * (plain.high - plain.value)  # type: ignore[operator]
    assert stats.batch_mean_interval([1.0, 2.0]) == stats.mean_interval([1.0, 2.0])


def test_differences_of_neighbours_tell_noise_from_a_slow_change() -> None:
    noise = np.random.default_rng(3).standard_normal(4000)
    ramp = np.linspace(0, 100, 4000)
    for series in (noise, noise + ramp):
        assert stats.successive_difference_variance(series) == pytest.approx(1.0, rel=0.1)


@given(st.floats(0.1, 10), st.floats(0.01, 0.09), st.floats(0.1, 1e3))
def test_a_reciprocal_of_a_reciprocal_is_what_it_was(
    value: float, half: float, numerator: float
) -> None:
    interval = stats.Interval(value, value - half, value + half, 5, "t")
    back = interval.reciprocal(numerator).reciprocal(numerator)
    assert back.value == pytest.approx(value)
    assert back.low == pytest.approx(interval.low)
    assert back.high == pytest.approx(interval.high)
    assert interval.scaled(2.0).high == pytest.approx(2 * (value + half))
