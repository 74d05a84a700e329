"""What converters print while they work: kept in a file, shown only where a step breaks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = "chatter.log"
_SHOWN_BYTES = 8000  #: of the end; a traceback follows it


@contextmanager
def kept(path: Path) -> Iterator[None]:
    """Send stdout and stderr of this process, and of its libraries' C++, into a file.

    The file outlives a crash of the process. If an exception leaves, the file's end is repeated on
    stderr.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    is_broken = True
    try:
        yield
        is_broken = False
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in enumerate(saved, start=1):
            os.dup2(copy, descriptor)
            os.close(copy)
        if is_broken:
            sys.stderr.write(path.read_bytes()[-_SHOWN_BYTES:].decode(errors="replace"))
