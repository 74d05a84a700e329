"""What is wrong with a picture set although every value has the right type."""

from collections.abc import Iterator
from typing import Final

from ibd_mobile.catalog.picture_folder import is_inside
from ibd_mobile.core.picture_set import PictureSet

#: forms that can hold the truth of an application
_FORMS: Final = {
    "classification": ("list",),
    "detection": ("coco", "voc"),
    "super_resolution": ("list", "voc"),
}


def of_picture_set(pictures: PictureSet) -> Iterator[tuple[str, str]]:
    """Yield the path of a key and what is wrong there, one flaw at a time."""
    forms = _FORMS[pictures.application]
    if pictures.form not in forms:
        yield "form", f"expected {' or '.join(forms)} for {pictures.application}"
    for key in ("index", "pictures", "annotations"):
        path = getattr(pictures, key)
        needs_none = {"annotations": "", "pictures": "."}.get(key)
        if path != needs_none and not is_inside(path):
            yield key, f"expected a path inside the folder, without '..', found '{path}'"
    has_documents = pictures.form == "voc" and pictures.application == "detection"
    if bool(pictures.annotations) != has_documents:
        yield "annotations", "belongs to VOC's boxes, and they need it"
    if pictures.application == "super_resolution":
        if pictures.class_names or pictures.labels:
            yield "classes", "pictures as truth have no classes and no labels"
    elif not pictures.class_names or bool(pictures.classes) == bool(pictures.classes_count):
        yield "classes", "expected names (classes), or how many there are (classes_count)"
    elif not pictures.labels:
        yield "labels", "is empty, so no network could be held against it"
    if pictures.form == "coco" and pictures.classes:
        yield "classes", "are named by the document itself; give classes_count"
    if pictures.form == "voc" and pictures.application == "detection" and not pictures.classes:
        yield "classes", "VOC's documents name classes, so they are needed here"
    if pictures.first_class < 0:
        yield "first_class", f"expected 0 or more, found {pictures.first_class}"
    if not pictures.source.strip():
        yield "source", "is empty; say where this is from"
