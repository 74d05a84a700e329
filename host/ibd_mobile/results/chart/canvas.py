"""What all charts are drawn on: one style, series that differ in shape too, SVG without colours.

Colours are names until a page or a file gives them values, so one drawing serves light and dark.
Drawings are narrow, so that a phone shows them at their own size.
"""

import io
import re
from contextlib import AbstractContextManager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ibd_mobile.results.chart.palette import SERIES_COUNT

_LOG_TICKS_COUNT = 9
WIDTH_IN = 3.6  #: a phone's width at 96 dots per inch, less its margins
#: no colours: each stands for one of the palette
INK, LINE = "#010101", "#020202"
SERIES = tuple(f"#0300{number:02x}" for number in range(1, SERIES_COUNT + 1))
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
DASHES = ("-", "--", ":", "-.", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)), (0, (1, 3)))
#: stand-in -> name in the palette
NAMES = {
    INK: "ink",
    LINE: "line",
    **{token: f"series-{number}" for number, token in enumerate(SERIES, start=1)},
}
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}


def style() -> AbstractContextManager[None]:
    """Draw in our style within this context."""
    context: AbstractContextManager[None] = mpl.rc_context(_STYLE)
    return context


def figure(
    height_in: float, count: int = 1, *, left: float, right: float = 0.97
) -> tuple[Figure, list[Axes]]:
    """Begin a drawing of so many panels, one below the other.

    Args:
        height_in: of the whole, inches.
        count: of panels, which share their x axis.
        left: where panels begin, as a share of the width.
        right: where they end.
    """
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    FigureCanvasSVG(drawing)
    axes = drawing.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    bottom, top = 0.42 / height_in, 1 - 0.22 / height_in
    drawing.subplots_adjust(left=left, right=right, bottom=bottom, top=top, hspace=0.16)
    return drawing, list(axes)


def logarithmic(axis: Axes) -> None:
    """Let the y axis tell orders of magnitude, with plain numbers at 1, 2, 5 and 10 as they fit."""
    axis.set_yscale("log", nonpositive="clip")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=_LOG_TICKS_COUNT))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def svg(drawing: Figure, salt: str) -> str:
    """Write a drawing as an element: sized by its box, without ids of its own groups.

    Args:
        drawing: from `figure`.
        salt: drawings of one page have different ones, for the ids that are left.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}):
        drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    return re.sub(r"(<svg[^>]*?) width=\"[^\"]*\" height=\"[^\"]*\"", r"\1", text, count=1).strip()
