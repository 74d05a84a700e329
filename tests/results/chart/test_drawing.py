import re
from pathlib import Path

import pytest

from ibd_mobile.results.chart.canvas import INK, SERIES
from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.dots import Line, dots
from ibd_mobile.results.chart.drawing import Drawing, is_ours, slug
from ibd_mobile.results.chart.palette import DARK, LIGHT
from ibd_mobile.results.chart.quantity import Quantity

from .drawn import root, texts

HOSTILE = "<script>alert(1)</script>&\x00 $x$"
CHART = dots([Line("float32", (Dot(1.0, 0.9, 1.1),))], Quantity("power", "W"))
DRAWING = Drawing("power", "Power", CHART, "SIMULATED. Hollow: spoiled by BUSY.")


def test_colours_are_left_to_the_page() -> None:
    svg = DRAWING.for_page()
    for name in ("var(--ink)", "var(--line)", "var(--series-1)"):
        assert name in svg
    assert not re.search(f"{INK}|{SERIES[0]}", svg)


def test_a_file_needs_nothing_around_it() -> None:
    text = DRAWING.for_file("On a phone.")
    found = root(text)
    assert {"width", "height", "viewBox"} <= set(found.attrib)
    assert "var(" not in text
    assert "Power" in texts(text)
    assert "SIMULATED. Hollow: spoiled by BUSY. On a phone." in " ".join(texts(text))
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert all(link.startswith("#") for link in links)


def test_a_file_has_colours_of_its_own_and_turns_all_of_them_in_the_dark() -> None:
    text = DRAWING.for_file("")
    style, drawn = re.fullmatch(r"(?s)(.*?</style>)(.*)", text).groups()  # type: ignore[union-attr]
    used = set(re.findall(r"(fill|stroke): (#[0-9a-f]{6})", drawn))
    assert {colour for _, colour in used} <= set(LIGHT.values())
    assert ("fill", LIGHT["paper"]) in used
    for what, colour in used:
        (name,) = (n for n, value in LIGHT.items() if value == colour and n != "warn-paper")
        assert f'[style*="{what}: {colour}"]{{{what}:{DARK[name]}!important}}' in style


def test_a_caption_grows_downwards_and_stays_within_the_width() -> None:
    short, long = (Drawing("n", "t", CHART, "word " * count).for_file("") for count in (1, 100))
    heights = [float(root(text).attrib["viewBox"].split()[3]) for text in (short, long)]
    assert heights[1] - heights[0] > 5 * 7
    assert max(map(len, texts(long))) < 70


def test_what_is_written_is_shown_and_never_obeyed() -> None:
    text = Drawing("n", HOSTILE, CHART, HOSTILE).for_file(HOSTILE)
    assert not [node for node in root(text).iter() if node.tag.endswith("script")]
    assert "alert(1)" in " ".join(texts(text))
    assert "\x00" not in text


def test_a_file_of_ours_is_known_and_nothing_else_is(tmp_path: Path) -> None:
    ours, other, link = (tmp_path / name for name in ("ours.svg", "other.svg", "link.svg"))
    ours.write_text(DRAWING.for_file(""))
    other.write_text("<svg/>")
    link.symlink_to(ours)
    assert is_ours(ours)
    assert not any(map(is_ours, (other, link, tmp_path, tmp_path / "absent")))


@pytest.mark.parametrize(("text", "name"), [("a/../b", "a-b"), ("Top-1, %", "top-1"), ("é", "")])
def test_a_name_of_a_file_holds_letters_and_digits_alone(text: str, name: str) -> None:
    assert slug(text) == name
