"""Charts as SVG for a page; the only place that imports matplotlib.

Colours are names until the page gives them values, so one drawing serves light and dark. Drawings
are narrow, so that a phone shows them at their own size, and series differ in shape as well.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ibd_mobile.core.trace import Window
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results.figure import scale
from ibd_mobile.results.report._heading import printable
from ibd_mobile.results.timeline import Series, Timeline

#: no colours: each stands for one that the page's style defines
_INK, _LINE = "#010101", "#020202"
_SERIES = ("#030303", "#040404", "#050505", "#060606")
_NAMES = {
    _INK: "currentColor",
    _LINE: "var(--line)",
    **{token: f"var(--series-{number})" for number, token in enumerate(_SERIES, start=1)},
}
_MARKERS = ("o", "s", "D", "^")
_DASHES = ("-", "--", ":", "-.")
_WIDTH_IN = 3.6  #: a phone's width at 96 dots per inch, less its margins
_POINTS_COUNT = 300  #: more are gathered in bins
_WIDE_RATIO = 5  #: times that differ by more are drawn on a logarithmic axis
_WINDOW_SERIES = {"idle before": 2, "idle after": 2, "latency": 0, "power": 1, "dataset": 1}
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "grid.color": _LINE,
    "grid.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}


@dataclass(frozen=True, slots=True)
class Dot:
    """One figure of a chart, with its interval."""

    value: float | None  #: None: not available
    low: float | None = None
    high: float | None = None
    is_spoiled: bool = False  #: drawn hollow


@dataclass(frozen=True, slots=True)
class Line:
    """One configuration of a chart: a dot of each series."""

    label: str
    dots: tuple[Dot, ...]


def dots(lines: Sequence[Line], unit: str, title: str, series: Sequence[str] = ("",)) -> str:
    """Draw figures of one metric, one configuration below the other, with their intervals.

    Args:
        lines: configurations, the first on top.
        unit: of all values, as in a metric.
        title: what the axis is, without its unit.
        series: names of the dots of each line; one alone needs no name.

    Returns:
        An <svg> element; "" where there is no configuration.
    """
    if not lines:
        return ""
    values = [d.value for line in lines for d in line.dots if d.value is not None]
    factor, printed = scale(max((abs(v) for v in values), default=1.0), unit)
    with mpl.rc_context(_STYLE):
        height_in = 0.62 + 0.36 * len(lines) + (0.2 if len(series) > 1 else 0)
        figure, axes = _figure(height_in, 1, left=0.05)
        for place, line in enumerate(lines):
            axes[0].text(0.0, place - 0.28, printable(line.label), va="bottom", fontsize=7.5)
            axes[0].texts[-1].set_transform(axes[0].get_yaxis_transform())
            for number, dot in enumerate(line.dots):
                _dot(axes[0], dot, place + 0.1 + 0.16 * number, number, factor)
        axes[0].set_ylim(len(lines) - 0.4, -0.75)
        axes[0].set_yticks([])
        axes[0].spines["left"].set_visible(False)
        axes[0].grid(axis="x")
        _from_zero(axes[0], unit, [v * factor for v in values])
        axes[0].set_xlabel(f"{title}, {printed}" if printed else title)
        if len(series) > 1:
            _legend(axes[0], series)
        return _svg(figure, f"{title}-{lines[0].label}")


def job(timeline: Timeline) -> str:
    """Draw one job over time: inferences, power, temperatures and clocks, its windows shaded."""
    panels = _panels(timeline)
    if not panels:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.5 + 1.25 * len(panels), len(panels), left=0.15)
        for axis, panel in zip(axes, panels, strict=True):
            panel(axis, timeline)
            _shade(axis, timeline)
            axis.grid(axis="y")
        axes[-1].set_xlabel("time since the job began, s")
        return _svg(figure, timeline.record.job_id)


def _panels(timeline: Timeline) -> list[Callable[[Axes, Timeline], None]]:
    """Choose what there is something to draw of."""
    panels: list[Callable[[Axes, Timeline], None]] = []
    if timeline.phases:
        panels.append(_latency_panel)
    for found, panel in (
        (timeline.of("power"), _power_panel),
        (timeline.of("temperature"), _temperature_panel),
        (_clocks(timeline), _clock_panel),
    ):
        if any(np.isfinite(one.value).any() for one in found):
            panels.append(panel)
    return panels


def _latency_panel(axis: Axes, timeline: Timeline) -> None:
    slowest_s = max(float(trace.duration_ns.max()) for trace in timeline.phases) * S_PER_NS
    factor, unit = scale(slowest_s, "s")
    for trace in timeline.phases:
        number = _WINDOW_SERIES.get(trace.phase, 3)
        t_s = _since(timeline, trace.start_ns)
        _points(axis, t_s, trace.duration_ns * S_PER_NS * factor, number)
    _scale_of_times(axis, np.concatenate([trace.duration_ns for trace in timeline.phases]))
    axis.set_ylabel(f"inference, {unit}")


def _scale_of_times(axis: Axes, duration_ns: NDArray[np.int64]) -> None:
    """Start at zero, or, where a few took many times as long as most, tell orders of magnitude."""
    if duration_ns.min() <= 0 or duration_ns.max() < _WIDE_RATIO * np.median(duration_ns):
        axis.set_ylim(bottom=0)
        return
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter(lambda _value, _: "")


def _points(axis: Axes, t_s: NDArray[np.float64], y: NDArray[np.float64], number: int) -> None:
    """Draw each value, or, where there are many, medians within a band from least to greatest."""
    color = _SERIES[number]
    if len(t_s) <= _POINTS_COUNT:
        axis.plot(t_s, y, _MARKERS[number], color=color, markersize=2.5, linestyle="")
        return
    parts = np.array_split(np.arange(len(t_s)), _POINTS_COUNT)
    middle_s = np.array([t_s[part].mean() for part in parts])
    low, high = (np.array([end(y[part]) for part in parts]) for end in (np.min, np.max))
    axis.fill_between(middle_s, low, high, color=color, alpha=0.3, linewidth=0)
    axis.plot(middle_s, [np.median(y[part]) for part in parts], color=color, linewidth=1)


def _power_panel(axis: Axes, timeline: Timeline) -> None:
    for number, one in enumerate(timeline.of("power")[: len(_SERIES)]):
        axis.step(*_thin(timeline, one), where="pre", color=_SERIES[number], linewidth=1)
    axis.set_ylim(bottom=0)
    axis.set_ylabel("power, W")


def _temperature_panel(axis: Axes, timeline: Timeline) -> None:
    order = ("battery", "skin")
    found = sorted(timeline.of("temperature"), key=lambda s: (s.site not in order, s.name))
    _curves(axis, timeline, found, 1.0)
    axis.set_ylabel("temperature, °C")


def _clock_panel(axis: Axes, timeline: Timeline) -> None:
    found = _clocks(timeline)
    highest_hz = max(float(np.nanmax(one.value)) for one in found)
    factor, unit = scale(highest_hz, "Hz")
    _curves(axis, timeline, found, factor)
    axis.set_ylim(bottom=0)
    axis.set_ylabel(f"clock, {unit}")


def _clocks(timeline: Timeline) -> list[Series]:
    """Return the present clocks that were read, without the highest ones allowed."""
    return [
        one
        for one in timeline.of("frequency")
        if not one.name.endswith("_cap") and np.isfinite(one.value).any()
    ]


def _curves(axis: Axes, timeline: Timeline, found: Sequence[Series], factor: float) -> None:
    shown = [one for one in found if np.isfinite(one.value).any()][: len(_SERIES)]
    for number, one in enumerate(shown):
        t_s, value = _thin(timeline, one)
        (curve,) = axis.plot(t_s, value * factor, _DASHES[number], color=_SERIES[number])
        curve.set_label(printable(one.site or one.name))
        curve.set_linewidth(1)
    axis.legend(fontsize=6.5, frameon=False, ncols=2, loc="best", handlelength=1.8)


def _shade(axis: Axes, timeline: Timeline) -> None:
    """Shade the stretches that numbers are made of."""
    for name, window in timeline.windows.items():
        if name in _WINDOW_SERIES:
            left_s, right_s = (_since(timeline, np.array([t])) for t in _ends(window))
            color = _SERIES[_WINDOW_SERIES[name]]
            axis.axvspan(left_s[0], right_s[0], color=color, alpha=0.12, linewidth=0)


def _ends(window: Window) -> tuple[int, int]:
    return window.start_ns, window.end_ns


def _since(timeline: Timeline, t_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    return (t_ns - timeline.start_ns) * S_PER_NS


def _thin(timeline: Timeline, one: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leave out what repeats its neighbours, and of the rest what no pixel could show."""
    is_read = np.isfinite(one.value)
    t_ns, value = one.t_ns[is_read], one.value[is_read]
    if len(value) > 2:
        is_new = np.concatenate(([True], value[1:] != value[:-1]))
        is_last = np.concatenate((is_new[1:], [True]))
        t_ns, value = t_ns[is_new | is_last], value[is_new | is_last]
    if len(value) > 2 * _POINTS_COUNT:
        keep = np.unique(
            np.concatenate(
                [
                    [part[0], part[value[part].argmin()], part[value[part].argmax()], part[-1]]
                    for part in np.array_split(np.arange(len(value)), _POINTS_COUNT // 2)
                ]
            )
        )
        t_ns, value = t_ns[keep], value[keep]
    return _since(timeline, t_ns), value


def _dot(axis: Axes, dot: Dot, place: float, number: int, factor: float) -> None:
    if dot.value is None:
        axis.text(0.02, place, "n/a", va="center", fontsize=7, transform=axis.get_yaxis_transform())
        return
    value, color = dot.value * factor, _SERIES[number]
    if dot.low is not None and dot.high is not None:
        axis.plot([dot.low * factor, dot.high * factor], [place, place], color=color, linewidth=1.4)
        for end in (dot.low * factor, dot.high * factor):
            axis.plot([end, end], [place - 0.06, place + 0.06], color=color, linewidth=1.4)
    face = "none" if dot.is_spoiled else color
    axis.plot(
        [value], [place], _MARKERS[number], markersize=5, markeredgecolor=color,
        markerfacecolor=face,
    )  # fmt: skip


def _legend(axis: Axes, series: Sequence[str]) -> None:
    for number, name in enumerate(series):
        axis.plot([], [], _MARKERS[number], color=_SERIES[number], markersize=5, label=name)
    where = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.0}
    axis.legend(fontsize=7, frameon=False, ncols=len(series), handletextpad=0.1, **where)


def _from_zero(axis: Axes, unit: str, values: Sequence[float]) -> None:
    """Start at zero, so that lengths can be compared; shares end at their whole if near it."""
    low = min([0.0, *axis.dataLim.intervalx, *values]) if values else 0.0
    axis.set_xlim(left=low if np.isfinite(low) else 0.0)
    if unit == "ratio" and values and max(values) > 60:
        axis.set_xlim(right=max(105.0, *values))


def _figure(height_in: float, count: int, left: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(_WIDTH_IN, height_in))
    FigureCanvasSVG(figure)
    axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    bottom, top = 0.42 / height_in, 1 - 0.22 / height_in
    figure.subplots_adjust(left=left, right=0.97, bottom=bottom, top=top, hspace=0.16)
    return figure, list(axes)


def _svg(figure: Figure, salt: str) -> str:
    """Write a figure as an element of a page: sized by its box, without ids of its own groups."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"(<svg[^>]*?) width=\"[^\"]*\" height=\"[^\"]*\"", r"\1", text, count=1)
    return re.sub("|".join(_NAMES), lambda found: _NAMES[found.group()], text).strip()
