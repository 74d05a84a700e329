"""Published sets of labelled pictures, which lie on the lab's disk and never in this package."""

from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.model import Application


class PictureSet(Noun, frozen=True, kw_only=True):
    """How a set of labelled pictures lies in its folder, and what its labels mean.

    All paths are relative to the folder that the lab names, with "/".
    """

    schema: Literal[1]
    id: str
    name: str
    application: Application
    #: list: lines of a picture's file name and its class, for super-resolution the name alone;
    #: coco: one JSON document with pictures, categories and boxes; voc: lines of a picture's name
    #: without its ending, for detection with one XML document each
    form: Literal["list", "coco", "voc"]
    index: str  #: path of the list or document
    pictures: str = "."  #: folder that names of pictures are relative to
    annotations: str = ""  #: voc: folder of the XML documents
    #: which orders of classes (`Variant.labels`) its truth can be held against
    labels: list[str] = []
    classes: list[str] = []  #: their names, in order; empty: numbered
    classes_count: int = 0  #: where they are numbered
    first_class: int = 0  #: list, coco: the number that stands for the first class
    #: list: classes that are known, so that a list that counts otherwise is found out
    known: dict[str, int] = {}
    source: str
    notes: str = ""

    @property
    def class_names(self) -> list[str]:
        """Names of the classes in order, or their numbers."""
        return self.classes or [str(number) for number in range(self.classes_count)]
