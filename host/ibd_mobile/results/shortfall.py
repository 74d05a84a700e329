"""What a run has no numbers for: jobs that failed, are still to be run, or were left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ibd_mobile.core.job import Skip
from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo

_NAMED_COUNT = 2  #: so many cells of one reason are all named


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One job or cell without numbers, and why."""

    kind: Literal["failed", "not run", "left out"]
    what: str
    reason: str


def shortfalls(
    run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]
) -> list[Shortfall]:
    """List failed jobs, then jobs not run, then cells the plan left out, by reason."""
    done = {record.job_id for record in records}
    attempts: dict[str, list[Failure]] = {}
    for failure in failures:
        attempts.setdefault(failure.job_id, []).append(failure)
    open_jobs = [job for job in run.jobs if job.id not in done]
    failed = [
        Shortfall("failed", f"{job.title}, job {job.id}", _reason(attempts[job.id]))
        for job in open_jobs
        if job.id in attempts
    ]
    waiting = [
        Shortfall("not run", f"{job.title}, job {job.id}", f"`ibd-mobile resume {run.id}` runs it")
        for job in open_jobs
        if job.id not in attempts
    ]
    return failed + waiting + left_out(run.skips)


def progress(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Say how far a run has come, in one line.

    Failed attempts at jobs that were done later are counted, since they may tell of a bad cable.
    """
    found = shortfalls(run, records, failures)
    counts = {kind: sum(s.kind == kind for s in found) for kind in ("failed", "not run")}
    done = {record.job_id for record in records}
    repeated = sum(failure.job_id in done for failure in failures)
    parts = [f"{len(done)} of {len(run.jobs)} jobs done"]
    parts += [f"{count} {kind}" for kind, count in counts.items() if count]
    parts += [f"{repeated} failed attempts at jobs done later"] if repeated else []
    return ", ".join(parts)


def _reason(attempts: Sequence[Failure]) -> str:
    last = attempts[-1]
    times = f" ({len(attempts)} attempts)" if len(attempts) > 1 else ""
    return f"{last.kind}{times}: {last.subject}: {last.problem}. {last.remedy}".rstrip()


def cells_by_reason(skips: Sequence[Skip]) -> dict[str, list[str]]:
    """Return each reason once, with all cells of the study that it holds for."""
    cells: dict[str, list[str]] = {}
    for skip in skips:
        cells.setdefault(skip.reason, []).append(skip.cell)
    return cells


def left_out(skips: Sequence[Skip]) -> list[Shortfall]:
    """Tell each reason once, with a cell that it holds for, or the few that there are."""
    found = []
    for reason, names in cells_by_reason(skips).items():
        is_few = len(names) <= _NAMED_COUNT
        what = ", ".join(names) if is_few else f"{len(names)} cells, such as {names[0]}"
        found.append(Shortfall("left out", what, reason))
    return found
