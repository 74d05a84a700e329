"""Writing a run: whoever has a `RunWriter` holds the run's lock."""

import secrets
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.file import sync_folder, write_atomic
from ibd_mobile.core.record import Record
from ibd_mobile.results import document, run_root
from ibd_mobile.results.archive import (
    AS_FOUND,
    EVENTS,
    FAILURES,
    JOBS,
    LOCK,
    PARTIAL,
    Run,
    existing,
)
from ibd_mobile.results.document import host_errors
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.failure import Failure, failure_of
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_lock import RunLock
from ibd_mobile.results.seal import seal


class RunWriter(Run):
    """One run and the right to write it; made by `create` or `resume`, used in a `with`.

    Threads of one process may share it. `open` does not give the right: use `Run.open` to read.
    """

    def __init__(self, path: Path, lock: RunLock) -> None:
        super().__init__(path)
        self._lock = lock
        self._mutex = threading.Lock()
        self._is_open = True
        #: paths within the run that begin like this were written here
        self._written = {EVENTS, f"{AS_FOUND}/"}

    @classmethod
    def create(cls, root: Path, plan: RunInfo) -> Self:
        """Make the folder of a new run with its plan in it, and lock it.

        Args:
            root: folder that holds all runs; made where it is missing.
            plan: `id` and `created_at` are given here.

        Raises:
            InputError: the plan has one job twice.
            HostError: no space, no right.
        """
        _refuse_twins(plan)
        with host_errors(root):
            path, lock = run_root.new_folder(root, plan)
        run = cls(path, lock)
        run.log(Event(kind="created"))
        return run

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Lock a run and sweep away what a killed process left half done.

        Raises:
            InputError: that is no run folder.
            HostError: another process is writing it, or there is no right to.
            DataError: run.json is damaged or of another schema.
        """
        found = existing(path)
        with host_errors(found):
            lock = RunLock(found / LOCK, f"run {found.name}")
        try:
            run = cls(found, lock)
            with host_errors(found):
                run._sweep()
            run.log(Event(kind="resumed"))
        except BaseException:
            lock.release()
            raise
        return run

    def log(self, event: Event) -> None:
        """Add a line to the history; the time is given here.

        Raises:
            HostError: no space, no right.
        """
        with host_errors(self.path):
            self._log.append(msgspec.structs.replace(event, at=_now("milliseconds")))

    def partial(self, job_id: str) -> JobFolder:
        """Make a folder in which a job is assembled, with raw/ and traces/ in it.

        It counts for nothing until `file`; after a crash it is swept away.

        Raises:
            InputError: the plan has no such job.
            HostError: no space, no right.
        """
        final = self.job_folder(job_id).path
        folder = JobFolder(final.with_name(f"{PARTIAL}{job_id}-{secrets.token_hex(4)}"), job_id)
        with host_errors(folder.path):
            folder.raw.mkdir(parents=True)
            folder.traces.mkdir()
        return folder

    def file(self, folder: JobFolder, record: Record) -> JobFolder:
        """File a job as done: metrics.json, record.json last, then one rename.

        Args:
            folder: from `partial`, with raw/ and traces/ filled.
            record: of that job.

        Returns:
            The folder in its place.

        Raises:
            DataError: a metric of the record has neither a number nor a reason, or the job is
                filed already; `folder` stays, so that `fail` can keep it.
            HostError: no space, no right.
        """
        final = self._folder_of(record)
        if final.job_id != folder.job_id:
            raise ValueError(f"record of job {final.job_id} for the folder of {folder.job_id}")
        if self._is_done(final.job_id):
            raise DataError(str(final.path), "is filed already", "Move it away to file it anew.")
        with self._mutex, host_errors(final.path):
            folder.write_results(record)
            folder.sync()
            if final.path.exists():  # a person took its record away: keep the rest
                final.path.rename(self._failure_path(final.job_id).with_suffix(""))
            folder.path.rename(final.path)
            sync_folder(final.path.parent)
            self._written.add(f"{JOBS}/{final.job_id}/")
        self.log(Event(kind="filed", slot=record.job.slot, job_id=final.job_id))
        return final

    def refile(self, record: Record) -> JobFolder:
        """Replace the metrics and the record of a job that is done, each whole (`reparse`).

        Raises:
            DataError: a metric has neither a number nor a reason, or the job is not done.
            HostError: no space, no right.
        """
        folder = self._folder_of(record)
        if not self._is_done(folder.job_id):
            raise DataError(str(folder.path), "holds no record to replace", "Resume the run.")
        with self._mutex, host_errors(folder.path):
            folder.write_results(record)
            place = f"{JOBS}/{folder.job_id}"
            made = (folder.metrics.name, folder.record.name, f"{folder.traces.name}/")
            self._written |= {f"{place}/{name}" for name in made}
        return folder

    def fail(self, job_id: str, error: BaseException, folder: JobFolder | None = None) -> Failure:
        """Keep what went wrong with a job, and what it had measured until then.

        Args:
            job_id: of a job of the plan.
            error: an `IbdError`, or a bug.
            folder: from `partial`; moved beside the failure if it has anything in raw/.

        Raises:
            InputError: the plan has no such job.
            HostError: no space, no right.
        """
        self.job_folder(job_id)
        slot = next(job.slot for job in self.info.jobs if job.id == job_id)
        with self._mutex, host_errors(self.path / FAILURES):
            path = self._failure_path(job_id)
            has_raw = folder is not None and any(folder.raw.iterdir())
            if folder is not None and has_raw:
                folder.sync()
                folder.path.rename(path.with_suffix(""))
            elif folder is not None:
                shutil.rmtree(folder.path)
            attempt = int(path.stem.rpartition(".")[2])
            now = _now("seconds")
            failure = failure_of(job_id, error, attempt=attempt, failed_at=now, has_raw=has_raw)
            write_atomic(path, document.encode(failure))
        text = f"{failure.kind}: {failure.subject}: {failure.problem}"
        self.log(Event(kind="failed", slot=slot, job_id=job_id, text=text))
        return failure

    def discard(self, folder: JobFolder) -> None:
        """Throw away a folder from `partial`, as after Ctrl-C.

        Raises:
            HostError: no right.
        """
        with host_errors(folder.path):
            shutil.rmtree(folder.path)

    def as_found(self, slot_id: str) -> Path:
        """Return where the settings of a phone are kept while they are changed; make its folder.

        Raises:
            InputError: the name of the slot cannot be the name of a file.
            HostError: no space, no right.
        """
        path = super().as_found(slot_id)
        with host_errors(path):
            path.parent.mkdir(exist_ok=True)
        return path

    def close(self) -> None:
        """Seal the run and give the lock back; a second call does nothing.

        Raises:
            HostError: no space, no right; the lock is given back all the same.
            DataError: a link or a device was put into the run; likewise.
        """
        if not self._is_open:
            return
        self._is_open = False
        try:
            with self._mutex, host_errors(self.path):
                written = tuple(self._written)
                seal(self.path, lambda path: path.startswith(written), (LOCK,))
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _folder_of(self, record: Record) -> JobFolder:
        if record.job_id != record.job.id:
            raise ValueError(f"record {record.job_id} holds job {record.job.id}")
        return self.job_folder(record.job_id)

    def _failure_path(self, job_id: str) -> Path:
        """Return the path of the next failure of that job, which will be written here.

        Neither file nor folder has its name.
        """
        folder = self.path / FAILURES
        folder.mkdir(exist_ok=True)
        taken = {path.name.removesuffix(".json") for path in folder.iterdir()}
        attempt = 1
        while f"{job_id}.{attempt}" in taken:
            attempt += 1
        self._written.add(f"{FAILURES}/{job_id}.{attempt}")
        return folder / f"{job_id}.{attempt}.json"

    def _sweep(self) -> None:
        """Remove what killed processes left: whoever holds the lock knows that none is alive."""
        folders = [self.path / name for name in ("", JOBS, FAILURES, AS_FOUND)]
        folders += [path for path in (self.path / JOBS).glob("[!.]*") if path.is_dir()]
        folders += [path / "traces" for path in folders[4:]]
        for folder in folders:
            self._refuse_links(folder)
            for path in folder.glob(".*"):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        self._log.mend()


def _refuse_twins(plan: RunInfo) -> None:
    seen: set[str] = set()
    for job in plan.jobs:
        if job.id in seen:
            remedy = "Take the repeated value out of its axes."
            raise InputError(f"study '{plan.study.id}'", f"plans «{job.title}» twice", remedy)
        seen.add(job.id)


def _now(precision: str) -> str:
    return datetime.now(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
