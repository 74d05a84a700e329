"""A report in Markdown (tables as GitHub reads them)."""

import re
from collections.abc import Sequence

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
from ibd_mobile.results.table import GROUP_TITLES, Column, Row, rows

_SIDE_BY_SIDE_COUNT = 4
#: what Markdown would read as more than text; "_" within a word and a lone "[" it would not
_SPECIAL = re.compile(r"[\\*<|]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=\])\(")


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Write the whole report: a heading, one table per device and protocol, what is missing."""
    title, *lines = heading(run, records, failures)
    blocks = [f"# {_plain(title)}", *map(_plain, lines)]
    for sheet in sheets(rows(records, run.jobs, failures)):
        blocks += _sheet(sheet)
    blocks += [_plain(line) for line in order_lines(orders(run, records))]
    if observed := observation_lines(observations(run, records)):
        lines = [f"- **{status}**: {_plain(what)}" for status, what in observed]
        blocks += [f"## {TITLE}", "\n".join(lines)]
    missing = shortfalls(run, records, failures)
    if missing:
        blocks.append("## Without numbers")
        blocks.append(
            "\n".join(f"- {s.kind}: {_plain(s.what)}: {_plain(s.reason)}" for s in missing)
        )
    return "\n\n".join(blocks) + "\n"


def _sheet(sheet: Sheet) -> list[str]:
    footnotes = Footnotes(sheet)
    found = footnotes.notes()
    turned = order_change(sheet.rows, sheet.labels)
    simulated = [f"**{_plain(sheet.simulated)}**"] if sheet.simulated else []
    notes = [f"- {note.mark} {_plain(note.text)}".replace("- • ", "- ") for note in found]
    return [
        f"## {_plain(sheet.device)}",
        *simulated,
        _plain(sheet.protocol),
        _plain(sheet.shared),
        *([f"**{_plain(turned)}**"] if turned else []),
        _table(sheet, footnotes),
        *(["\n".join(notes)] if notes else []),
    ]


def _table(sheet: Sheet, footnotes: Footnotes) -> str:
    """Write metrics as rows where the configurations fit beside each other, else the other way."""
    columns = [_title(column) for column in sheet.columns]
    cells = [[_cell(sheet, row, c.name, footnotes) for c in sheet.columns] for row in sheet.rows]
    labels = [
        f"{_plain(label)} {footnotes.label_mark(row)}".strip()
        for label, row in zip(sheet.labels, sheet.rows, strict=True)
    ]
    if len(labels) > _SIDE_BY_SIDE_COUNT:
        lines = [["", *columns], *([lab, *c] for lab, c in zip(labels, cells, strict=True))]
    else:
        turned = zip(columns, *cells, strict=True)
        lines = [["", *labels], *(list(line) for line in turned)]
    rule = ["---"] * len(lines[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _title(column: Column) -> str:
    return f"{GROUP_TITLES[column.group]}, {column.label}"


def _cell(sheet: Sheet, row: Row, name: str, footnotes: Footnotes) -> str:
    return f"{_plain(str(sheet.figure(row, name)))} {footnotes.mark(row, name)}".strip()


def _plain(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", printable(text))
    is_closed = escaped.count("`") % 2 == 0  # our remedies quote commands; half a quote is text
    return escaped if is_closed else escaped.replace("`", "\\`")
