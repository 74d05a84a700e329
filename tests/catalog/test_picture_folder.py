import os
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.catalog.picture_folder import PictureFolder, is_inside
from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import LIST


def linked(folder: Path) -> None:
    folder.joinpath("val/1.jpg").symlink_to("/etc/passwd")


def linked_folder(folder: Path) -> None:
    folder.joinpath("val/2.jpg").unlink()
    folder.joinpath("val/0.jpg").unlink()
    folder.joinpath("val").rmdir()
    folder.joinpath("val").symlink_to("/etc")


def circular(folder: Path) -> None:
    folder.joinpath("val/1.jpg").symlink_to("1.jpg")


def piped(folder: Path) -> None:
    os.mkfifo(folder / "val/1.jpg")


@pytest.mark.parametrize(
    ("put", "problem"),
    [
        (linked, "'val/1.jpg' is a link that leads out of"),
        (linked_folder, "is not there|leads out of"),
        (circular, "'val/1.jpg' cannot be read"),
        (piped, "'val/1.jpg' is no plain file"),
        (lambda folder: (folder / "val/1.jpg").mkdir(), "'val/1.jpg' cannot be read: Is a"),
        (str, "'val/1.jpg' is not there"),  # nothing is put there
    ],
)
def test_what_is_no_plain_file_of_the_folder_is_not_read(
    animals: Path, put: Any, problem: str
) -> None:
    (animals / "val/1.jpg").unlink()
    put(animals)
    with pytest.raises(InputError, match=problem) as caught:
        open_pictures(LIST, animals, None)
    assert caught.value.subject.startswith(f"{animals}/val.txt:")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "", "a\0b"])
def test_a_path_that_leaves_the_folder_by_its_letters_is_refused(tmp_path: Path, name: str) -> None:
    assert not is_inside(name)
    with pytest.raises(InputError, match="is no path inside the folder"):
        PictureFolder.at(tmp_path, "pictures").read(name, "here")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(2 << 20))
    folder = PictureFolder.at(tmp_path, "pictures")
    with pytest.raises(InputError, match="'a' is larger than 1 MiB"):
        folder.read("a", "here", 1 << 20)


def test_a_link_that_stays_inside_is_followed(animals: Path) -> None:
    before = open_pictures(LIST, animals, None).sha256
    (animals / "val" / "1.jpg").rename(animals / "one.jpg")
    (animals / "val" / "1.jpg").symlink_to(animals / "one.jpg")
    assert open_pictures(LIST, animals, None).sha256 == before


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"does not exist|is no folder"):
        open_pictures(LIST, tmp_path / name, None)
