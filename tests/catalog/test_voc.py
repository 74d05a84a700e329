from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import picture

VOC = library.picture_sets()["voc2012_val"]

XML = """<annotation>
  <folder>VOC2012</folder>
  <size><width>200</width><height>100</height><depth>3</depth></size>
  <object><name>dog</name><difficult>0</difficult>
    <bndbox><xmin>21</xmin><ymin>51</ymin><xmax>120</xmax><ymax>75</ymax></bndbox>
    <part><name>head</name>
      <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
  </object>
  <object><name>person</name><pose>Left</pose><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>1.0</ymin><xmax>200</xmax><ymax>100</ymax></bndbox></object>
</annotation>
"""


def voc(folder: Path, text: str = XML, names: str = "2008_000002\n") -> Path:
    for part in ("ImageSets/Main", "Annotations"):
        (folder / "VOC2012" / part).mkdir(parents=True)
    (folder / VOC.index).write_text(names)
    (folder / "VOC2012/Annotations/2008_000002.xml").write_text(text)
    picture(folder / "VOC2012/JPEGImages/2008_000002.jpg", 100, 200)
    return folder


def test_voc_has_pixels_from_one_and_difficult_boxes_to_be_ignored(tmp_path: Path) -> None:
    found = open_pictures(VOC, voc(tmp_path), None)
    assert found.truth is not None
    dog, person = (VOC.classes.index(name) for name in ("dog", "person"))
    expected = [[0, dog, 0.5, 0.1, 0.75, 0.6, 0], [0, person, 0, 0, 1, 1, 1]]
    assert found.truth == pytest.approx(np.array(expected))


def test_pictures_of_voc_can_be_truth_themselves(tmp_path: Path) -> None:
    found = open_pictures(library.picture_sets()["voc2012_pictures"], voc(tmp_path, "no xml"), None)
    assert found.truth is None
    assert [e.name for e in found.entries] == ["VOC2012/JPEGImages/2008_000002.jpg"]


BOMB = '<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "xxxx">]>'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is damaged: no element found"),
        (XML[:200], "is damaged: "),
        (BOMB + XML.replace("VOC2012", "&b;"), "has a document type"),
        (XML.replace("dog", "unicorn"), "'unicorn' is no class of PASCAL VOC 2012"),
        (XML.replace("<xmax>120", "<xmax>20"), "the box 21, 51 to 20, 75 ends before it begins"),
        (XML.replace("<xmin>21</xmin>", ""), "xmin: expected a number of pixels"),
        (XML.replace("<xmin>21", "<xmin>nan"), "xmin: expected a number of pixels"),
        (XML.replace("<width>200", "<width>0"), "cannot be 100 × 0 pixels"),
        (XML.replace("<size>", "<sise>").replace("</size>", "</sise>"), "height: expected"),
    ],
)
def test_what_is_wrong_with_a_voc_document_is_named(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        open_pictures(VOC, voc(tmp_path, text), None)
    assert caught.value.subject == f"{tmp_path}/VOC2012/Annotations/2008_000002.xml"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("2008_000003\n", r"val\.txt:1: 'VOC2012/Annotations/2008_000003\.xml' is not there"),
        ("2008_000002 1\n", "expected a picture's name alone"),
        ("../../x\n", "is no path inside the folder"),
        ("", "names no picture"),
    ],
)
def test_what_is_wrong_with_a_voc_list_is_named(tmp_path: Path, names: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        open_pictures(VOC, voc(tmp_path, names=names), None)


def test_a_large_document_is_not_read(tmp_path: Path) -> None:
    large = XML.replace("VOC2012", "x" * 1024 * 1024)
    with pytest.raises(InputError, match="is larger than 1 MiB"):
        open_pictures(VOC, voc(tmp_path, large), None)
