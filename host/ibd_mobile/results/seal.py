"""What a run's files were when its writer closed it: `seal.json`, a hash of each of them.

Raw files are vouched for by their job's record, and records can be made again. The plan, the
history and the failures cannot; the seal vouches for all. It tells damage and changes by mistake.
Who wants to deceive can seal anew, and is found by making the numbers again from raw/.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import sha256_of, write_atomic
from ibd_mobile.results import document
from ibd_mobile.results.job_folder import plain_files

SEAL = "seal.json"
_REMEDY = "Take the run from a copy."


class SealedFile(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One file as it was."""

    sha256: str
    size_bytes: int


class Seal(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """All files of a run but the lock and the seal."""

    schema: Literal[1]
    files: dict[str, SealedFile]  #: path within the run, with "/" between folders


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a run that is not what it was, or does not follow from what is there."""

    path: str  #: within the run
    problem: str  #: a sentence without its subject and full stop


def read_seal(run: Path) -> Seal | None:
    """Read the seal of a run; None where it was never closed.

    Raises:
        DataError: it is damaged: each of its bytes has to be as this program writes it.
    """
    path = run / SEAL
    if not path.exists() and not path.is_symlink():
        return None
    found = document.read(path, Seal, remedy=_REMEDY)
    if document.encode(found) != path.read_bytes():
        raise DataError(str(path), "is damaged: it is not as ibd-mobile writes it", _REMEDY)
    return found


def seal(run: Path, is_written: Callable[[str], bool], kept_out: Collection[str]) -> None:
    """Seal a run when its writer closes it.

    A file that was sealed before and that this writer did not write keeps the hash it had, so that
    no damage is sealed in.

    Args:
        run: its folder.
        is_written: whether this writer wrote the file of that path within the run.
        kept_out: names in the run's folder that are no part of it: the lock.

    Raises:
        DataError: something there is neither a plain file nor a folder, or the old seal is damaged.
        OSError: no space, no right.
    """
    before = read_seal(run)
    known = before.files if before is not None else {}
    files = {}
    for path in _paths(run, kept_out):
        is_kept = path in known and not is_written(path)
        files[path] = known[path] if is_kept else _sealed(run / path)
    content = document.encode(Seal(schema=1, files=files))
    if before is None or document.encode(before) != content:
        write_atomic(run / SEAL, content)


def broken(run: Path, kept_out: Collection[str]) -> list[Flaw]:
    """List what is not as it was when the run was closed.

    Raises:
        DataError: the seal is damaged, or there is a link in the run.
    """
    sealed = read_seal(run)
    if sealed is None:
        return [Flaw(SEAL, "is missing: nobody closed the run")]
    paths = set(_paths(run, kept_out))
    flaws = []
    for path in sorted(paths | sealed.files.keys()):
        if path not in paths:
            flaws.append(Flaw(path, "is missing; it was there when the run was closed"))
        elif path not in sealed.files:
            flaws.append(Flaw(path, "was not there when the run was closed"))
        elif _sealed(run / path) != sealed.files[path]:
            flaws.append(Flaw(path, "is not what it was when the run was closed"))
    return flaws


def _paths(run: Path, kept_out: Collection[str]) -> list[str]:
    found = (path.relative_to(run).as_posix() for path in plain_files(run))
    return [path for path in found if path not in (*kept_out, SEAL)]


def _sealed(path: Path) -> SealedFile:
    return SealedFile(sha256=sha256_of(path), size_bytes=path.stat().st_size)
