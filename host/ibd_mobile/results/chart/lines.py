"""One metric against a number that doubles: batch or input size, a curve for each network."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ibd_mobile.results.chart.canvas import (
    DASHES,
    INK,
    MARKERS,
    SERIES,
    WIDTH_IN,
    figure,
    logarithmic,
    style,
    svg,
)
from ibd_mobile.results.chart.dot import Dot
from ibd_mobile.results.chart.frame import Frame, from_zero, of_magnitudes
from ibd_mobile.results.chart.quantity import Quantity
from ibd_mobile.results.report._heading import printable

_PLOT_IN = 2.0  #: height of the plot itself
_NAME_LETTERS_COUNT = 18  #: longer names of curves go on in the next line
_LETTER_IN, _SIGN_IN = 0.055, 0.16  #: width of a name's letter, and of what stands before it
_NAME_LINE_IN = 0.12
_WIDE_RATIO = 30  #: values that differ by more are drawn on a logarithmic axis
_TICKS_COUNT = 9  #: more do not fit beside each other
_APART_RATIO = 0.02  #: repetitions are drawn so far beside each other, of the axis


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at one value of the variable."""

    x: float
    dot: Dot


@dataclass(frozen=True, slots=True)
class Curve:
    """One network, or one configuration of it, over the values of the variable."""

    label: str  #: "" where there is but one
    repetitions: tuple[tuple[Point, ...], ...]  #: each drawn on its own


def lines(curves: Sequence[Curve], quantity: Quantity, x_title: str) -> str:
    """Draw curves with intervals over an axis on which each doubling is as long.

    The axis of the metric starts at zero, or, where values differ too much for that, tells orders
    of magnitude and says so.

    Args:
        curves: at most as many as there are series.
        quantity: of all values.
        x_title: what the variable is, with its unit.

    Returns:
        An <svg> element, its colours stand-ins; "" where there is no figure at all.
    """
    known = [p for curve in curves for one in curve.repetitions for p in one if _value(p)]
    if not known:
        return ""
    factor, told = quantity.axis(max(abs(p.dot.value or 0.0) for p in known))
    names = [textwrap.wrap(printable(curve.label), _NAME_LETTERS_COUNT) for curve in curves]
    is_named = any(names)
    height_in = max(_PLOT_IN, _NAME_LINE_IN * (sum(map(len, names)) + len(names))) + 0.64
    with style():
        longest = max((len(line) for name in names for line in name), default=0)
        right = 0.97 - ((_SIGN_IN + _LETTER_IN * longest) / WIDTH_IN if is_named else 0)
        drawing, (axis,) = figure(height_in, left=0.17, right=right)
        axis.set_xscale("log", base=2)
        _ticks(axis, sorted({p.x for p in known}))
        frame, is_log = _scale([p.dot for p in known], factor, quantity)
        if is_log:
            logarithmic(axis)
        axis.set_ylim(frame.low, frame.high)
        if frame.low < 0:
            axis.axhline(0, color=INK, linewidth=0.6)
        for number, curve in enumerate(curves):
            _curve(axis, curve, number, factor, frame)
        axis.grid(axis="y")
        axis.set_xlabel(x_title)
        axis.set_ylabel(f"{told} (logarithmic)" if is_log else told)
        if is_named:
            _names(axis, curves, names, factor, height_in - 0.64)
        return svg(drawing, f"{quantity.title}-{x_title}-{curves[0].label}")


def _value(point: Point) -> bool:
    return point.dot.value is not None


def _ticks(axis: Axes, values: Sequence[float]) -> None:
    """Name the values that were measured, as far as they fit."""
    span = np.log2(values[-1] / values[0]) or 1.0
    kept = [values[0]]
    for value in values[1:]:
        if np.log2(value / kept[-1]) >= span / _TICKS_COUNT:
            kept.append(value)
    axis.set_xticks(kept, [f"{value:g}" for value in kept])
    axis.minorticks_off()
    room = 2 ** (0.06 * span)
    axis.set_xlim(values[0] / room, values[-1] * room)


def _curve(axis: Axes, curve: Curve, number: int, factor: float, frame: Frame) -> None:
    color, marker = SERIES[number], MARKERS[number]
    left, right = np.log2(axis.get_xlim())
    for place, points in enumerate(curve.repetitions):
        shift = (place - (len(curve.repetitions) - 1) / 2) * _APART_RATIO * (right - left)
        x = [point.x * 2**shift for point in points]
        y = [np.nan if p.dot.value is None else p.dot.value * factor for p in points]
        axis.plot(x, y, linestyle=DASHES[number], color=color, linewidth=1)
        for where, value, point in zip(x, y, points, strict=True):
            ends = [end * factor for end in point.dot.ends]
            if ends:
                drawn = [frame.cut(end) for end in ends]
                axis.plot([where] * 2, drawn, "_-", color=color, linewidth=1, markersize=4)
                for end, there, arrow in zip(ends, drawn, "v^", strict=True):
                    if end != there:
                        axis.plot([where], [there], arrow, color=color, markersize=3, clip_on=False)
            face = "none" if point.dot.is_spoiled else color
            look: dict[str, Any] = {
                "markersize": 4.5,
                "markeredgecolor": color,
                "markerfacecolor": face,
            }
            axis.plot([where], [value], marker, **look)


def _scale(found: Sequence[Dot], factor: float, quantity: Quantity) -> tuple[Frame, bool]:
    """Start at zero, or tell orders of magnitude; say whether it is the latter."""
    sizes = [dot.value for dot in found if dot.value is not None]
    if min(sizes) <= 0 or max(sizes) < _WIDE_RATIO * min(sizes):
        return from_zero(found, factor, is_cut=not quantity.is_difference), False
    return of_magnitudes(found, factor), True


def _names(
    axis: Axes, curves: Sequence[Curve], names: Sequence[list[str]], factor: float, height_in: float
) -> None:
    """Write each name beside the end of its curve, moved as little as makes all legible."""
    ends = {number: _end(axis, curve, factor) for number, curve in enumerate(curves)}
    order = sorted((n for n in ends if ends[n] is not None), key=lambda n: ends[n] or (0, 0))
    line = _NAME_LINE_IN / height_in
    heights = [line * (len(names[n]) + 0.6) for n in order]
    wanted = [(ends[n] or (0.0, 0.0))[1] for n in order]
    for number, middle in zip(order, _spread(wanted, heights), strict=True):
        x, y = ends[number] or (0.0, 0.0)
        lead: dict[str, Any] = {"color": SERIES[number], "linewidth": 0.6, "clip_on": False}
        axis.plot([x, 1.02], [y, middle], transform=axis.transAxes, **lead)
        axis.plot(
            [1.035], [middle], MARKERS[number], color=SERIES[number], markersize=4,
            transform=axis.transAxes, clip_on=False,
        )  # fmt: skip
        axis.text(
            1.06, middle, "\n".join(names[number]), va="center", fontsize=6.5, color=INK,
            transform=axis.transAxes, linespacing=1.1,
        )  # fmt: skip


def _end(axis: Axes, curve: Curve, factor: float) -> tuple[float, float] | None:
    """Where a curve ends, as shares of the plot."""
    last = [p for one in curve.repetitions[-1:] for p in one if p.dot.value is not None]
    if not last:
        return None
    point = max(last, key=lambda p: p.x)
    place = (point.x, (point.dot.value or 0.0) * factor)
    x, y = axis.transAxes.inverted().transform(axis.transData.transform(place))
    return float(x), float(y)


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Move things of some heights apart, from the lowest up, and back below 1 from the highest.

    >>> _spread([0.5, 0.5], [0.25, 0.25])
    [0.5, 0.75]
    """
    found: list[float] = []
    for middle, height in zip(wanted, heights, strict=True):
        lowest = found[-1] + (heights[len(found) - 1] + height) / 2 if found else height / 2
        found.append(max(middle, lowest))
    top = 1.0
    for number in range(len(found) - 1, -1, -1):
        found[number] = min(found[number], top - heights[number] / 2)
        top = found[number] - heights[number] / 2
    return found
