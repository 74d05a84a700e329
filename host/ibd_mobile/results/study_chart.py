"""Charts of what a study is about, as the paper's figures draw it.

The values of the variable lie along an axis where they are numbers, else below each other; each
network has its own curve or its own group. Repetitions are drawn each on its own, and never their
mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ibd_mobile.core.metric import Metric
from ibd_mobile.results.accuracy_loss import LOSSES
from ibd_mobile.results.chart.dot import Dot, dot_of
from ibd_mobile.results.chart.dots import Line, dots
from ibd_mobile.results.chart.drawing import Drawing, capital, slug
from ibd_mobile.results.chart.lines import Curve, Point, lines
from ibd_mobile.results.chart.palette import SERIES_COUNT
from ibd_mobile.results.chart.quantity import Quantity
from ibd_mobile.results.sheet import Sheet, told_without
from ibd_mobile.results.sheet_chart import LINES_COUNT, caption
from ibd_mobile.results.table import COLUMNS, Row


@dataclass(frozen=True, slots=True)
class Theme:
    """One metric that a study looks at."""

    metric: str
    title: str
    of: str = ""  #: what is counted, where the metric's unit leaves that open


@dataclass(frozen=True, slots=True)
class Plate:
    """Which figures the paper has of one variable."""

    title: str  #: what the variable is called
    source: str  #: "the paper's Fig. 2", or "" where it has none
    themes: tuple[Theme, ...]
    unit: str = ""  #: of the variable's values, where they are numbers
    has_loss: bool = False  #: accuracy is drawn too, as far as it was lost


_THROUGHPUT = Theme("throughput_per_s", "throughput", "samples")
_LATENCY = Theme("latency_s", "time of one sample")
_BOTH = (_THROUGHPUT, _LATENCY)
_OF_BATCHES = (
    *_BOTH,
    Theme("execution_s", "time of one batch"),
    Theme("ops_per_j", "energy efficiency", "operations"),
    Theme("utilization_ratio", "utilization, share of peak"),
)
_PLATES = {
    "training_framework": Plate("training framework", "the paper's Fig. 2", (_THROUGHPUT,)),
    "input_size": Plate("input size", "the paper's Fig. 3", _BOTH, "pixels"),
    "framework": Plate("inference framework", "the paper's Fig. 4", _BOTH),
    "precision": Plate("precision", "the paper's Fig. 5", (_THROUGHPUT,), has_loss=True),
    "batch": Plate(
        "batch size", "the paper's Figs 6–8 and Table 4", _OF_BATCHES, "samples", has_loss=True
    ),
    "model": Plate("network", "", _BOTH),
    "processor": Plate("processor", "", _BOTH),
    "threads": Plate("threads", "", _BOTH, "count"),
}
_NUMBERS = ("batch", "input_size", "threads")
#: of more rows nothing is drawn: nobody could read it, and it would take minutes
ROWS_COUNT = 1000
_LOST = {loss: name for name, loss in LOSSES.items()}  #: loss -> what is lost


@dataclass(frozen=True, slots=True)
class _Network:
    """What has its own curve or group: rows that differ in the variable alone, and repetitions."""

    label: str
    values: dict[str, list[Row]]  #: printed value of the variable -> repetitions


def plate(variable: str) -> Plate:
    """Return what is drawn of a study's variable."""
    return _PLATES[variable]


def drawings(sheet: Sheet, variable: str) -> list[Drawing]:
    """Draw all figures of a variable of which anything is known, unless there are too many rows.

    Args:
        sheet: one device, protocol and application.
        variable: the study's; "" = it is about none.
    """
    if not variable or len(sheet.rows) > ROWS_COUNT:
        return []
    portions = _portions(_networks(sheet, variable), variable)
    drawn = [
        _drawing(sheet, variable, networks, theme, f"-{number}" if number > 1 else "")
        for theme in (*plate(variable).themes, *_losses(sheet, variable))
        for number, networks in enumerate(portions, start=1)
    ]
    return [one for one in drawn if one is not None]


def _networks(sheet: Sheet, variable: str) -> list[_Network]:
    found: dict[str, _Network] = {}
    for row, label in zip(sheet.rows, told_without(sheet.rows, _axis(variable)), strict=True):
        network = found.setdefault(label, _Network(label, {}))
        network.values.setdefault(_value(row, variable), []).append(row)
    return list(found.values())


def _axis(variable: str) -> str:
    """A processor is named together with its framework."""
    return "framework" if variable == "processor" else variable


def _value(row: Row, variable: str) -> str:
    if _axis(variable) == "framework":
        return f"{row.job.framework}/{row.job.processor}"
    return str(getattr(row.job, variable))


def _portions(networks: Sequence[_Network], variable: str) -> list[list[_Network]]:
    """Share networks out over as many drawings as are needed to read them."""
    if variable in _NUMBERS:
        count = math.ceil(len(networks) / SERIES_COUNT)
        size = math.ceil(len(networks) / count)  # none has but a few that are left
        return [list(networks[i : i + size]) for i in range(0, len(networks), size)]
    found: list[list[_Network]] = []
    count = LINES_COUNT
    for network in networks:
        count += len(network.values)
        if count > LINES_COUNT:
            found.append([])
            count = len(network.values)
        found[-1].append(network)
    return found


def _losses(sheet: Sheet, variable: str) -> list[Theme]:
    """Name those losses of accuracy which the table has and of which anything is known."""
    if not plate(variable).has_loss:
        return []
    shown = {column.name for column in sheet.columns if column.name in _LOST}
    units = {
        metric.name: metric.unit
        for row in sheet.rows
        for metric in row.metrics
        if metric.value is not None and metric.name in shown
    }
    return [
        Theme(name, f"loss of {_measure(name)}", "points" if unit == "ratio" else "")
        for name, unit in units.items()
    ]


def _measure(loss: str) -> str:
    """Say what a loss is of: "top1_loss_ratio" is of top-1."""
    return next(column.label for column in COLUMNS if column.name == _LOST[loss])


def _drawing(
    sheet: Sheet, variable: str, networks: Sequence[_Network], theme: Theme, more: str
) -> Drawing | None:
    shown = [
        metric
        for network in networks
        for rows in network.values.values()
        for row in rows
        if (metric := _metric(row, theme.metric)) is not None
    ]
    known = [metric for metric in shown if metric.value is not None]
    if not known:
        return None
    is_loss = theme.metric in _LOST
    about, quantity = plate(variable), Quantity(theme.title, known[0].unit, theme.of, is_loss)
    if variable in _NUMBERS:
        curves = [_curve(network, theme.metric) for network in networks]
        svg = lines(curves, quantity, f"{about.title}, {about.unit}")
    else:
        svg = dots([line for n in networks for line in _lines(n, theme.metric)], quantity)
    told = (
        caption(sheet, known),
        _repetitions(networks, theme.metric),
        _absent(networks, theme.metric) if variable in _NUMBERS else "",
    )
    title = f"{theme.title} by {about.title}"
    return Drawing(slug(title) + more, capital(title), svg, " ".join(text for text in told if text))


def _metric(row: Row, name: str) -> Metric | None:
    return next((metric for metric in row.metrics if metric.name == name), None)


def _dots(rows: Sequence[Row], name: str) -> dict[int, Dot]:
    """Return the dots of repetitions that have a number; accuracy is measured once for all."""
    found: dict[int, Dot] = {}
    for row in rows:
        metric = _metric(row, name)
        if metric is not None and metric.value is not None:
            found[0 if metric.group == "accuracy" else row.repetition] = dot_of(metric)
    return found


def _curve(network: _Network, name: str) -> Curve:
    """Join what was measured in the same repetition."""
    repetitions: dict[int, list[Point]] = {}
    for value, rows in sorted(network.values.items(), key=lambda item: float(item[0])):
        for repetition, dot in _dots(rows, name).items():
            repetitions.setdefault(repetition, []).append(Point(float(value), dot))
    ordered = [tuple(points) for _, points in sorted(repetitions.items())]
    return Curve(network.label, tuple(ordered))


def _lines(network: _Network, name: str) -> list[Line]:
    return [
        Line(value, tuple(_dots(rows, name).values()) or (Dot(None),), network.label)
        for value, rows in network.values.items()
    ]


def _repetitions(networks: Sequence[_Network], name: str) -> str:
    count = max(len(_dots(rows, name)) for n in networks for rows in n.values.values())
    return f"{count} repetitions, each drawn on its own." if count > 1 else ""


def _absent(networks: Sequence[_Network], name: str) -> str:
    """Name what a curve cannot show: values without a number."""
    told = [
        f"{network.label} {value}".strip()
        for network in networks
        for value, rows in network.values.items()
        if not _dots(rows, name)
    ]
    return f"Not available: {', '.join(told)}; the reason is below the table." if told else ""
