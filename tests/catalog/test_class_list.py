from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import LIST, picture


@pytest.mark.parametrize(
    "text",
    [
        "0.jpg 2\r\n1.jpg 0\r\n2.jpg 1\r\n",
        "\ufeff0.jpg\t2\n\n1.jpg, 0\n  2.jpg;1  ",
    ],
)
def test_lists_are_taken_as_systems_and_tools_write_them(animals: Path, text: str) -> None:
    before = open_pictures(LIST, animals, None)
    (animals / "val.txt").write_text(text, newline="")
    after = open_pictures(LIST, animals, None)
    assert after.truth is not None
    assert before.truth is not None
    assert after.truth.tolist() == before.truth.tolist()
    assert after.sha256 == before.sha256


def test_more_than_256_classes_need_two_bytes(animals: Path) -> None:
    many = msgspec.structs.replace(LIST, classes=[], classes_count=300, known={})
    (animals / "val.txt").write_text("0.jpg 299\n")
    truth = open_pictures(many, animals, None).truth
    assert truth is not None
    assert (truth.tolist(), truth.dtype) == ([299], np.uint16)


def test_a_list_may_count_from_one_where_its_toml_says_so(animals: Path) -> None:
    (animals / "val.txt").write_text("0.jpg 3\n1.jpg 1\n")
    other = msgspec.structs.replace(LIST, first_class=1, known={})
    truth = open_pictures(other, animals, None).truth
    assert truth is not None
    assert truth.tolist() == [2, 0]


Damage = Callable[[Path], object]


def listed(text: str) -> Damage:
    return lambda folder: (folder / "val.txt").write_text(text)


@pytest.mark.parametrize(
    ("damage", "place", "problem"),
    [
        (listed(""), "val.txt", "names no picture"),
        (listed("\n \r\n"), "val.txt", "names no picture"),
        (listed("0.jpg\n"), "val.txt:1", "expected a file name and a class, found '0.jpg'"),
        (listed(f"0.jpg{' ' * 1_000_000}x 1"), "val.txt:1", "expected a file name and a class"),
        (listed("0.jpg 2\n1.jpg three\n"), "val.txt:2", "expected a file name and a class"),
        (listed("0.jpg 2\n1.jpg 3\n"), "val.txt:2", "class 3 is none of 0 … 2"),
        (listed("0.jpg 1\n"), "val.txt:1", "'0.jpg' is of class 2, and the list says 1"),
        (listed("1.jpg 0\n2.jpg 1\n1.jpg 0\n"), "val.txt:3", "'val/1.jpg' is named at"),
        (listed("../val.txt 0\n"), "val.txt:1", "'val/../val.txt' is no path inside"),
        (listed("/etc/passwd 0\n"), "val.txt:1", "is no path inside the folder"),
        (listed("a\0b 0\n"), "val.txt:1", "is no path inside the folder"),
        (listed("3.jpg 0\n"), "val.txt:1", "'val/3.jpg' is not there"),
        (lambda f: (f / "val" / "2.jpg").write_text("no"), "val.txt:3",
         "'val/2.jpg' is no picture that can be read"),
        (lambda f: (f / "val" / "2.jpg").write_bytes(b""), "val.txt:3",
         "'val/2.jpg' is no picture that can be read"),
        (lambda f: (f / "val.txt").write_bytes(b"0.jpg 2\n\xff\xfe 1\n"), "val.txt:2",
         "is not UTF-8 text"),
        (lambda f: (f / "val.txt").unlink(), "val.txt", "is not there"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_list_or_its_files_is_named(
    animals: Path, damage: Damage, place: str, problem: str
) -> None:
    damage(animals)
    with pytest.raises(InputError) as caught:
        open_pictures(LIST, animals, None)
    assert caught.value.subject == f"{animals}/{place}"
    assert problem in caught.value.problem


def test_the_published_list_of_imagenet_is_told_from_those_that_count_otherwise(
    tmp_path: Path,
) -> None:
    imagenet = library.picture_sets()["imagenet_val"]
    picture(tmp_path / "ILSVRC2012_val_00000002.JPEG")
    (tmp_path / "val.txt").write_text("ILSVRC2012_val_00000002.JPEG 970\n")
    truth = open_pictures(imagenet, tmp_path, None).truth
    assert truth is not None
    assert truth.tolist() == [970]
    (tmp_path / "val.txt").write_text("ILSVRC2012_val_00000002.JPEG 971\n")
    with pytest.raises(InputError, match="is of class 970, and the list says 971"):
        open_pictures(imagenet, tmp_path, None)
