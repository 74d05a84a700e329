import re

import pytest

from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.dots import Line, dots
from ibd_mobile.results.chart.quantity import Quantity

from .drawn import numbers, root, texts

TIME, POWER = Quantity("time", "s"), Quantity("power", "W")
LINES = [
    Line("float32", (Dot(0.0018, 0.0017, 0.0019), Dot(0.002, series=1))),
    Line("int8 <b>&$x$\x00", (Dot(0.0009, 0.0008, 0.0010, is_spoiled=True), Dot(None, series=1))),
]


def test_a_chart_is_sound_xml_with_its_unit_on_the_axis() -> None:
    found = texts(dots(LINES, TIME, ("burst", "sustained")))
    assert "time, ms" in found
    assert {"float32", "burst", "sustained", "n/a"} <= set(found)
    assert "int8 <b>&$x$�" in found  # as it was written, and not obeyed


def test_a_chart_grows_with_its_lines_and_has_no_size_of_its_own() -> None:
    def height(count: int) -> float:
        found = root(dots([Line(str(k), (Dot(1.0),)) for k in range(count)], POWER))
        assert "width" not in found.attrib
        return float(found.attrib["viewBox"].split()[3])

    assert height(10) - height(2) == pytest.approx(8 * 0.36 * 72, abs=1)


def test_lines_of_a_group_have_its_name_above_them_once() -> None:
    lines = [Line(p, (Dot(1.0),), group) for group in ("vgg16", "vdsr") for p in ("a", "b")]
    found = texts(dots(lines, POWER))
    assert [text for text in found if text in {"vgg16", "vdsr", "a", "b"}] == [
        "vgg16", "a", "b", "vdsr", "a", "b",
    ]  # fmt: skip


def test_each_repetition_is_a_mark_of_its_own() -> None:
    def marks(*dots_: Dot) -> int:
        return len(re.findall(r"<use [^>]*fill: #030001", dots([Line("x", dots_)], POWER)))

    assert marks(Dot(1.0), Dot(1.0), Dot(1.0)) - marks(Dot(1.0)) == 2
    assert marks(Dot(1.0, is_spoiled=True)) == 0


def test_the_same_figures_give_the_same_drawing_and_others_share_no_id() -> None:
    one, other = dots(LINES, TIME), dots(LINES[::-1], Quantity("rate", "s"))
    assert dots(LINES, TIME) == one
    ids = [set(re.findall(r'id="([^"]*)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_axes_start_at_zero_and_below_where_intervals_do() -> None:
    def ticks(low: float) -> list[float]:
        return numbers(dots([Line("x", (Dot(5.0, low, 6.0),))], POWER))

    assert min(ticks(4.0)) == 0
    assert min(ticks(-3.0)) < 0


def test_a_wild_interval_does_not_flatten_the_others_and_is_seen_to_be_cut() -> None:
    def drawn(high: float) -> str:
        return dots([Line("x", (Dot(5.0, 4.0, high),)), Line("y", (Dot(6.0, 5.0, 7.0),))], POWER)

    assert max(numbers(drawn(6000.0))) < 20
    assert drawn(6000.0).count("<use") == drawn(12.0).count("<use") + 1


def test_nothing_at_all_is_drawn_as_n_a() -> None:
    assert "n/a" in texts(dots([Line("x", (Dot(None),))], POWER))
    assert dots([], POWER) == ""
