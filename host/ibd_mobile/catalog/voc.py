"""Sets in the form of the VOC challenges: a list of names, and an XML document for each.

The documents are read with the standard library's expat, which needs no help where document types
are refused: entities can be declared nowhere else, and without them nothing expands.
"""

from typing import Final
from xml.parsers import expat

from ibd_mobile.catalog.class_list import lines
from ibd_mobile.catalog.listing import Box, Entry, Listing, box_table, check_entries, shares
from ibd_mobile.catalog.picture_folder import PictureFolder
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.units import BYTES_PER_MIB

_LIST_LIMIT_BYTES: Final = 16 * BYTES_PER_MIB
_XML_LIMIT_BYTES: Final = BYTES_PER_MIB
_MOST_PX: Final = 1 << 20
_OBJECT = ("annotation", "object")
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_voc(pictures: PictureSet, folder: PictureFolder, count: int | None) -> Listing:
    """Read a set of a VOC challenge.

    A box that is marked difficult is to be ignored. Corners are pixels counted from 1, both within
    the box, so that one from 1 to 2 is 2 wide.

    Args:
        pictures: says where list and documents are; for super-resolution there are none of these.
        folder: that they lie in.
        count: only so many from the beginning; None = all.

    Raises:
        InputError: a line is no name, a document is damaged or says what cannot be; or as
            `check_entries`.
    """
    subject = str(folder.root / pictures.index)
    entries: list[Entry] = []
    boxes: list[Box] = []
    for place, name in lines(folder.text(pictures.index, _LIST_LIMIT_BYTES), subject):
        if len(entries) == count:
            break
        if len(name.split()) != 1:
            problem = f"expected a picture's name alone, found '{name[:80]}'"
            raise InputError(place, problem, "Name the list of the whole set, as val.txt.")
        size = None
        if pictures.annotations:
            size, found = _document(f"{pictures.annotations}/{name}.xml", place, folder, pictures)
            boxes += [(len(entries), *box) for box in found]
        entries.append(Entry(f"{pictures.pictures}/{name}.jpg".removeprefix("./"), place, size))
    check_entries(entries, subject, count)
    truth = box_table(boxes) if pictures.annotations else None
    return Listing(entries, truth, pictures.class_names)


_Found = list[tuple[int, float, float, float, float, int]]


def _document(
    name: str, place: str, folder: PictureFolder, pictures: PictureSet
) -> tuple[tuple[int, int], _Found]:
    content = folder.read(name, place, _XML_LIMIT_BYTES)
    where = str(folder.root / name)
    size, objects = _parse(content, where)
    height, width = (_number(size, side, where) for side in ("height", "width"))
    if not (1 <= height <= _MOST_PX and 1 <= width <= _MOST_PX):
        raise InputError(where, f"the picture cannot be {height:g} × {width:g} pixels")
    found: _Found = []
    for facts in objects:
        label = facts.get("name", "")
        if label not in pictures.classes:
            problem = f"'{label}' is no class of {pictures.name}"
            raise InputError(where, problem, "Correct the document.")
        x0, y0, x1, y1 = (_number(facts, side, where) for side in _SIDES)
        if x1 < x0 or y1 < y0:
            problem = f"the box {x0:g}, {y0:g} to {x1:g}, {y1:g} ends before it begins"
            raise InputError(where, problem, "Correct the document.")
        corner = shares((x0 - 1, y0 - 1, x1, y1), (int(height), int(width)))
        is_difficult = facts.get("difficult", "0") == "1"
        found.append((pictures.classes.index(label), *corner, int(is_difficult)))
    return (int(height), int(width)), found


def _number(facts: dict[str, str], key: str, where: str) -> float:
    try:
        value = float(facts.get(key, ""))
    except ValueError:
        value = float("nan")
    if not abs(value) <= _MOST_PX:
        raise InputError(where, f"{key}: expected a number of pixels", "Correct the document.")
    return value


def _parse(content: bytes, where: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Take size and objects out of a document; parts of objects have boxes that are not theirs."""
    path: list[str] = []
    size: dict[str, str] = {}
    objects: list[dict[str, str]] = []

    def start(tag: str, _: dict[str, str]) -> None:
        path.append(tag)
        if tuple(path) == _OBJECT:
            objects.append({})

    def end(_: str) -> None:
        path.pop()

    def text(data: str) -> None:
        *above, tag = path
        if above == ["annotation", "size"]:
            facts = size
        elif tuple(above) in (_OBJECT, (*_OBJECT, "bndbox")) and tag != "bndbox":
            facts = objects[-1]
        else:
            return
        if word := data.strip():
            facts[tag] = facts.get(tag, "") + word

    def refuse(*_: object) -> None:
        raise InputError(where, "has a document type, which no VOC document has")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise InputError(where, f"is damaged: {error}", "Fetch it anew.") from error
    return size, objects
