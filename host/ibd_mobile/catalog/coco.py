"""COCO's annotations: one JSON document with pictures, categories and boxes."""

from typing import Annotated, Final

import msgspec

from ibd_mobile.catalog.listing import Box, Entry, Listing, box_table, check_entries, shares
from ibd_mobile.catalog.picture_folder import PictureFolder
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.units import BYTES_PER_MIB

#: the document of the training pictures, the largest of COCO, has 450 MB
_LIMIT_BYTES: Final = 1024 * BYTES_PER_MIB

_Side = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
_Length = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]


class _Image(msgspec.Struct):
    id: int
    file_name: str
    height: _Side
    width: _Side


class _Annotation(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: tuple[_Length, _Length, _Length, _Length]  # x, y, width, height, pixels
    iscrowd: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0


class _Category(msgspec.Struct):
    id: int
    name: str


class _Document(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(pictures: PictureSet, folder: PictureFolder, count: int | None) -> Listing:
    """Read COCO's annotations.

    Pictures come in the order of their ids, as pycocotools takes them; among boxes with equal
    scores that order decides. A box that marks a crowd is to be ignored.

    Args:
        pictures: says where the document is, and which categories there are.
        folder: that it lies in.
        count: only the first so many pictures; None = all.

    Raises:
        InputError: the document is damaged, or says what cannot be; or as `check_entries`.
    """
    subject = str(folder.root / pictures.index)
    content = folder.read(pictures.index, subject, _LIMIT_BYTES)
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(subject, f"is damaged: {error}", "Fetch it anew.") from error
    ordered = sorted(document.images, key=lambda image: image.id)
    numbers = {image.id: number for number, image in enumerate(ordered)}
    if len(numbers) != len(ordered):
        raise InputError(subject, "has two pictures of one id", "Fetch it anew.")
    entries = [
        Entry(
            f"{pictures.pictures}/{image.file_name}".removeprefix("./"),
            f"{subject}, picture {image.id}",
            (image.height, image.width),
        )
        for image in ordered[:count]
    ]
    check_entries(entries, subject, count)
    boxes = []
    for place, annotation in enumerate(document.annotations):
        where = f"{subject}, annotations[{place}]"
        number = numbers.get(annotation.image_id)
        if number is None:
            problem = f"image_id {annotation.image_id} is none of the pictures"
            raise InputError(where, problem, "Fetch it anew.")
        if number < len(entries):
            image = ordered[number]
            boxes.append(_box(annotation, number, (image.height, image.width), where, pictures))
    return Listing(entries, box_table(boxes), _names(document.categories, pictures, subject))


def _box(
    annotation: _Annotation, number: int, size: tuple[int, int], where: str, pictures: PictureSet
) -> Box:
    label = annotation.category_id - pictures.first_class
    if not 0 <= label < pictures.classes_count:
        last = pictures.first_class + pictures.classes_count - 1
        problem = f"category_id {annotation.category_id} is none of {pictures.first_class} … {last}"
        raise InputError(where, problem, "Is this the right set?")
    x, y, width, height = annotation.bbox
    corner = shares((x, y, x + max(width, 0.0), y + max(height, 0.0)), size)
    return (number, label, *corner, annotation.iscrowd)


def _names(categories: list[_Category], pictures: PictureSet, subject: str) -> list[str]:
    """Names by category id; an id that nobody has stays without one."""
    names = [""] * pictures.classes_count
    for category in categories:
        place = category.id - pictures.first_class
        if not 0 <= place < len(names):
            problem = f"has a category {category.id}, '{category.name}'"
            raise InputError(subject, problem, "Is this the right set?")
        names[place] = category.name
    return names
