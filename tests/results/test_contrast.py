import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ibd_mobile.results.contrast import contrast, paired
from ibd_mobile.results.stats import Interval, mean_interval, wilson

positive = st.floats(0.1, 100)
share = st.floats(0.001, 0.9)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    value = draw(positive)
    low, high = value * (1 - draw(share)), value * (1 + draw(share))
    return Interval(value, low, high, 5, "t")


def test_equal_arms_give_the_textbook_interval() -> None:
    made = contrast(Interval(5.0, 4.0, 6.0, 5, "t"), Interval(8.0, 7.0, 9.0, 5, "t"))
    assert made.difference.value == 3
    assert made.difference.low == pytest.approx(3 - math.sqrt(2))
    assert made.difference.high == pytest.approx(3 + math.sqrt(2))


def test_newcombes_example_of_two_shares_is_given_again() -> None:
    # Newcombe 1998, "Interval estimation for the difference between independent proportions",
    # table II, method 10: 56/70 against 48/80 is 0.2, from 0.0524 to 0.3339.
    made = contrast(wilson(48, 80), wilson(56, 70))
    assert made.difference.value == pytest.approx(0.2)
    assert made.difference.low == pytest.approx(0.0524, abs=5e-5)
    assert made.difference.high == pytest.approx(0.3339, abs=5e-5)


@given(intervals(), intervals())
def test_what_b_is_against_a_is_the_opposite_of_what_a_is_against_b(
    a: Interval, b: Interval
) -> None:
    forth, back = contrast(a, b), contrast(b, a)
    assert back.difference.value == -forth.difference.value
    assert forth.difference.low is not None
    assert back.difference.high == pytest.approx(-forth.difference.low)
    assert forth.is_shown == back.is_shown


@given(intervals(), intervals())
def test_the_ratio_tells_of_a_difference_when_the_difference_does(a: Interval, b: Interval) -> None:
    made = contrast(a, b)
    assert made.ratio is not None
    assert made.difference.low is not None
    assert made.difference.high is not None
    assume(min(abs(made.difference.low), abs(made.difference.high)) > 1e-9)
    low, high = made.ratio.low, made.ratio.high
    assert low is not None
    is_apart = low > 1 or (high is not None and high < 1)
    assert is_apart == made.is_shown


@given(intervals(), intervals(), st.floats(0.001, 1000))
def test_the_unit_changes_the_difference_and_not_the_ratio(
    a: Interval, b: Interval, factor: float
) -> None:
    small, large = contrast(a, b), contrast(a.scaled(factor), b.scaled(factor))
    assert large.difference.value == pytest.approx(small.difference.value * factor)
    assert small.ratio is not None
    assert large.ratio is not None
    assert large.ratio.low == pytest.approx(small.ratio.low)


def test_a_figure_without_an_interval_shows_nothing() -> None:
    made = contrast(Interval(1.0, None, None, 1, ""), Interval(9.0, 8.9, 9.1, 5, "t"))
    assert not made.is_shown
    assert not made.is_bounded
    assert made.ratio == Interval(9.0, None, None, 1, "")


def test_an_a_that_may_be_zero_leaves_the_ratio_open_above() -> None:
    made = contrast(Interval(1.0, -0.5, 2.5, 3, "t"), Interval(9.0, 8.0, 10.0, 3, "t"))
    assert made.ratio is not None
    assert made.ratio.high is None
    assert made.ratio.low is not None
    assert 0 < made.ratio.low < 9


def test_zero_has_no_ratio() -> None:
    assert contrast(wilson(0, 10), wilson(3, 10)).ratio is None
    assert paired([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]).ratio is None


@pytest.mark.parametrize("ratio", [1.0, 1.2, 3.0])
def test_the_truth_lies_in_the_interval_as_often_as_it_says(ratio: float) -> None:
    # Two samples of five: 95 % asked for; MOVER with Student's t may be wider, never narrower.
    draw = random.Random(4)
    inside_difference = inside_ratio = 0
    count = 3000
    for _ in range(count):
        a = mean_interval([draw.gauss(10, 1) for _ in range(5)])
        b = mean_interval([draw.gauss(10 * ratio, 2) for _ in range(5)])
        made = contrast(a, b)
        low, high = made.difference.low, made.difference.high
        assert low is not None
        assert high is not None
        inside_difference += low <= 10 * ratio - 10 <= high
        assert made.ratio is not None
        assert made.ratio.low is not None
        assert made.ratio.high is not None
        inside_ratio += made.ratio.low <= ratio <= made.ratio.high
    assert 0.94 <= inside_difference / count <= 0.985
    assert 0.94 <= inside_ratio / count <= 0.985


def test_pairs_take_out_what_drifts() -> None:
    drift = [1.0, 1.5, 2.2, 3.0, 4.1]
    made = paired([(d, d * 1.02) for d in drift])
    apart = contrast(mean_interval(drift), mean_interval([d * 1.02 for d in drift]))
    assert made.is_shown
    assert not apart.is_shown
    assert made.ratio is not None
    assert made.ratio.value == pytest.approx(1.02)
    assert made.ratio.low == pytest.approx(1.02)
    assert made.difference.method == "paired t"


def test_one_pair_has_no_interval() -> None:
    assert not paired([(1.0, 2.0)]).is_bounded


def test_wild_pairs_do_not_break_the_ratio() -> None:
    made = paired([(1e-140, 1e140), (1e140, 1e-140), (1.0, 1.0)])
    assert made.ratio is not None
    assert made.ratio.high is None
