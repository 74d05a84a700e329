"""One run at a time on this computer: two would measure, and end, each other's programs."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ibd_mobile.core.errors import HostError

FILE = "session.lock"
_NAP_S = 1.0


@contextlib.contextmanager
def sole_use(
    root: Path, sleep: Callable[[float], None], on_wait: Callable[[str], None]
) -> Iterator[None]:
    """Wait until no other session measures this computer, and keep others waiting meanwhile.

    Args:
        root: folder that plays the part of a phone's.
        sleep: waits so many seconds; raises where the person at the keyboard wants to stop.
        on_wait: told whom it waits for, once for each.

    Raises:
        HostError: the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise HostError(str(root / FILE), f"cannot be written: {error.strerror}") from error
    try:
        told = ""
        while not _is_taken(handle):
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            if holder != told:
                on_wait(f"process {holder} measures this computer")
                told = holder
            sleep(_NAP_S)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)  # the kernel lets go, as it does where a holder is killed


def _is_taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
