import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.lines import Curve, Point, _spread, lines
from ibd_mobile.results.chart.palette import SERIES_COUNT
from ibd_mobile.results.chart.quantity import Quantity

from .drawn import SVG, numbers, root, texts

RATE = Quantity("throughput", "1/s", "samples")
BATCHES = (1, 2, 4, 8)


def curve(label: str, *rates: float, repetitions: int = 1) -> Curve:
    points = tuple(
        Point(batch, Dot(rate, 0.9 * rate, 1.1 * rate))
        for batch, rate in zip(BATCHES, rates, strict=False)
    )
    return Curve(label, (points,) * repetitions)


def test_both_axes_have_their_unit_and_the_values_that_were_measured() -> None:
    found = texts(lines([curve("", 10, 20, 30, 35)], RATE, "batch size, samples"))
    assert {"batch size, samples", "throughput, samples/s", "1", "2", "4", "8"} <= set(found)


def test_each_doubling_is_as_long_as_the_other() -> None:
    svg = lines([curve("", 10, 20, 30, 35)], RATE, "batch")
    places = {
        node.text: float(node.attrib["x"])
        for node in root(svg).iter(f"{SVG}text")
        if node.text in {"1", "2", "4", "8"}
    }
    steps = [places["2"] - places["1"], places["4"] - places["2"], places["8"] - places["4"]]
    assert steps == pytest.approx([steps[0]] * 3, rel=0.01)


def test_every_curve_has_its_name_its_colour_and_its_dashes() -> None:
    curves = [curve(f"network {n}", 10 + n, 20 + n) for n in range(SERIES_COUNT)]
    svg = lines(curves, RATE, "batch")
    assert {f"network {n}" for n in range(SERIES_COUNT)} <= set(texts(svg))
    for number in range(1, SERIES_COUNT + 1):
        assert f"#0300{number:02x}" in svg
    dashes = set(re.findall(r"stroke-dasharray: ([\d., ]+)", svg))
    assert len(dashes) == SERIES_COUNT - 1  # one is solid


def test_each_repetition_has_its_own_marks_and_its_own_line() -> None:
    def marks(repetitions: int) -> int:
        svg = lines([curve("", 10, 20, repetitions=repetitions)], RATE, "batch")
        return len(re.findall(r"<use [^>]*fill: #030001", svg))

    assert marks(3) == 3 * marks(1)


def test_a_spoiled_mark_is_hollow_and_a_figure_that_lacks_leaves_a_gap() -> None:
    whole = Curve("", (tuple(Point(b, Dot(1.0)) for b in BATCHES),))
    spoiled = Curve("", (tuple(Point(b, Dot(1.0, is_spoiled=b == 2)) for b in BATCHES),))
    full = [len(re.findall(r"fill: #030001", lines([c], RATE, "b"))) for c in (whole, spoiled)]
    assert full[0] - full[1] == 1


def test_the_axis_starts_at_zero_or_says_that_it_tells_orders_of_magnitude() -> None:
    near = lines([curve("a", 10, 20), curve("b", 100, 150)], RATE, "batch")
    far = lines([curve("a", 10, 20), curve("b", 1000, 1500)], RATE, "batch")
    assert min(numbers(near)) == 0
    assert "throughput, samples/s" in texts(near)
    assert min(numbers(far)) > 0
    assert "throughput, k samples/s (logarithmic)" in texts(far)


def test_a_wild_interval_does_not_flatten_the_others_and_is_seen_to_be_cut() -> None:
    def drawn(high: float) -> str:
        points = (Point(1, Dot(5.0, 4.0, 6.0)), Point(2, Dot(6.0, 5.0, high)))
        return lines([Curve("", (points,))], RATE, "batch")

    assert max(numbers(drawn(6000.0))) < 20
    assert drawn(6000.0).count("<use") == drawn(12.0).count("<use") + 1


def test_a_loss_may_be_a_gain() -> None:
    points = (Point(1, Dot(0.01, -0.02, 0.04)), Point(2, Dot(-0.01, -0.03, 0.01)))
    svg = lines([Curve("", (points,))], Quantity("loss of top-1", "ratio", "points"), "batch")
    assert min(numbers(svg)) < 0
    assert "loss of top-1, % points" in texts(svg)


def test_one_value_alone_is_drawn_and_nothing_is_not() -> None:
    one = lines([Curve("x", ((Point(8, Dot(1.0)),),))], RATE, "batch")
    assert "8" in texts(one)
    assert lines([Curve("x", ((Point(8, Dot(None)),),))], RATE, "batch") == ""


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.1)), min_size=1, max_size=9))
def test_names_do_not_lie_on_each_other_and_stay_beside_the_plot(
    wanted: list[tuple[float, float]],
) -> None:
    middles, heights = zip(*sorted(wanted), strict=True)
    found = _spread(middles, heights)
    for number in range(1, len(found)):
        between = (heights[number - 1] + heights[number]) / 2
        assert found[number] - found[number - 1] >= between - 1e-9
    assert found[0] >= heights[0] / 2 - 1e-9
    assert found[-1] <= 1 - heights[-1] / 2 + 1e-9
