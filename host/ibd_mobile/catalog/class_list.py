"""Lists of «file name, class» a line, as Caffe's tools and AIIA's benchmark have them."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from ibd_mobile.catalog.listing import Entry, Listing, check_entries
from ibd_mobile.catalog.picture_folder import PictureFolder
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.units import BYTES_PER_MIB

_LIMIT_BYTES: Final = 64 * BYTES_PER_MIB
_LONGEST_LINE: Final = 4096  #: no path is longer, and the pattern takes its time with such lines
_LINE = re.compile(r"(\S.*?)[\s,;]+(\d{1,9})")


def read_class_list(pictures: PictureSet, folder: PictureFolder, count: int | None) -> Listing:
    """Read the list of a set.

    Lines may end as on any system; empty ones are passed over.

    Args:
        pictures: says where the list is, and which number stands for the first class.
        folder: that it lies in.
        count: only so many from the beginning; None = all.

    Raises:
        InputError: a line is none, names a class that there is not, or one that is known to be
            another; or as `check_entries`.
    """
    subject = str(folder.root / pictures.index)
    is_labelled = pictures.application == "classification"
    entries, classes = list[Entry](), list[int]()
    for place, line in lines(folder.text(pictures.index, _LIMIT_BYTES), subject):
        if len(entries) == count:
            break
        name, label = line, 0
        if is_labelled:
            found = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
            if found is None:
                problem = f"expected a file name and a class, found '{line[:80]}'"
                raise InputError(place, problem, "Write as in «ILSVRC2012_val_00000001.JPEG 65».")
            name, label = found[1], _class(int(found[2]), found[1], place, pictures)
        entries.append(Entry(_within(pictures.pictures, name), place))
        classes.append(label)
    check_entries(entries, subject, count)
    names = pictures.class_names
    kind = np.uint8 if len(names) <= 256 else np.uint16
    return Listing(entries, np.array(classes, kind) if is_labelled else None, names)


def lines(text: str, subject: str) -> Iterator[tuple[str, str]]:
    """Yield place and content of each line that is not empty."""
    for number, line in enumerate(text.split("\n"), 1):
        if content := line.strip():
            yield f"{subject}:{number}", content


def _within(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _class(number: int, name: str, place: str, pictures: PictureSet) -> int:
    first, last = pictures.first_class, pictures.first_class + len(pictures.class_names) - 1
    own = f"your own {pictures.id}.toml (first_class) can say how the list counts."
    if not first <= number <= last:
        problem = f"class {number} is none of {first} … {last}"
        raise InputError(place, problem, f"Correct the list; {own}")
    known = pictures.known.get(name.rpartition("/")[2])
    if known is not None and known != number:
        problem = f"'{name}' is of class {known}, and the list says {number}"
        raise InputError(place, problem, f"The list counts or orders classes otherwise; {own}")
    return number - first
