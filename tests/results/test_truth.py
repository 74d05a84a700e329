import pickle
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Application, Dataset, Model
from ibd_mobile.results.truth import check, encode, read_truth, sha256

CLASSES = np.array([0, 2, 1], np.uint8)
BOXES = np.array([[0, 1, 0, 0, 0.5, 0.25], [2, 0, 0.5, 0.5, 1, 1]], np.float32)
PICTURES = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4, 1)
APPLICATIONS: list[tuple[Application, Any]] = [
    ("classification", CLASSES),
    ("classification", CLASSES.astype(np.uint16)),
    ("detection", BOXES),
    ("detection", np.column_stack((BOXES, [0, 1])).astype(np.float32)),
    ("super_resolution", PICTURES),
]


def model_of(application: Application, truth: Any) -> Model:
    dataset = Dataset(
        id="d", generator="g", seed=1, count=3, labels=["a", "b", "c"], images_sha256="",
        truth_sha256=sha256(truth),
    )  # fmt: skip
    return Model(schema=2, id="m", name="M", application=application, dataset=dataset, variants=[])


def write(path: Path, content: bytes) -> Path:
    file = path / "truth.npy"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(("application", "truth"), APPLICATIONS)
def test_what_was_filed_comes_back(tmp_path: Path, application: Application, truth: Any) -> None:
    file = write(tmp_path, encode(truth))
    found = read_truth(file, model_of(application, truth))
    assert found.dtype == truth.dtype
    assert found.tolist() == truth.tolist()
    assert np.load(file, allow_pickle=False).tolist() == truth.tolist()  # for others to read


def test_published_boxes_may_be_without_area() -> None:
    flat = boxes(y1=0.0)
    model = model_of("detection", flat)
    assert model.dataset is not None
    published = msgspec.structs.replace(model.dataset, generator="", pictures="coco_val2017")
    check(flat, "detection", published)
    with pytest.raises(DataError, match="not within its picture"):
        check(boxes(x0=0.5), "detection", published)


def test_a_set_without_boxes_is_one_too(tmp_path: Path) -> None:
    none = np.empty((0, 6), np.float32)
    assert read_truth(write(tmp_path, encode(none)), model_of("detection", none)).shape == (0, 6)


def test_the_order_of_bytes_is_one_everywhere() -> None:
    foreign = BOXES.astype(">f4")
    assert encode(foreign) == encode(BOXES)
    assert sha256(foreign) == sha256(BOXES)
    turned = np.asfortranarray(BOXES)
    assert encode(turned) == encode(BOXES)
    assert sha256(turned) == sha256(BOXES)


class _Trap:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def bomb() -> bytes:
    """A head that promises 10¹² bytes, and nothing behind it."""
    return encode(CLASSES).replace(b"(3,), }        ", b"(999999999999,)")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        encode(CLASSES)[:-1],
        encode(CLASSES) + b"\0",
        encode(CLASSES).replace(b"(3,)", b"(4,)"),
        encode(CLASSES).replace(b"False", b"True "),
        encode(CLASSES).replace(b"|u1", b"|O8"),
        encode(CLASSES.astype(np.int64)),
        bomb(),
        pickle.dumps(_Trap()),
        b"PK\x03\x04" + bytes(40),
    ],
)
def test_anything_else_is_damage(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"truth\.npy: is damaged"):
        read_truth(write(tmp_path, content), model_of("classification", CLASSES))


@settings(deadline=None)
@given(st.data())
def test_a_byte_that_was_changed_is_seen(tmp_path_factory: Any, data: st.DataObject) -> None:
    content = bytearray(encode(BOXES))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    file = write(tmp_path_factory.mktemp("truth"), bytes(content))
    try:
        found = read_truth(file, model_of("detection", BOXES))
    except DataError:
        return
    assert found.tolist() == BOXES.tolist()  # a byte of the head that says nothing


def test_the_truth_of_another_set_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, encode(CLASSES[::-1]))
    with pytest.raises(DataError, match="is not the truth of data set 'd'"):
        read_truth(file, model_of("classification", CLASSES))
    bare = msgspec.structs.replace(model_of("classification", CLASSES), dataset=None)
    with pytest.raises(DataError, match="model 'm' has no data set"):
        read_truth(file, bare)


def boxes(**changes: float) -> Any:
    names = ("picture", "label", "y0", "x0", "y1", "x1")
    row = dict(zip(names, (0, 1, 0.0, 0.0, 0.5, 0.25), strict=True)) | changes
    return np.array([list(row.values())], np.float32)


@pytest.mark.parametrize(
    ("application", "truth", "problem"),
    [
        ("classification", CLASSES.astype(np.float32), "is float32 with 1 dimensions, not uint8"),
        ("classification", CLASSES[:2], "is of 2 pictures, not 3"),
        ("classification", CLASSES + 1, "has a class beyond the 3 there are"),
        ("super_resolution", PICTURES[:2], "is of 2 pictures, not 3"),
        ("super_resolution", PICTURES[..., 0], "is uint8 with 3 dimensions, not uint8 with 4"),
        ("detection", BOXES[:, :5], "has 5 numbers per box, not 6 or 7"),
        ("detection", np.c_[BOXES, [[0.5]] * 2].astype("f4"), "neither counted .0. nor ignored"),
        ("detection", np.c_[BOXES, [[2]] * 2].astype("f4"), "neither counted .0. nor ignored"),
        ("detection", boxes(picture=3), "has a picture that is none of the 3"),
        ("detection", boxes(picture=0.5), "has a picture that is none of the 3"),
        ("detection", boxes(label=-1), "has a class that is none of the 3"),
        ("detection", boxes(label=float("nan")), "has a class that is none of the 3"),
        ("detection", boxes(y1=0.0), "has a box without area"),
        ("detection", boxes(x1=1.5), "not within its picture"),
        ("detection", boxes(y0=float("nan")), "not within its picture"),
    ],
)
def test_truth_that_cannot_be_is_refused(
    application: Application, truth: Any, problem: str
) -> None:
    dataset = model_of(application, truth).dataset
    assert dataset is not None
    with pytest.raises(DataError, match=problem):
        check(truth, application, dataset)


def test_a_set_without_pictures_is_none() -> None:
    for application, truth in APPLICATIONS:
        dataset = model_of(application, truth).dataset
        assert dataset is not None
        with pytest.raises(DataError, match="is of no picture"):
            check(truth[:0], application, msgspec.structs.replace(dataset, count=0))
