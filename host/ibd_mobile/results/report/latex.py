r"""A report as LaTeX tables, to be put into a paper with \input; needs the package booktabs."""

import re
from collections.abc import Sequence

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.footnote import Footnotes
from ibd_mobile.results.report._heading import heading, printable
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.sheet import Sheet, sheets
from ibd_mobile.results.table import GROUP_TITLES, rows

_SPECIAL = re.compile(r"[\\{}$&#_%~^<>|\"`]")
_NAMED = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
}  # fmt: skip
#: what fonts of old do not have
_SYMBOLS = {
    "±": r"$\pm$", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "µ": r"\textmu{}",
    "−": "$-$", "·": r"$\cdot$", "°": r"\textdegree{}", "•": r"\textbullet{}",
    "–": "--", "…": r"\ldots{}", "→": r"$\rightarrow$",
}  # fmt: skip
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹·]+")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹·", "0123456789,")


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Write one table per device and protocol; metrics are its lines."""
    comments = [f"% {printable(line)}" for line in heading(run, records, failures)]
    tables = [_table(sheet) for sheet in sheets(rows(records, run.jobs, failures))]
    return "\n\n".join(["\n".join(comments), *tables]) + "\n"


def _table(sheet: Sheet) -> str:
    footnotes = Footnotes(sheet)
    pairs = list(zip(sheet.rows, sheet.labels, strict=True))
    heads = [_marked(label, footnotes.label_mark(row)) for row, label in pairs]
    lines = [
        [
            f"{GROUP_TITLES[column.group]}, {_plain(column.label)}",
            *(
                _marked(str(sheet.figure(row, column.name)), footnotes.mark(row, column.name))
                for row in sheet.rows
            ),
        ]
        for column in sheet.columns
    ]
    told = [line for line in (sheet.device, sheet.protocol, sheet.shared, sheet.simulated) if line]
    notes = [f"{_marked('', note.mark)} {_plain(note.text)}".strip() for note in footnotes.notes()]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_plain('. '.join(told))}.}}",
            rf"\begin{{tabular}}{{l{'r' * len(pairs)}}}",
            r"\toprule",
            " & ".join(["", *heads]) + r" \\",
            r"\midrule",
            *(" & ".join(line) + r" \\" for line in lines),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\footnotesize {note}" for note in notes),
            r"\end{table}",
        ]
    )


def _marked(text: str, mark: str) -> str:
    if not mark:
        return _plain(text)
    raised = mark.translate(_LOWERED) if _RAISED.fullmatch(mark) else _plain(mark)
    return rf"{_plain(text)}\textsuperscript{{{raised}}}"


def _plain(text: str) -> str:
    r"""Write text that LaTeX prints and does not obey.

    >>> _plain("50 % of \\input{x}")
    '50 \\% of \\textbackslash{}input\\{x\\}'
    """
    escaped = _SPECIAL.sub(lambda found: _NAMED.get(found[0], f"\\{found[0]}"), printable(text))
    return "".join(_SYMBOLS.get(char, char) for char in escaped)
