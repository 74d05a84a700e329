"""A picture set as it lies on the lab's disk: every file found, read once and hashed."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from numpy.typing import NDArray

from ibd_mobile.catalog.class_list import read_class_list
from ibd_mobile.catalog.coco import read_coco
from ibd_mobile.catalog.listing import Entry, Listing
from ibd_mobile.catalog.picture import picture_size
from ibd_mobile.catalog.picture_folder import PictureFolder
from ibd_mobile.catalog.voc import read_voc
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.picture_set import PictureSet

_READERS: Final[
    dict[Literal["list", "coco", "voc"], Callable[[PictureSet, PictureFolder, int | None], Listing]]
] = {"list": read_class_list, "coco": read_coco, "voc": read_voc}


@dataclass(frozen=True, slots=True)
class Pictures:
    """The first pictures of a set, with what they show."""

    set_id: str
    folder: PictureFolder
    entries: tuple[Entry, ...]
    digests: tuple[bytes, ...]  #: SHA-256 of each file
    truth: NDArray[Any] | None  #: None: the pictures themselves
    class_names: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Hash of all files' hashes, in order."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()

    def contents(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield each picture's file, in order.

        Raises:
            InputError: one is not there any more, or another than when the set was opened.
        """
        for entry, digest in zip(self.entries, self.digests, strict=True):
            content = self.folder.read(entry.name, entry.place)
            if hashlib.sha256(content).digest() != digest:
                problem = f"'{entry.name}' was changed since the run was planned"
                raise InputError(entry.place, problem, "Start a new run.")
            yield entry, content


def open_pictures(pictures: PictureSet, folder: Path, count: int | None) -> Pictures:
    """Open a set: its list, the truth, and every file of it once.

    Args:
        pictures: how it lies in its folder.
        folder: where the lab has it.
        count: only the first so many; None = all.

    Raises:
        InputError: a file is missing, outside the folder, no picture, or of another size than the
            set says; the list or a document cannot be what it should be.
    """
    home = PictureFolder.at(folder, pictures.name)
    listing = _READERS[pictures.form](pictures, home, count)
    return Pictures(
        set_id=pictures.id,
        folder=home,
        entries=tuple(listing.entries),
        digests=tuple(_digest(home, entry) for entry in listing.entries),
        truth=listing.truth,
        class_names=tuple(listing.class_names),
    )


def _digest(folder: PictureFolder, entry: Entry) -> bytes:
    content = folder.read(entry.name, entry.place)
    size = picture_size(io.BytesIO(content), entry.place, entry.name)
    if entry.size is not None and size != entry.size:
        problem = f"'{entry.name}' has {size[0]} × {size[1]} pixels, and its boxes are for"
        problem += f" {entry.size[0]} × {entry.size[1]}"
        raise InputError(entry.place, problem, "Fetch the picture anew.")
    return hashlib.sha256(content).digest()
