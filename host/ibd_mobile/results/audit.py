"""Whether a run still says what its raw files say: hashes checked, every number made again."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ibd_mobile.core.errors import DataError, HostError
from ibd_mobile.core.record import Record
from ibd_mobile.core.version import VERSION
from ibd_mobile.results import document, query
from ibd_mobile.results.archive import LOCK, Run
from ibd_mobile.results.job_folder import JobFolder, MetricsDocument, plain_files
from ibd_mobile.results.run_lock import is_held
from ibd_mobile.results.seal import Flaw, broken

#: makes a record of the raw files of a job, and writes its traces
Remake = Callable[[JobFolder], Record]


@dataclass(frozen=True, slots=True)
class _Beside(JobFolder):
    """A job's folder whose traces are made elsewhere, so that the archive is only read."""

    elsewhere: Path

    @property
    def traces(self) -> Path:
        """Where the traces are made for comparison."""
        return self.elsewhere


def audit_files(path: Path) -> list[Flaw]:
    """Hold every file of a run against the seal.

    Raises:
        HostError: somebody is writing the run.
        DataError: the seal is damaged, or there is a link in the run.
    """
    lock = path / LOCK
    holder = document.read_plain(lock, remedy="Put an empty file there.") if lock.exists() else b""
    if holder and is_held(lock):
        told = holder.decode(errors="replace").strip()
        raise HostError(f"run {path.name}", f"is being written by {told}", "Wait until it ended.")
    flaws = [Flaw(LOCK, "is not empty, and nobody writes the run")] if holder else []
    return flaws + broken(path, (LOCK,))


def audit_job(run: Run, job_id: str, remake: Remake) -> list[Flaw]:
    """Make traces, metrics, findings and record of a job again and compare them with the filed.

    Args:
        run: that holds it, done.
        job_id: of a job that is done.
        remake: how numbers are made of raw files.
    """
    folder = run.job_folder(job_id)
    flaws: list[Flaw] = []
    try:
        record = run.record(job_id)
        flaws += _raw(run, folder, record)
        with tempfile.TemporaryDirectory(prefix="ibd-mobile-") as elsewhere:
            again = remake(_Beside(folder.path, job_id, Path(elsewhere)))
            flaws += _numbers(run, folder, record, again)
            flaws += _traces(run, folder, Path(elsewhere))
    except DataError as error:
        place = error.subject.removeprefix(f"{run.path}/")
        flaws.append(Flaw(place, error.problem))
    return flaws


def _raw(run: Run, folder: JobFolder, record: Record) -> list[Flaw]:
    filed, found = record.raw_sha256, folder.raw_sha256()
    flaws = []
    for name in sorted(filed.keys() | found.keys()):
        if filed.get(name) == found.get(name):
            continue
        fact = "was changed after the job was filed"
        fact = "was not there when the job was filed" if name not in filed else fact
        fact = "is missing; it was there when the job was filed" if name not in found else fact
        flaws.append(Flaw(_within(run, folder.raw / name), fact))
    return flaws


def _numbers(run: Run, folder: JobFolder, record: Record, again: Record) -> list[Flaw]:
    """Compare what is filed with what the raw files give, to the last byte."""
    flaws = []
    numbers = MetricsDocument(
        schema=1, job_id=again.job_id, metrics=again.metrics, findings=again.findings
    )
    for path, made in ((folder.metrics, numbers), (folder.record, again)):
        content = document.read_plain(path, remedy="")
        if content != document.encode(made):
            told = _what_differs(record, again) or "is not what its raw files give"
            flaws.append(Flaw(_within(run, path), told + _versions(record)))
    return flaws


def _what_differs(record: Record, again: Record) -> str:
    """Name the first number or finding that is another one now."""
    filed = {metric.name: metric for metric in record.metrics}
    for metric in again.metrics:
        if filed.get(metric.name) != metric:
            old = filed[metric.name].value if metric.name in filed else None
            return f"says {metric.name} = {old}, and the raw files give {metric.value}"
    ids = [finding.id for finding in record.findings], [finding.id for finding in again.findings]
    if record.findings != again.findings:
        told = [" ".join(found) or "none" for found in ids]
        return f"has the findings {told[0]}, and the raw files give {told[1]}"
    return ""


def _versions(record: Record) -> str:
    filed = record.conditions.tool_version
    return "" if filed == VERSION else f" (filed by ibd-mobile {filed}, made again by {VERSION})"


def _traces(run: Run, folder: JobFolder, made: Path) -> list[Flaw]:
    """Compare columns, not bytes: another version of duckdb compresses differently."""
    filed = {path.name: path for path in plain_files(folder.traces)}
    again = {path.name: path for path in plain_files(made)}
    flaws = []
    for name in sorted(filed.keys() | again.keys()):
        place = _within(run, folder.traces / name)
        if name not in filed or name not in again:
            fact = "is missing" if name in again else "is made of no raw file"
            flaws.append(Flaw(place, fact))
        elif not _is_same(filed[name], again[name]):
            flaws.append(Flaw(place, "is not what its raw files give"))
    return flaws


def _is_same(a: Path, b: Path) -> bool:
    if a.read_bytes() == b.read_bytes():
        return True
    left, right = query.read_parquet(a), query.read_parquet(b)
    return list(left) == list(right) and all(
        np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f")
        for name in left
    )


def _within(run: Run, path: Path) -> str:
    return path.relative_to(run.path).as_posix()
