"""One job over time: its windows, inferences, power and sensors, as they lie in the archive."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.context import Context
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.record import Record
from ibd_mobile.core.trace import InferenceTrace, Window
from ibd_mobile.results import document, query, relations
from ibd_mobile.results.archive import Run
from ibd_mobile.results.facts import windows_of
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.journal import read_journal
from ibd_mobile.results.relations import TraceFile
from ibd_mobile.results.samples import read_summary

_REMEDY = "Take the job's folder from a copy."


@dataclass(frozen=True, slots=True)
class Series:
    """Power or one sensor over the job; shapes share n >= 0."""

    name: str  #: "power", or the sensor's id
    quantity: str
    site: str
    unit: str  #: suffix of SI units: "w", "c", "hz"
    t_ns: NDArray[np.int64]  #: (n,) boot time, ns
    value: NDArray[np.float64]  #: (n,) in that unit; NaN where a read failed


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that has a time in one job; times are boot time, ns."""

    record: Record
    windows: dict[str, Window]  #: "idle before", "initialisation", phases, "idle after"
    phases: list[InferenceTrace]
    series: list[Series]

    @property
    def start_ns(self) -> int:
        """The earliest moment of all."""
        starts = [window.start_ns for window in self.windows.values()]
        starts += [int(one.t_ns[0]) for one in self.series if len(one.t_ns)]
        return min(starts, default=0)

    def of(self, quantity: str) -> list[Series]:
        """Return all series of a quantity."""
        return [one for one in self.series if one.quantity == quantity]


def read(run: Run, job_id: str) -> Timeline:
    """Read the timeline of a job that is done.

    Raises:
        InputError: the plan has no such job.
        DataError: it is not done, or something of it is damaged.
    """
    folder, record = run.job_folder(job_id), run.record(job_id)
    phases = [_phase(file) for file in relations.inferences_of(folder, run.info.id)]
    return Timeline(
        record=record,
        windows=_windows(folder),
        phases=sorted(phases, key=lambda trace: int(trace.start_ns[0])),
        series=[_series(file) for file in relations.samples_of(folder, run.info.id)],
    )


def _windows(folder: JobFolder) -> dict[str, Window]:
    context = document.read(folder.context, Context, remedy=_REMEDY)
    journal = read_journal(folder.journal, context.nonce)
    summary = read_summary(folder.summary) if folder.summary.is_file() else None
    known = windows_of(journal, summary)
    found: dict[str, Window] = {}
    if known.idle_before is not None:
        found["idle before"] = known.idle_before
    if journal.ready is not None:
        ready = journal.ready
        found["initialisation"] = Window(ready.init_start_ns, ready.init_end_ns)
    for name, trace in journal.phases.items():
        found[name] = Window(int(trace.start_ns[0]), int(trace.end_ns[-1]))
    if known.idle_after is not None:
        found["idle after"] = known.idle_after
    return found


def _phase(file: TraceFile) -> InferenceTrace:
    columns = query.read_parquet(file.path)
    start_ns, end_ns = (_column(file, columns, name) for name in ("start_ns", "end_ns"))
    return InferenceTrace(file.name, start_ns, end_ns)


def _series(file: TraceFile) -> Series:
    columns = query.read_parquet(file.path)
    value = _column(file, columns, "power_w" if file.name == "power" else "value")
    t_ns = _column(file, columns, "t_ns")
    return Series(file.name, file.quantity, file.site, file.unit, t_ns, value)


def _column(file: TraceFile, columns: dict[str, query.Column], name: str) -> query.Column:
    if name not in columns:
        remedy = "Make the traces again from raw/ with `ibd-mobile reparse`."
        raise DataError(str(file.path), f"has no column {name}", remedy)
    return columns[name]
