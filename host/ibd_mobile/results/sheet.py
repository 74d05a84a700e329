"""Rows of one device, protocol and application: what they share is said once, above the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ibd_mobile.results.figure import Figure, figure, shared_scale
from ibd_mobile.results.table import Column, Row

#: variable -> what a configuration is told by, in the order of the paper's layers
_AXES: dict[str, Callable[[Row], str]] = {
    "model": lambda row: row.job.model,
    "training_framework": lambda row: f"trained with {row.job.training_framework}",
    "precision": lambda row: row.job.precision,
    "framework": lambda row: f"{row.job.framework}/{row.job.processor}",
    "threads": lambda row: f"×{row.job.threads}",
    "batch": lambda row: f"batch {row.job.batch}",
    "input_size": lambda row: f"{row.job.input_size} px",
    "repetition": lambda row: f"repetition {row.repetition}" if row.repetition else "",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table with its heading."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]  #: of the rows: what tells them apart
    shared: str  #: what all rows have in common
    scales: dict[str, float | None]  #: metric -> value whose prefix suits all rows

    def figure(self, row: Row, name: str) -> Figure:
        """Print a metric of one row, with the prefix that suits this metric in all rows."""
        return figure(row.metric(name), self.scales.get(name))

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is shown of each row: accuracy by the measures of their application."""
        return self.rows[0].columns

    @property
    def device(self) -> str:
        """Say which piece of hardware it was."""
        hardware = self.rows[0].hardware
        parts = [f"{hardware.device_name} ({hardware.device})", hardware.deployment]
        parts += [f"phone {hardware.phone}"] if hardware.phone else []
        parts += [f"serial {hardware.serial}"] if hardware.serial else []
        return " · ".join([*parts, f"slot {self.rows[0].job.slot}"])

    @property
    def protocol(self) -> str:
        """Say by which rules, and whether these are the paper's."""
        follows = "follows" if self.is_conforming else "does NOT follow"
        return f"Protocol {self.rows[0].job.protocol}: {follows} the paper's rules"

    @property
    def is_conforming(self) -> bool:
        """Whether all was measured by the paper's rules."""
        return all(row.is_conforming for row in self.rows)

    @property
    def simulated(self) -> str:
        """Say what is not real about the numbers, or ""."""
        count = sum(row.is_simulated for row in self.rows)
        if not count:
            return ""
        some = "" if count == len(self.rows) else f" ({count} of {len(self.rows)} configurations)"
        return f"SIMULATED{some}: the phone is a program; its numbers are not those of hardware"


def sheets(rows: Sequence[Row]) -> list[Sheet]:
    """Put rows of one device, slot, protocol and application together, in the order they come."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        job, hardware = row.job, row.hardware
        key = (
            hardware.device,
            hardware.phone,
            hardware.serial,
            job.slot,
            job.protocol,
            row.application,
        )
        groups.setdefault(key, []).append(row)
    return [_sheet(tuple(group)) for group in groups.values()]


def told_without(rows: Sequence[Row], variable: str) -> list[str]:
    """Return what tells rows apart beside one variable, the same for all repetitions of a row."""
    axes = [axis for name, axis in _AXES.items() if name not in (variable, "repetition")]
    return _differing([[axis(row) for axis in axes] for row in rows])


def _differing(texts: Sequence[Sequence[str]]) -> list[str]:
    """Leave out of each line what all lines share."""
    is_shared = _is_shared(texts)
    return [
        " ".join(text for text, same in zip(line, is_shared, strict=True) if not same and text)
        for line in texts
    ]


def _is_shared(texts: Sequence[Sequence[str]]) -> list[bool]:
    return [len(set(column)) == 1 for column in zip(*texts, strict=True)]


def _sheet(rows: tuple[Row, ...]) -> Sheet:
    texts = [[axis(row) for axis in _AXES.values()] for row in rows]
    is_shared = _is_shared(texts)
    texts_alone = (_in_words(text) for text in texts[0])
    shared = [text for text, same in zip(texts_alone, is_shared, strict=True) if same and text]
    labels = _differing(texts)
    if len(rows) == 1:
        labels = ["value"]
    labels = _told_apart(labels, [row.job.artifact_sha256[:8] for row in rows])
    labels = _told_apart(labels, [next(iter(row.job_ids.values())) for row in rows])
    return Sheet(rows, tuple(labels), " · ".join(shared), _scales(rows))


def _scales(rows: tuple[Row, ...]) -> dict[str, float | None]:
    values: dict[str, list[float]] = {}
    for row in rows:
        for metric in row.metrics:
            if metric.value is not None:
                values.setdefault(metric.name, []).append(metric.value)
    return {name: shared_scale(found) for name, found in values.items()}


def _in_words(text: str) -> str:
    """Spell out what is only clear beside other labels: "×4" is "4 threads"."""
    count = text.removeprefix("×")
    return text if count == text else f"{count} thread{'' if count == '1' else 's'}"


def _told_apart(labels: list[str], more: list[str]) -> list[str]:
    if len(set(labels)) == len(labels):
        return labels
    return [f"{label} {extra}".strip() for label, extra in zip(labels, more, strict=True)]
