from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.frame import Frame, from_zero, of_magnitudes

SIZES = st.floats(-1e6, 1e6)


@st.composite
def dots(draw: st.DrawFn) -> Dot:
    value = draw(SIZES)
    arms = draw(st.tuples(st.floats(0, 1e7), st.floats(0, 1e7)))
    return Dot(value, value - arms[0], value + arms[1])


@given(st.lists(dots(), min_size=1, max_size=9), st.floats(1e-3, 1e3))
def test_an_axis_holds_zero_and_every_figure(found: list[Dot], factor: float) -> None:
    frame = from_zero(found, factor)
    values = [(dot.value or 0.0) * factor for dot in found]
    assert frame.low <= min(0.0, *values)
    assert frame.high >= max(0.0, *values)
    assert frame.low < frame.high


def test_intervals_are_whole_unless_they_are_wild() -> None:
    frame = from_zero([Dot(5.0, 4.0, 6.0), Dot(2.0, -1.0, 5.0)], 1.0)
    assert [frame.cut(end) for end in (4.0, 6.0, -1.0)] == [4.0, 6.0, -1.0]
    wild = from_zero([Dot(5.0, -400.0, 600.0)], 1.0)
    assert -6 < wild.low < -4
    assert 10 < wild.high < 11
    assert (wild.cut(-400.0), wild.cut(600.0)) == (wild.low, wild.high)


def test_the_interval_of_a_difference_is_never_cut() -> None:
    found = [Dot(0.001, -0.02, 0.03), Dot(0.0, -0.04, 0.01)]
    frame = from_zero(found, 100.0, is_cut=False)
    assert [frame.cut(end) for end in (-4.0, 3.0)] == [-4.0, 3.0]


def test_an_axis_of_nothing_is_still_one() -> None:
    assert from_zero([], 1.0) == from_zero([Dot(None)], 1.0)
    assert from_zero([Dot(0.0)], 1.0).high > 0


def test_an_axis_goes_on_to_where_it_is_asked_to() -> None:
    assert from_zero([Dot(0.7)], 100.0, least_high=105.0).high == 105.0
    assert from_zero([Dot(1.5)], 100.0, least_high=105.0).high > 150


def test_orders_of_magnitude_leave_room_on_both_sides() -> None:
    assert of_magnitudes([Dot(1.0, -3.0, 9.0), Dot(100.0), Dot(None)], 10.0) == Frame(5.0, 2000.0)
