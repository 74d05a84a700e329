"""What went on in a run, line by line, so that «why is it waiting?» can be answered afterwards."""

import os
import threading
from pathlib import Path
from typing import Literal

import msgspec

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError
from ibd_mobile.results.document import read_plain

EventKind = Literal[
    "created", "resumed", "started", "phase", "waiting", "filed", "failed", "repeated",
    "interrupted", "ended", "note",
]  # fmt: skip

_REMEDY = "Only the history is damaged; move the file away to go on, the records need it not."


class Event(Noun, frozen=True, kw_only=True):
    """One line: something began, ended, or has to wait."""

    kind: EventKind
    at: str = ""  #: UTC, ISO 8601 with ms; given by the log
    slot: str = ""
    job_id: str = ""
    phase: str = ""  #: "gates", "push", "idle", "latency", "power", "pull" …
    cause: str = ""  #: what is waited for: "battery", "rest", "temperature" …
    measured: float | None = None
    limit: float | None = None
    unit: str = ""  #: of both numbers, for people
    remaining_s: float | None = None  #: until the wait should end; None = cannot be told
    text: str = ""


class EventLog:
    """Append-only JSON Lines; a line that a crash cut short is dropped, all before it are kept.

    Threads may append at the same time. Lines are not forced to the disk: they are history, and
    a flush per line would be noticed by what is measured on this computer.

    Args:
        path: the file; made by the first `append`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()

    def append(self, event: Event) -> None:
        """Write one line with a single write, so that no two mix.

        Raises:
            OSError: no space, no right.
        """
        line = msgspec.json.encode(event) + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        with self._mutex:
            handle = os.open(self._path, flags, 0o644)
            try:
                while line:
                    line = line[os.write(handle, line) :]
            finally:
                os.close(handle)

    def mend(self) -> None:
        """Cut off a torn last line, so that the next one starts on a line of its own."""
        if not self._path.is_file() or self._path.is_symlink():
            return
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self._path, whole)

    def read(self) -> list[Event]:
        """Read all whole lines; none where nothing was written yet.

        Raises:
            DataError: a line that is not the last one cannot be read.
        """
        if not self._path.exists() and not self._path.is_symlink():
            return []
        lines = read_plain(self._path, remedy=_REMEDY).split(b"\n")
        return [self._event(number, line) for number, line in enumerate(lines[:-1], start=1)]

    def _event(self, number: int, line: bytes) -> Event:
        try:
            return msgspec.json.decode(line, type=Event)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{self._path}:{number}", f"is damaged: {error}", _REMEDY) from error
