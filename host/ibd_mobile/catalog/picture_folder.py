"""A folder of pictures on the lab's disk, of which nothing outside is ever read."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.units import BYTES_PER_MIB

#: far beyond any photograph; keeps a wrong file (an archive, a disk image) out of memory
PICTURE_LIMIT_BYTES: Final = 256 * BYTES_PER_MIB
_REMEDY = "Put it there, or take it out of the list; nothing is left out silently."


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """A folder, and the way to files in it."""

    root: Path  #: absolute, without links

    @classmethod
    def at(cls, path: Path, what: str) -> "PictureFolder":
        """Name a folder.

        Args:
            path: as a person says it.
            what: what should be there, for the error.

        Raises:
            InputError: there is no such folder.
        """
        if not path.is_dir():
            problem = "is no folder" if path.exists() else "does not exist"
            raise InputError(str(path), problem, f"Name the folder of {what}.")
        return cls(path.resolve())

    def read(self, name: str, place: str, limit_bytes: int = PICTURE_LIMIT_BYTES) -> bytes:
        """Read a file of the folder.

        Args:
            name: relative path with "/", as a list or document has it: not to be trusted.
            place: where it is named, for errors: "val.txt:17".
            limit_bytes: a larger one is refused.

        Raises:
            InputError: the name leads out of the folder, or there is no plain file of that size
                that can be read.
        """
        if not is_inside(name):
            problem = f"'{name}' is no path inside the folder"
            raise InputError(place, problem, "Name files relative to the folder, without '..'.")
        try:
            path = (self.root / name).resolve(strict=True)
            if not path.is_relative_to(self.root):
                problem = f"'{name}' is a link that leads out of {self.root}"
                raise InputError(place, problem, "Put the file itself there.")
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    raise InputError(place, f"'{name}' is no plain file", _REMEDY)
                if status.st_size > limit_bytes:
                    limit = f"{limit_bytes // BYTES_PER_MIB} MiB"
                    raise InputError(place, f"'{name}' is larger than {limit}", _REMEDY)
                return file.read(limit_bytes)
        except FileNotFoundError as error:
            problem = f"'{name}' is not there: no {self.root / name}"
            raise InputError(place, problem, _REMEDY) from error
        except (OSError, RuntimeError) as error:  # the latter of a loop of links
            told = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(place, f"'{name}' cannot be read: {told}", _REMEDY) from error

    def text(self, name: str, limit_bytes: int) -> str:
        """Read a list of the folder.

        Raises:
            InputError: as `read`, or it is no UTF-8 text.
        """
        place = str(self.root / name)
        content = self.read(name, place, limit_bytes)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{place}:{line}", "is not UTF-8 text", "Is this the right file?"
            ) from error


def is_inside(name: str) -> bool:
    """Whether a path is relative and stays where it is, as far as its letters tell.

    >>> is_inside("val/a b.JPEG"), is_inside("../a"), is_inside("/a"), is_inside("a//b")
    (True, False, False, False)
    """
    parts = name.split("/")
    return name.isprintable() and not any(part in ("", ".", "..") for part in parts)
