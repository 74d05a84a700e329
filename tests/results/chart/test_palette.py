import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from ibd_mobile.results.chart import canvas, palette

Colour = NDArray[np.float64]
#: what a dichromat sees of linear RGB (Machado, Oliveira, Fernandes 2009, severity 1)
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
}  # fmt: skip
#: of Oklab; the eight colours of Okabe and Ito come as near as 0.076 to each other
APART = 0.12
THEMES = {"light": palette.LIGHT, "dark": palette.DARK}


def linear(colour: str) -> Colour:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Colour) -> Colour:
    cones = np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    ) @ np.clip(rgb, 0, 1)  # fmt: skip
    turned: Colour = np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ) @ np.cbrt(cones)  # fmt: skip
    return turned


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    light, dark = sorted((float(linear(c) @ weights) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def series(theme: str) -> list[str]:
    return [THEMES[theme][f"series-{n}"] for n in range(1, palette.SERIES_COUNT + 1)]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_series_are_told_apart(theme: str, sight: str) -> None:
    seen = {colour: oklab(SIGHT[sight] @ linear(colour)) for colour in series(theme)}
    distances = {
        (a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in itertools.combinations(seen, 2)
    }
    assert len(distances) == 21
    assert min(distances.values()) >= APART, min(distances, key=distances.__getitem__)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_drawn_or_written_stands_out_from_the_paper(theme: str) -> None:
    colours = THEMES[theme]
    for colour in series(theme):
        assert contrast(colour, colours["paper"]) >= 3, colour
    for name in ("ink", "quiet", "link", "warn"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    assert contrast(colours["warn"], colours["warn-paper"]) >= 4.5


def test_light_and_dark_have_the_same_names_and_no_colour_twice() -> None:
    assert palette.LIGHT.keys() == palette.DARK.keys()
    for theme in THEMES:
        assert len(set(series(theme))) == palette.SERIES_COUNT
    # a file turns colours by their values, so two names of one value could not be told apart
    assert len({palette.LIGHT[name] for name in canvas.NAMES.values()}) == len(canvas.NAMES)


def test_variables_are_css() -> None:
    assert palette.variables({"ink": "#000", "paper": "#fff"}) == "--ink: #000; --paper: #fff;"


def test_series_differ_in_shape_too() -> None:
    for kind in (canvas.MARKERS, canvas.DASHES, canvas.SERIES):
        assert len(set(kind)) == palette.SERIES_COUNT
