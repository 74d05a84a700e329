import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import picture

COCO = library.picture_sets()["coco_val2017"]


def coco(folder: Path, **changes: Any) -> Path:
    document = {
        "info": {"year": 2017},
        "images": [
            {"id": 9, "file_name": "b.jpg", "height": 100, "width": 200, "license": 1},
            {"id": 4, "file_name": "a.jpg", "height": 100, "width": 50},
        ],
        "annotations": [
            {"image_id": 9, "category_id": 90, "bbox": [20, 50, 100, 25], "iscrowd": 0, "id": 1},
            {"image_id": 4, "category_id": 1, "bbox": [0, 0, 50, 100.5], "iscrowd": 1, "id": 2},
            {"image_id": 9, "category_id": 1, "bbox": [5, 5, 0, 5], "iscrowd": 0, "id": 3},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 90, "name": "toothbrush"}],
        **changes,
    }
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / COCO.index).write_text(json.dumps(document))
    picture(folder / "val2017" / "a.jpg", 100, 50)
    picture(folder / "val2017" / "b.jpg", 100, 200)
    return folder


def test_coco_comes_by_id_with_crowds_to_be_ignored(tmp_path: Path) -> None:
    found = open_pictures(COCO, coco(tmp_path), None)
    assert [e.name for e in found.entries] == ["val2017/a.jpg", "val2017/b.jpg"]
    assert found.truth is not None
    expected = [
        [1, 89, 0.5, 0.1, 0.75, 0.6, 0],
        [0, 0, 0, 0, 1, 1, 1],  # cut at the picture's edge
        [1, 0, 0.05, 0.025, 0.1, 0.025, 0],  # without area: counts, and nobody can find it
    ]
    assert found.truth == pytest.approx(np.array(expected))
    assert (found.class_names[0], found.class_names[1]) == ("person", "")
    assert (len(found.class_names), found.class_names[89]) == (90, "toothbrush")
    first = open_pictures(COCO, tmp_path, 1)
    assert first.truth is not None
    assert first.truth.tolist() == [[0, 0, 0, 0, 1, 1, 1]]


BOX = {"image_id": 9, "category_id": 1, "bbox": [0, 0, 5, 5]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"annotations": [BOX, BOX | {"image_id": 5}]}, "image_id 5 is none of the pictures"),
        ({"annotations": [BOX | {"category_id": 91}]}, "category_id 91 is none of 1 … 90"),
        ({"annotations": [BOX | {"bbox": [0, 0, 5]}]}, r"is damaged: .*annotations\[0\].bbox"),
        ({"annotations": [BOX | {"bbox": [0, 0, 5, "x"]}]}, "is damaged: Expected `float`"),
        ({"annotations": [BOX | {"iscrowd": 2}]}, "is damaged: "),
        ({"annotations": None}, "is damaged: "),
        ({"images": []}, "names no picture"),
        ({"images": [{"id": 1, "file_name": "a.jpg", "height": 0, "width": 9}]}, "is damaged"),
        ({"images": [{"id": 1, "file_name": "../a.jpg", "height": 9, "width": 9}],
          "annotations": []}, "'val2017/../a.jpg' is no path inside the folder"),
        ({"images": [{"id": 1, "file_name": "a.jpg", "height": 10, "width": 9}],
          "annotations": []}, "has 100 × 50 pixels, and its boxes are for 10 × 9"),
        ({"images": [{"id": 1, "file_name": f"{k}.jpg", "height": 9, "width": 9}
                     for k in range(2)]}, "two pictures of one id"),
        ({"categories": [{"id": 95, "name": "x"}]}, "has a category 95"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_coco_document_is_named(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        open_pictures(COCO, coco(tmp_path, **changes), None)
    assert caught.value.subject.startswith(f"{tmp_path}/{COCO.index}")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"images": [', b"[" * 100_000, b"\xff"])
def test_a_damaged_document_is_named(tmp_path: Path, content: bytes) -> None:
    (coco(tmp_path) / COCO.index).write_bytes(content)
    with pytest.raises(InputError, match=r"instances_val2017\.json: is damaged"):
        open_pictures(COCO, tmp_path, None)
