"""Colours of pages and drawings, in light and in dark.

The series were searched for, with the first two given: any two of them are told apart with normal
sight, deuteranopia and protanopia, and each stands out from the paper. The tests hold both.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SERIES_LIGHT = ("#0072b2", "#c04e00", "#540047", "#55a294", "#424000", "#2c2693", "#7f4a66")
_SERIES_DARK = ("#56b4e9", "#f0a05a", "#8557c8", "#46efd4", "#926d3d", "#e86494", "#e6e245")


def _numbered(series: tuple[str, ...]) -> dict[str, str]:
    return {f"series-{number}": colour for number, colour in enumerate(series, start=1)}


#: name of a colour -> its value
LIGHT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "paper": "#ffffff",
        "ink": "#1b1f24",
        "quiet": "#57606a",
        "line": "#d0d7de",
        "link": "#0060a0",
        "warn": "#7a4d00",
        "warn-paper": "#fff4d6",
        **_numbered(_SERIES_LIGHT),
    }
)
DARK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "paper": "#0f1318",
        "ink": "#e6edf3",
        "quiet": "#9aa7b4",
        "line": "#39424d",
        "link": "#56b4e9",
        "warn": "#ffd479",
        "warn-paper": "#33290e",
        **_numbered(_SERIES_DARK),
    }
)
#: so many curves can share one drawing
SERIES_COUNT: Final = len(_SERIES_LIGHT)


def variables(colours: Mapping[str, str]) -> str:
    """Write colours as CSS variables: "--paper: #ffffff; --ink: …"."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
