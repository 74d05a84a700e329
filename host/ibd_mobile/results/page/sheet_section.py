"""One table of the page with its marks, notes and charts."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from ibd_mobile.core.metric import Metric
from ibd_mobile.results import chart
from ibd_mobile.results.footnote import Footnote, Footnotes
from ibd_mobile.results.sheet import Sheet
from ibd_mobile.results.sustained import order_change, sustained_latency
from ibd_mobile.results.table import GROUP_TITLES, Row

#: so many configurations stand side by side; more stand one below the other
SIDE_BY_SIDE_COUNT = 4
#: a chart of more lines than this is no longer read
LINES_COUNT = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is printed."""

    text: str
    mark: str
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What the template needs of one table."""

    sheet: Sheet
    is_tall: bool  #: metrics are lines; else configurations are
    heads: list[tuple[str, str]]  #: (label, mark) of each configuration
    metrics: list[tuple[str, str]]  #: (group, label) of each metric
    cells: list[list[Cell]]  #: of each configuration, by metric
    notes: list[Footnote]
    order_change: str
    charts: list[Markup]
    not_drawn: str


def section(sheet: Sheet) -> Section:
    """Lay out a table and draw its charts."""
    footnotes = Footnotes(sheet)
    pairs = list(zip(sheet.rows, sheet.labels, strict=True))
    is_drawn = len(pairs) <= LINES_COUNT
    return Section(
        sheet=sheet,
        is_tall=len(pairs) <= SIDE_BY_SIDE_COUNT,
        heads=[(label, footnotes.label_mark(row)) for row, label in pairs],
        metrics=[(GROUP_TITLES[column.group], column.label) for column in sheet.columns],
        cells=[
            [_cell(sheet, footnotes, row, column.name) for column in sheet.columns]
            for row in sheet.rows
        ],
        notes=footnotes.notes(),
        order_change=order_change(sheet.rows, sheet.labels),
        charts=_charts(sheet) if is_drawn else [],
        not_drawn="" if is_drawn else f"Charts of {len(pairs)} configurations are not drawn.",
    )


def _cell(sheet: Sheet, footnotes: Footnotes, row: Row, name: str) -> Cell:
    is_missing = row.metric(name).value is None
    return Cell(str(sheet.figure(row, name)), footnotes.mark(row, name), is_missing)


Series = tuple[str, Callable[[Row], Metric]]


def _charts(sheet: Sheet) -> list[Markup]:
    """Draw one chart per metric of which anything is known."""
    wanted: list[tuple[str, tuple[Series, ...]]] = [
        (
            "time of one sample",
            (("burst", lambda row: row.metric("latency_s")), ("sustained", sustained_latency)),
        ),
        ("power", (_of("gross", "power_gross_w"), _of("net of idle", "power_net_w"))),
        ("samples per joule", (_of("", "samples_per_j"),)),
        ("utilization, share of peak", (_of("", "utilization_ratio"),)),
    ]
    accuracy = next(column for column in sheet.columns if column.group == "accuracy")
    wanted.append((f"accuracy, {accuracy.label}", (_of("", accuracy.name),)))
    drawn = [_chart(sheet, title, series) for title, series in wanted]
    return [Markup(svg) for svg in drawn if svg]  # noqa: S704 - drawn by chart.py, which escapes


def _of(title: str, name: str) -> Series:
    return title, lambda row: row.metric(name)


def _chart(sheet: Sheet, title: str, series: tuple[Series, ...]) -> str:
    found = [[take(row) for _, take in series] for row in sheet.rows]
    known = [metric for metrics in found for metric in metrics if metric.value is not None]
    if not known:
        return ""
    lines = [
        chart.Line(label, tuple(_dot(metric) for metric in metrics))
        for label, metrics in zip(sheet.labels, found, strict=True)
    ]
    return chart.dots(lines, known[0].unit, title, [name for name, _ in series])


def _dot(metric: Metric) -> chart.Dot:
    spoiling = [id for id in metric.spoiled_by if id != "SIMULATED"]
    return chart.Dot(metric.value, metric.low, metric.high, is_spoiled=bool(spoiling))
