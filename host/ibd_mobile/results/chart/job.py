"""One job over time: inferences, power, temperatures and clocks, its windows shaded."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ibd_mobile.core.trace import Window
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results.chart.canvas import DASHES, MARKERS, SERIES, figure, logarithmic, style, svg
from ibd_mobile.results.figure import scale
from ibd_mobile.results.report._heading import printable
from ibd_mobile.results.timeline import Series, Timeline

_POINTS_COUNT = 300  #: more are gathered in bins
_WIDE_RATIO = 5  #: times that differ by more are drawn on a logarithmic axis
_CURVES_COUNT = 4  #: of one panel; more cannot be followed
_WINDOW_SERIES = {"idle before": 2, "idle after": 2, "latency": 0, "power": 1, "dataset": 1}


def job(timeline: Timeline) -> str:
    """Draw one job over time: inferences, power, temperatures and clocks, its windows shaded."""
    panels = _panels(timeline)
    if not panels:
        return ""
    with style():
        drawing, axes = figure(0.5 + 1.25 * len(panels), len(panels), left=0.15)
        for axis, panel in zip(axes, panels, strict=True):
            panel(axis, timeline)
            _shade(axis, timeline)
            axis.grid(axis="y")
        axes[-1].set_xlabel("time since the job began, s")
        return svg(drawing, timeline.record.job_id)


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
    logarithmic(axis)


def _points(axis: Axes, t_s: NDArray[np.float64], y: NDArray[np.float64], number: int) -> None:
    """Draw each value, or, where there are many, medians within a band from least to greatest."""
    color = SERIES[number]
    if len(t_s) <= _POINTS_COUNT:
        axis.plot(t_s, y, MARKERS[number], color=color, markersize=2.5, linestyle="")
        return
    parts = np.array_split(np.arange(len(t_s)), _POINTS_COUNT)
    middle_s = np.array([t_s[part].mean() for part in parts])
    low, high = (np.array([end(y[part]) for part in parts]) for end in (np.min, np.max))
    axis.fill_between(middle_s, low, high, color=color, alpha=0.3, linewidth=0)
    axis.plot(middle_s, [np.median(y[part]) for part in parts], color=color, linewidth=1)


def _power_panel(axis: Axes, timeline: Timeline) -> None:
    for number, one in enumerate(timeline.of("power")[:_CURVES_COUNT]):
        axis.step(*_thin(timeline, one), where="pre", color=SERIES[number], linewidth=1)
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
    shown = [one for one in found if np.isfinite(one.value).any()][:_CURVES_COUNT]
    for number, one in enumerate(shown):
        t_s, value = _thin(timeline, one)
        (curve,) = axis.plot(t_s, value * factor, DASHES[number], color=SERIES[number])
        curve.set_label(printable(one.site or one.name))
        curve.set_linewidth(1)
    axis.legend(fontsize=6.5, frameon=False, ncols=2, loc="best", handlelength=1.8)


def _shade(axis: Axes, timeline: Timeline) -> None:
    """Shade the stretches that numbers are made of."""
    for name, window in timeline.windows.items():
        if name in _WINDOW_SERIES:
            left_s, right_s = (_since(timeline, np.array([t])) for t in _ends(window))
            color = SERIES[_WINDOW_SERIES[name]]
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
