"""What stands below a table: why a number is missing, and what spoils those that are there."""

from collections.abc import Sequence
from dataclasses import dataclass

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.metric import Metric
from ibd_mobile.results.sheet import Sheet
from ibd_mobile.results.table import Row

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TOLD_COUNT = 4  #: so many of a list are named
_UNMARKED = "•"  #: before findings that spoil no number


@dataclass(frozen=True, slots=True)
class Footnote:
    """One line below a table."""

    mark: str  #: "¹", as it stands beside the numbers
    text: str


class Footnotes:
    """The notes to one sheet; each finding id and each reason has one number throughout.

    A finding that spoils every number of a row is marked once, at the row's label.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._numbers: dict[str, int] = {}
        # asked for each cell again, of hundreds of rows; the sheet keeps them alive
        self._said = {id(row): _spoiling_all(row) for row in sheet.rows}
        for row in sheet.rows:
            for key in self._said[id(row)]:
                self._numbers.setdefault(key, len(self._numbers) + 1)
        for column in sheet.columns:
            for row in sheet.rows:
                for key in _keys(row.metric(column.name)):
                    self._numbers.setdefault(key, len(self._numbers) + 1)

    def label_mark(self, row: Row) -> str:
        """Return the raised numbers that belong beside the label of a row, or ""."""
        return self._joined(self._said[id(row)])

    def mark(self, row: Row, name: str) -> str:
        """Return the raised numbers that belong beside one metric of a row, or ""."""
        said = self._said[id(row)]
        return self._joined([key for key in _keys(row.metric(name)) if key not in said])

    def notes(self) -> list[Footnote]:
        """Return all notes: numbered ones first, then findings that spoil nothing shown."""
        found = [Footnote(self._raised(key), self._text(key)) for key in self._numbers]
        silent = {f.id for row in self._sheet.rows for f in row.findings} - self._numbers.keys()
        return found + [Footnote(_UNMARKED, self._text(id)) for id in sorted(silent)]

    def _joined(self, keys: Sequence[str]) -> str:
        return "·".join(self._raised(key) for key in sorted(keys, key=self._numbers.__getitem__))

    def _raised(self, key: str) -> str:
        return str(self._numbers[key]).translate(_RAISED)

    def _text(self, key: str) -> str:
        if key.startswith("not available: "):
            return key
        pairs = [
            (label, finding)
            for label, row in zip(self._sheet.labels, self._sheet.rows, strict=True)
            for finding in row.findings
            if finding.id == key
        ]
        return _finding_text(pairs, len(self._sheet.rows)) if pairs else key


def _keys(metric: Metric) -> list[str]:
    if metric.value is None:
        return [f"not available: {metric.missing}"]
    return metric.spoiled_by


def _spoiling_all(row: Row) -> list[str]:
    shown = [row.metric(column.name) for column in row.columns]
    spoiled = [metric.spoiled_by for metric in shown if metric.value is not None]
    return [id for id in spoiled[0] if all(id in ids for ids in spoiled)] if spoiled else []


def _finding_text(pairs: Sequence[tuple[str, Finding]], rows_count: int) -> str:
    """Tell a finding once; what was measured, with the rows it was measured in."""
    facts: dict[str, list[str]] = {}
    for label, finding in pairs:
        facts.setdefault(finding.measured, []).append(label)
    first = pairs[0][1]
    told = [
        fact if len(labels) >= rows_count else f"{fact} ({_first(labels, ', ')})"
        for fact, labels in facts.items()
    ]
    return f"{first.id}: {_first(told, '; ')} – should be {first.limit}. {first.remedy}".rstrip()


def _first(texts: Sequence[str], between: str) -> str:
    more = len(texts) - _TOLD_COUNT
    told = between.join(texts[:_TOLD_COUNT])
    return f"{told}{between}and {more} more" if more > 0 else told
