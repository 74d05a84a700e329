import re

from ibd_mobile.results.chart.canvas import NAMES, figure, logarithmic, style, svg

from .drawn import numbers, root


def _drawn(low: float, high: float) -> str:
    with style():
        drawing, (axis,) = figure(2.0, left=0.15)
        axis.plot([1, 2], [low, high])
        logarithmic(axis)
        axis.set_ylim(low, high)
        return svg(drawing, "salt")


def test_a_logarithmic_axis_has_plain_numbers_whatever_its_span() -> None:
    assert {0.2, 0.5, 1.0, 2.0} <= set(numbers(_drawn(0.2, 4.0)))
    assert {0.01, 1.0, 100.0} <= set(numbers(_drawn(0.001, 1000.0)))
    assert len(numbers(_drawn(1e-6, 1e6))) < 20


def test_a_drawing_is_sized_by_its_box_and_keeps_no_ids_of_groups() -> None:
    found = _drawn(1.0, 2.0)
    assert not {"width", "height"} & set(root(found).attrib)
    assert not re.search(r'<g id="', found)
    assert "metadata" not in found


def test_all_colours_are_stand_ins() -> None:
    with style():
        drawing, (axis,) = figure(1.0, left=0.1)
        axis.set_xlabel("x")
        colours = set(re.findall(r"#[0-9a-f]{6}\b", svg(drawing, "salt")))
    assert colours
    assert colours <= set(NAMES)
