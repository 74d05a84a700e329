"""The run folder as readers see it: the only truth about what was asked, what is done, what failed.

Nothing in it is ever half there: documents are replaced whole, and the folder of a job appears
by one rename after all of it has reached the disk. What lies inside a job's folder is said in
`job_folder.py`, how a run is written in `run_writer.py`; `docs/archive.md` shows a whole one.
"""

import re
from pathlib import Path
from typing import TypeVar

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.record import Record
from ibd_mobile.core.registry import unknown
from ibd_mobile.results import document
from ibd_mobile.results.event_log import Event, EventLog
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_info import RunInfo

T = TypeVar("T", bound=Noun)

#: names in a run folder
INFO, LOCK, EVENTS = "run.json", "lock", "events.jsonl"
JOBS, FAILURES, AS_FOUND = "jobs", "failures", "as_found"
PARTIAL = ".partial-"  #: how the name of a folder in the making begins

_PLAIN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:+-]*")


class Run:
    """One run, to be read; another process may be writing it meanwhile.

    Symbolic links inside the folder are refused wherever something is read.

    Raises:
        InputError: that is no run folder.
        DataError: run.json is damaged or of another schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = EventLog(path / EVENTS)
        self.info = self._document(path / INFO, RunInfo, "Take run.json from a copy of the run.")
        self._planned = frozenset(job.id for job in self.info.jobs)

    @staticmethod
    def open(path: Path) -> "Run":
        """Open the run in that folder.

        Raises:
            InputError: that is no run folder.
            DataError: run.json is damaged or of another schema.
        """
        return Run(existing(path))

    def done_ids(self) -> set[str]:
        """Name the jobs of the plan that need not be run again."""
        return {job.id for job in self.info.jobs if self._is_done(job.id)}

    def records(self) -> list[Record]:
        """Read the records of all jobs that are done, in the plan's order.

        Raises:
            DataError: one is damaged, of another schema or of another job.
        """
        return [self.record(job.id) for job in self.info.jobs if self._is_done(job.id)]

    def record(self, job_id: str) -> Record:
        """Read the record of one job that is done.

        Raises:
            DataError: missing, damaged, of another schema or of another job.
        """
        folder = self.job_folder(job_id)
        remedy = f"Move {folder.path} away and measure the job again with `ibd-mobile resume`."
        found = self._document(folder.record, Record, remedy)
        if not job_id == found.job_id == found.job.id:
            raise DataError(str(folder.record), f"is the record of job {found.job_id}", remedy)
        return found

    def failures(self) -> list[Failure]:
        """Read what failed, in the plan's order and then by attempt.

        Raises:
            DataError: one is damaged or of another schema.
        """
        place = {job.id: number for number, job in enumerate(self.info.jobs)}
        self._refuse_links(self.path / FAILURES)
        paths = (self.path / FAILURES).glob("[!.]*.json")
        remedy = "Move the file away; the records do not need it."
        found = [self._document(path, Failure, remedy) for path in paths]
        return sorted(found, key=lambda f: (place.get(f.job_id, len(place)), f.attempt))

    def events(self) -> list[Event]:
        """Read the history.

        Raises:
            DataError: a line that is not the last one is damaged.
        """
        return self._log.read()

    def job_folder(self, job_id: str) -> JobFolder:
        """Return the folder that a job of the plan has once it is done.

        Raises:
            InputError: the plan has no such job; the nearest id is offered.
        """
        if job_id not in self._planned:
            raise unknown("job", job_id, self._planned)
        return JobFolder(self.path / JOBS / job_id, job_id)

    def verify(self, job_id: str) -> None:
        """Check that raw/ is what it was when the job was filed.

        Raises:
            DataError: a file was changed, is missing, or is new; it is named.
        """
        folder = self.job_folder(job_id)
        filed, found = self.record(job_id).raw_sha256, folder.raw_sha256()
        for name in sorted(filed.keys() | found.keys()):
            if filed.get(name) != found.get(name):
                fact = "was changed after" if name in filed else "was not there when"
                fact = "is missing; it was there when" if name not in found else fact
                remedy = f"Take raw/ from a copy, or move {folder.path} away and resume."
                raise DataError(str(folder.raw / name), f"{fact} the job was filed", remedy)

    def as_found(self, slot_id: str) -> Path:
        """Return where the settings of a phone are kept while they are changed.

        Raises:
            InputError: the name of the slot cannot be the name of a file.
        """
        if not _PLAIN_ID.fullmatch(slot_id):
            remedy = "Use letters, digits and . _ : + - only."
            raise InputError(f"slot '{slot_id}'", "cannot be the name of a file", remedy)
        path = self.path / AS_FOUND / f"{slot_id}.json"
        self._refuse_links(path)
        return path

    def _is_done(self, job_id: str) -> bool:
        record = JobFolder(self.path / JOBS / job_id, job_id).record
        self._refuse_links(record)
        return record.is_file()

    def _document(self, path: Path, kind: type[T], remedy: str) -> T:
        self._refuse_links(path)
        return document.read(path, kind, remedy=remedy)

    def _refuse_links(self, path: Path) -> None:
        """Refuse a path that a link on the way could lead out of the run."""
        place = self.path
        for part in path.relative_to(self.path).parts:
            place /= part
            if place.is_symlink():
                remedy = "An archive has no links: put the real file or folder there."
                raise DataError(str(place), "is a symbolic link", remedy)


def existing(path: Path) -> Path:
    """Return the real path of a run folder.

    Raises:
        InputError: there is none.
    """
    if not (path / INFO).is_file():
        remedy = "Give the folder of a run; `ibd-mobile report` without one takes the latest."
        raise InputError(str(path), f"is not a run (it has no {INFO})", remedy)
    return path.resolve()
