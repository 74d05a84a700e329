"""One table of the page with its marks, notes and charts."""

from dataclasses import dataclass

from markupsafe import Markup

from ibd_mobile.results import sheet_chart, study_chart
from ibd_mobile.results.chart.drawing import Drawing
from ibd_mobile.results.footnote import Footnote, Footnotes
from ibd_mobile.results.sheet import Sheet
from ibd_mobile.results.sheet_chart import LINES_COUNT
from ibd_mobile.results.sustained import order_change
from ibd_mobile.results.table import GROUP_TITLES, Row

#: so many configurations stand side by side; more stand one below the other
SIDE_BY_SIDE_COUNT = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is printed."""

    text: str
    mark: str
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart as it stands in the page."""

    title: str
    svg: Markup
    caption: str


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
    study_title: str  #: what the study's charts are about, or ""
    study_figures: list[Figure]
    figures: list[Figure]  #: each metric of all configurations
    not_drawn: str


def section(sheet: Sheet, variable: str = "") -> Section:
    """Lay out a table and draw its charts; `variable` is what the study is about."""
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
        study_title=_study_title(variable),
        study_figures=_figures(study_chart.drawings(sheet, variable)),
        figures=_figures(sheet_chart.drawings(sheet)),
        not_drawn="" if is_drawn else f"Charts of each of {len(pairs)} lines are not drawn.",
    )


def _cell(sheet: Sheet, footnotes: Footnotes, row: Row, name: str) -> Cell:
    is_missing = row.metric(name).value is None
    return Cell(str(sheet.figure(row, name)), footnotes.mark(row, name), is_missing)


def _study_title(variable: str) -> str:
    if not variable:
        return ""
    plate = study_chart.plate(variable)
    source = f", as in {plate.source}" if plate.source else ""
    return f"By {plate.title}{source}"


def _figures(drawings: list[Drawing]) -> list[Figure]:
    """Give drawings the page's colours; what they were made of was escaped when it was drawn."""
    return [Figure(d.title, Markup(d.for_page()), d.caption) for d in drawings]  # noqa: S704
