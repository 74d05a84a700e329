"""A report for a terminal of 80 columns or more; it prints nothing itself.

Few configurations stand side by side, one metric per line. Four or more stand one below the other,
one group per column, where the terminal is wide enough, and else in several tables.
"""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.footnote import Footnotes
from ibd_mobile.results.report._heading import heading, printable
from ibd_mobile.results.report._study import (
    TITLE,
    observation_lines,
    observations,
    order_lines,
    orders,
)
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.sheet import Sheet, sheets
from ibd_mobile.results.shortfall import shortfalls
from ibd_mobile.results.sustained import order_change
from ibd_mobile.results.table import GROUP_TITLES, Row, rows

_SIDE_BY_SIDE_COUNT = 3  #: so many configurations are easier to compare side by side
_PADDING_COUNT = 2  #: columns of the terminal that a table adds to each of its own
_LABEL_WIDTH = 24  #: longer labels are folded between words
_ENDLESS_COUNT = 10_000
_WARNING, _QUIET, _TITLE = "bold yellow", "dim", "bold"


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> RenderableType:
    """Make the whole report; it chooses its layout when it is printed."""
    parts: list[RenderableType] = [_lines(heading(run, records, failures))]
    for sheet in sheets(rows(records, run.jobs, failures)):
        parts += ["", _SheetView(sheet)]
    if told := order_lines(orders(run, records)):
        parts += ["", *(Text(printable(line)) for line in told)]
    if observed := observation_lines(observations(run, records)):
        parts += ["", Text(TITLE, style=_TITLE), _notes(observed)]
    missing = [
        (found.kind, f"{found.what}: {found.reason}")
        for found in shortfalls(run, records, failures)
    ]
    if missing:
        parts += ["", _notes(missing)]
    return Group(*parts)


def table(sheet_rows: Sequence[Row]) -> RenderableType:
    """Make only the tables of some rows, as the end of a `run` shows them."""
    parts: list[RenderableType] = []
    for sheet in sheets(sheet_rows):
        parts += ["", _SheetView(sheet)] if parts else [_SheetView(sheet)]
    return Group(*parts)


class _SheetView:
    """One table with its heading and footnotes, laid out for the width it is given."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._footnotes = Footnotes(sheet)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        sheet = self._sheet
        yield _lines([line for line in (sheet.device, sheet.simulated) if line])
        yield Text(printable(sheet.protocol), style="" if sheet.is_conforming else _WARNING)
        yield Text(printable(sheet.shared), style=_QUIET)
        if turned := order_change(sheet.rows, sheet.labels):
            yield Text(printable(turned), style=_WARNING)
        wide = self._wide()
        # A measurement is clipped to the width it is asked for, so ask for more than any terminal.
        endless = options.update_width(_ENDLESS_COUNT)
        fits = Measurement.get(console, endless, wide).maximum <= options.max_width
        is_wide = len(sheet.rows) > _SIDE_BY_SIDE_COUNT and fits
        for made in [wide] if is_wide else self._tall(options.max_width):
            yield ""
            yield made
        yield ""
        yield _notes([(note.mark, note.text) for note in self._footnotes.notes()])

    def _wide(self) -> Table:
        """One configuration per row, one group per column."""
        made = Table(
            box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="", show_lines=True
        )
        made.add_column(max_width=max(map(self._label_width, range(len(self._sheet.rows)))))
        labels = {
            group: [c.label for c in self._sheet.columns if c.group == group]
            for group in GROUP_TITLES
        }
        lines_count = max(map(len, labels.values()))
        for group, title in GROUP_TITLES.items():
            lines = [*labels[group], *[""] * (lines_count - len(labels[group]))]
            head = Text(title, style=_TITLE).append("".join(f"\n{line}" for line in lines), _QUIET)
            made.add_column(head, no_wrap=True)
        for number, row in enumerate(self._sheet.rows):
            cells = [
                Text("\n").join(
                    self._cell(row, c.name) for c in self._sheet.columns if c.group == group
                )
                for group in GROUP_TITLES
            ]
            made.add_row(self._label(number), *cells)
        return made

    def _tall(self, width: int) -> list[Table]:
        """One metric per row; as many configurations beside each other as fit."""
        count = len(self._sheet.rows)
        names_width = max(map(len, GROUP_TITLES.values())) + max(
            len(c.label) for c in self._sheet.columns
        )
        free = width - names_width - 2 * _PADDING_COUNT
        made, first = [], 0
        while first < count:
            last, taken = first + 1, self._width(first)
            while last < count and taken + self._width(last) <= free:
                taken += self._width(last)
                last += 1
            made.append(self._side_by_side(first, last))
            first = last
        return made

    def _side_by_side(self, first: int, last: int) -> Table:
        made = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="")
        made.add_column(no_wrap=True, style=_TITLE)
        made.add_column(no_wrap=True)
        for number in range(first, last):
            made.add_column(self._label(number), width=self._width(number) - _PADDING_COUNT)
        told: str = ""
        for column in self._sheet.columns:
            title = "" if column.group == told else GROUP_TITLES[column.group]
            told = column.group
            cells = [self._cell(row, column.name) for row in self._sheet.rows[first:last]]
            made.add_row(title, column.label, *cells)
        return made

    def _width(self, number: int) -> int:
        row = self._sheet.rows[number]
        texts = [self._cell(row, column.name).plain for column in self._sheet.columns]
        return max(*map(cell_len, texts), self._label_width(number)) + _PADDING_COUNT

    def _label_width(self, number: int) -> int:
        """Return what a label takes when it is folded; no word of it is cut."""
        label = self._label(number).plain
        longest = max(map(cell_len, label.split()), default=0)
        return max(longest, min(cell_len(label), _LABEL_WIDTH))

    def _cell(self, row: Row, name: str) -> Text:
        style = _QUIET if row.metric(name).value is None else ""
        return _marked(str(self._sheet.figure(row, name)), style, self._footnotes.mark(row, name))

    def _label(self, number: int) -> Text:
        mark = self._footnotes.label_mark(self._sheet.rows[number])
        return _marked(self._sheet.labels[number], _TITLE, mark)


def _marked(text: str, style: str, mark: str) -> Text:
    made = Text(printable(text), style=style)
    return made.append(f" {mark}", style="yellow") if mark else made


def _lines(lines: Sequence[str]) -> Text:
    made = Text()
    for line in lines:
        style = _WARNING if line.startswith("SIMULATED") else _TITLE if not made else ""
        made.append("\n" if made else "").append(printable(line), style=style)
    return made


def _notes(notes: Sequence[tuple[str, str]]) -> Table:
    made = Table.grid(padding=(0, 1, 0, 0))
    made.add_column(no_wrap=True, style="yellow")
    made.add_column(overflow="fold")
    for mark, text in notes:
        made.add_row(mark, Text(printable(text)))
    return made
