"""Figures of one metric below each other, as dots on lines that begin at zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from ibd_mobile.results.chart.canvas import INK, MARKERS, SERIES, figure, style, svg
from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.frame import Frame, from_zero
from ibd_mobile.results.chart.quantity import Quantity
from ibd_mobile.results.report._heading import printable

_LINE_IN, _GROUP_IN = 0.36, 0.24  #: height of a line, and of a group's name above it
_STEP = 0.16  #: from dot to dot within a line, in lines
_BAND = 0.4  #: what all dots of a line may take
_NEAR_WHOLE_RATIO, _WHOLE_PCT = 0.6, 105.0  #: shares that come near to 100 % are drawn up to it


@dataclass(frozen=True, slots=True)
class Line:
    """One configuration of a chart: a dot of each series, or of each repetition."""

    label: str
    dots: tuple[Dot, ...]
    group: str = ""  #: said once above lines that follow each other and share it


def dots(lines: Sequence[Line], quantity: Quantity, series: Sequence[str] = ("",)) -> str:
    """Draw figures of one metric, one configuration below the other, with their intervals.

    Args:
        lines: configurations, the first on top.
        quantity: of all values.
        series: names of the dots' series; one alone needs no name.

    Returns:
        An <svg> element, its colours stand-ins; "" where there is no configuration.
    """
    if not lines:
        return ""
    known = [dot for line in lines for dot in line.dots if dot.value is not None]
    largest = max((abs(dot.value or 0.0) for dot in known), default=1.0)
    factor, told = quantity.axis(largest)
    is_whole_near = quantity.unit == "ratio" and largest > _NEAR_WHOLE_RATIO
    frame = from_zero(
        known,
        factor,
        least_high=_WHOLE_PCT if is_whole_near else 0.0,
        is_cut=not quantity.is_difference,
    )
    heads = [bool(line.group) and line.group != before for before, line in _pairs(lines)]
    height = len(lines) + sum(heads) * _GROUP_IN / _LINE_IN  # in lines
    with style():
        height_in = 0.62 + _LINE_IN * height + (0.2 if len(series) > 1 else 0)
        drawing, (axis,) = figure(height_in, left=0.05)
        place = 0.0
        for line, is_head in zip(lines, heads, strict=True):
            if is_head:
                _write(axis, line.group, place - 0.28, fontweight="bold")
                place += _GROUP_IN / _LINE_IN
            _write(axis, line.label, place - 0.28, x=0.03 if line.group else 0.0)
            step = min(_STEP, _BAND / len(line.dots)) if line.dots else 0.0
            for number, dot in enumerate(line.dots):
                _draw(axis, dot, place - 0.08 + step * number, factor, frame)
            place += 1
        axis.set_ylim(height - 0.4, -0.75)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
        axis.set_xlim(frame.low, frame.high)
        if frame.low < 0:
            axis.axvline(0, color=INK, linewidth=0.6)
        axis.set_xlabel(told)
        if len(series) > 1:
            _legend(axis, series)
        return svg(drawing, f"{quantity.title}-{lines[0].group}-{lines[0].label}")


def _pairs(lines: Sequence[Line]) -> list[tuple[str, Line]]:
    """Each line with the group of the one before."""
    return list(zip(["", *(line.group for line in lines)], lines, strict=False))


def _write(axis: Axes, text: str, place: float, x: float = 0.0, **look: Any) -> None:
    across = axis.get_yaxis_transform()
    axis.text(x, place, printable(text), va="bottom", fontsize=7.5, transform=across, **look)


def _draw(axis: Axes, dot: Dot, place: float, factor: float, frame: Frame) -> None:
    if dot.value is None:
        axis.text(0.02, place, "n/a", va="center", fontsize=7, transform=axis.get_yaxis_transform())
        return
    color, marker = SERIES[dot.series], MARKERS[dot.series]
    ends = [end * factor for end in dot.ends]
    if ends:
        drawn = [frame.cut(end) for end in ends]
        axis.plot(drawn, [place, place], "|-", color=color, linewidth=1.4, markersize=4)
        for end, there, arrow in zip(ends, drawn, "<>", strict=True):
            if end != there:
                axis.plot([there], [place], arrow, color=color, markersize=4, clip_on=False)
    face = "none" if dot.is_spoiled else color
    look: dict[str, Any] = {"markersize": 5, "markeredgecolor": color, "markerfacecolor": face}
    axis.plot([dot.value * factor], [place], marker, **look)


def _legend(axis: Axes, series: Sequence[str]) -> None:
    for number, name in enumerate(series):
        axis.plot([], [], MARKERS[number], color=SERIES[number], markersize=5, label=name)
    where = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.0}
    axis.legend(fontsize=7, frameon=False, ncols=len(series), handletextpad=0.1, **where)
