"""One writer per run."""

import fcntl
import os
import socket
from pathlib import Path

from ibd_mobile.core.errors import HostError


class RunLock:
    """An advisory lock (flock) that the kernel lets go of however its holder ends.

    Args:
        path: the lock file; it stays when the lock is given back.
        subject: the run, as errors call it.

    Raises:
        HostError: another process, which is named, is writing this run.
    """

    def __init__(self, path: Path, subject: str) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._handle, 200, 0).decode(errors="replace").strip()
            os.close(self._handle)
            problem = f"is being written by {holder or 'another process'}"
            remedy = "Wait until it has ended, or stop it (Ctrl-C); then try again."
            raise HostError(subject, problem, remedy) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in; a second call does nothing."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def is_held(path: Path) -> bool:
    """Whether somebody writes the run of that lock file now; takes no lock itself.

    Raises:
        OSError: the file cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
