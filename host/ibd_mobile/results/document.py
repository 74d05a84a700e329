"""JSON documents of the archive: written the same way each time, read with their schema checked."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, get_args, get_type_hints

import msgspec

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError, HostError

T = TypeVar("T", bound=Noun)


class _Head(msgspec.Struct):
    schema: int


def encode(document: Noun) -> bytes:
    """Write a noun as JSON for people and programs; the same noun gives the same bytes."""
    line = msgspec.json.encode(document, order="deterministic")
    return msgspec.json.format(line, indent=1) + b"\n"


def read(path: Path, kind: type[T], *, remedy: str) -> T:
    """Read a document that this program wrote.

    Args:
        path: a plain file; a symbolic link is refused.
        kind: a noun with a field `schema`, whose literal says which numbers are understood.
        remedy: what to do where the file is damaged.

    Raises:
        DataError: missing, damaged, or of a schema that this program does not know.
    """
    content = read_plain(path, remedy=remedy)
    try:
        found = msgspec.json.decode(content, type=_Head).schema
        known: tuple[int, ...] = get_args(get_type_hints(kind)["schema"])
        if found not in known:
            problem = f"has schema {found}; this program knows {', '.join(map(str, known))}"
            raise DataError(str(path), problem, "Use the version of ibd-mobile that wrote it.")
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"is damaged: {error}", remedy) from error


def read_plain(path: Path, *, remedy: str) -> bytes:
    """Read a plain file, never through a symbolic link.

    Raises:
        DataError: missing, a link, a folder, or not readable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read()
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        fact = "is a symbolic link" if is_link else f"cannot be read: {error.strerror}"
        raise DataError(str(path), fact, remedy) from error


@contextmanager
def host_errors(path: Path) -> Iterator[None]:
    """Say which file could not be written, and what to do.

    Raises:
        HostError: no space, no right, or another fault of the file system.
    """
    try:
        yield
    except OSError as error:
        place = os.fspath(error.filename or path)
        problem = f"cannot be written: {error.strerror or error}"
        raise HostError(place, problem, "Free space, or see who may write there.") from error
