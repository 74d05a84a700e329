import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ibd_mobile.core.trace import InferenceTrace, Window
from ibd_mobile.results.chart import Dot, Line, dots, job
from ibd_mobile.results.timeline import Series, Timeline

from .compared import FLOAT

LINES = [
    Line("float32", (Dot(0.0018, 0.0017, 0.0019), Dot(0.002, None, None))),
    Line("int8 <b>&$x$\x00", (Dot(0.0009, 0.0008, 0.0010, is_spoiled=True), Dot(None))),
]
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_a_chart_is_sound_xml_with_its_unit_on_the_axis() -> None:
    found = texts(dots(LINES, "s", "time", ("burst", "sustained")))
    assert "time, ms" in found
    assert {"float32", "burst", "sustained", "n/a"} <= set(found)
    assert "int8 <b>&$x$�" in found  # as it was written, and not obeyed


def test_colours_are_left_to_the_page() -> None:
    svg = dots(LINES, "s", "time", ("burst", "sustained"))
    for name in ("currentColor", "var(--line)", "var(--series-1)", "var(--series-2)"):
        assert name in svg
    left = set(re.findall(r"#[0-9a-f]{6}\b", svg))
    assert left <= {"#ffffff", "#000000"}, left


def test_a_chart_grows_with_its_lines_and_has_no_size_of_its_own() -> None:
    def height(count: int) -> float:
        svg = dots([Line(str(k), (Dot(1.0),)) for k in range(count)], "W", "power")
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
        assert "width" not in root.attrib
        return float(root.attrib["viewBox"].split()[3])

    assert height(10) - height(2) == pytest.approx(8 * 0.36 * 72, abs=1)


def test_the_same_figures_give_the_same_drawing_and_others_share_no_id() -> None:
    one, other = dots(LINES, "s", "time"), dots(LINES[::-1], "s", "rate")
    assert dots(LINES, "s", "time") == one
    ids = [set(re.findall(r'id="([^"]*)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_axes_start_at_zero_and_below_where_intervals_do() -> None:
    def ticks(low: float) -> list[float]:
        found = texts(dots([Line("x", (Dot(5.0, low, 6.0),))], "W", "power"))
        return [float(t.replace("−", "-")) for t in found if re.fullmatch(r"[−\d.]+", t)]

    assert min(ticks(4.0)) == 0
    assert min(ticks(-3.0)) < 0


def test_nothing_at_all_is_drawn_as_n_a() -> None:
    assert "n/a" in texts(dots([Line("x", (Dot(None),))], "W", "power"))
    assert dots([], "W", "power") == ""


def timeline(count: int = 50, slow_ns: int = 1_000_000) -> Timeline:
    start = np.arange(count, dtype=np.int64) * 2_000_000 + 5_000_000_000
    end = start + 1_000_000
    end[-1] = start[-1] + slow_ns
    t_ns = np.arange(0, 9_000_000_000, 10_000_000, dtype=np.int64)
    return Timeline(
        record=FLOAT,
        windows={"idle before": Window(10**9, 4 * 10**9), "power": Window(start[0], end[-1])},
        phases=[InferenceTrace("power", start, end)],
        series=[
            Series("power", "power", "battery", "w", t_ns, np.sin(t_ns / 1e9) + 2),
            Series("skin_temperature", "temperature", "skin", "c", t_ns, np.full(len(t_ns), 30.0)),
            Series("prime_frequency", "frequency", "prime", "hz", t_ns, np.full(len(t_ns), 2e9)),
            Series("prime_frequency_cap", "frequency", "prime", "hz", t_ns, np.full(900, 3e9)),
            Series("dead", "temperature", "dead", "c", t_ns, np.full(len(t_ns), np.nan)),
        ],
    )


def test_a_job_is_drawn_with_all_that_was_read() -> None:
    found = texts(job(timeline()))
    assert {"inference, ms", "power, W", "temperature, °C", "clock, GHz"} <= set(found)
    assert "time since the job began, s" in found
    assert "skin" in found
    assert "dead" not in found


def test_the_windows_are_shaded_in_every_panel() -> None:
    svg = job(timeline())
    assert svg.count("opacity: 0.12") == 2 * 4


@pytest.mark.parametrize(("slow_ns", "is_wide"), [(1_200_000, False), (900_000_000, True)])
def test_a_few_slow_inferences_do_not_flatten_the_others(slow_ns: int, is_wide: bool) -> None:
    ticks = [t for t in texts(job(timeline(slow_ns=slow_ns))) if re.fullmatch(r"[\d.]+", t)]
    assert ("100" in ticks) == is_wide


def test_ten_thousand_inferences_make_no_larger_drawing_than_a_thousand() -> None:
    few, many = len(job(timeline(1000))), len(job(timeline(10_000)))
    assert many < 1.3 * few
    assert many < 150_000


def test_a_job_of_which_nothing_was_read_has_no_drawing() -> None:
    assert job(Timeline(FLOAT, {}, [], [])) == ""
