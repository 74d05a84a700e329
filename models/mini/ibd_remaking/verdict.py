"""What was made now beside what is recorded."""

from collections.abc import Iterator
from dataclasses import dataclass

from ibd_mobile.core.model import Artifact, Model, ReferenceAccuracy


@dataclass(frozen=True)
class Line:
    """One figure of one file, now and as recorded."""

    file: str
    size_bytes: int
    metric: str
    value: float
    low: float | None  #: ends of the recorded interval; None: nothing is recorded
    high: float | None
    is_same_file: bool  #: byte for byte

    @property
    def is_good(self) -> bool:
        """Whether the figure lies in the recorded interval."""
        if self.low is None or self.high is None:
            return False
        return self.low <= self.value <= self.high

    @property
    def words(self) -> str:
        """The verdict for people."""
        if self.low is None or self.high is None:
            return "nothing recorded"
        where = "within" if self.is_good else "OUTSIDE"
        return f"{where} {self.low:.4f}…{self.high:.4f}"


def lines(made: Model, recorded: Model) -> Iterator[Line]:
    """Compare each figure that is bounded; one that has no interval decides nothing."""
    known = {a.file: a for v in recorded.variants for a in v.artifacts}
    for variant in made.variants:
        for artifact in variant.artifacts:
            yield from _of_file(artifact, known.get(artifact.file))


def _of_file(made: Artifact, recorded: Artifact | None) -> Iterator[Line]:
    for now in made.reference:
        if now.low is None:
            continue
        then = _figure(recorded, now.metric)
        yield Line(
            file=made.file,
            size_bytes=made.size_bytes,
            metric=now.metric,
            value=now.value,
            low=then.low if then else None,
            high=then.high if then else None,
            is_same_file=recorded is not None and recorded.sha256 == made.sha256,
        )


def _figure(recorded: Artifact | None, metric: str) -> ReferenceAccuracy | None:
    if recorded is None:
        return None
    return next((held for held in recorded.reference if held.metric == metric), None)


def table(found: list[Line]) -> str:
    """Write lines side by side."""
    rows = [
        (
            line.file,
            f"{line.size_bytes}",
            "same bytes" if line.is_same_file else "other bytes",
            line.metric,
            f"{line.value:.4f}",
            line.words,
        )
        for line in found
    ]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(6)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(padded)
