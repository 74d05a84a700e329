from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.convert.executor import Programs
from ibd_mobile.convert.shelf import STAGE, Kept, Shelf
from ibd_mobile.convert.task import Task
from ibd_mobile.convert.workshop import Workshop


@pytest.fixture
def kept(shelf: Shelf, steps: Path, task: Callable[..., Task]) -> Kept:
    return Workshop(shelf, lambda _: None, Programs(folder=steps)).do(task())


def test_a_stage_is_found_by_its_key(shelf: Shelf, kept: Kept) -> None:
    assert shelf.find(kept.stage.key) == kept
    assert shelf.stages() == [kept]
    assert shelf.find("0" * 64) is None


@pytest.mark.parametrize("content", [b"mad", b"fake", b""], ids=["short", "other", "empty"])
def test_a_damaged_file_is_taken_away_and_not_given_out(
    shelf: Shelf, kept: Kept, content: bytes
) -> None:
    (kept.folder / kept.stage.file).write_bytes(content)
    assert shelf.find(kept.stage.key) is None
    assert not kept.folder.exists()


def test_a_stage_under_another_key_is_not_believed(shelf: Shelf, kept: Kept) -> None:
    kept.folder.rename(kept.folder.with_name("f" * 64))
    assert shelf.find("f" * 64) is None


def test_a_stage_of_another_version_is_passed_over(shelf: Shelf, kept: Kept) -> None:
    path = kept.folder / STAGE
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    assert shelf.find(kept.stage.key) is None
    assert shelf.stages() == []


def test_files_are_named_by_their_role(kept: Kept) -> None:
    assert kept.files == {"model": kept.folder / kept.stage.file}


def test_a_folder_in_the_making_disappears_when_it_fails(shelf: Shelf, tmp_path: Path) -> None:
    folders = []

    def fail() -> None:
        with shelf.making("a" * 64) as folder:
            folders.append(folder)
            (folder / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not folders[0].exists()
    assert shelf.stages() == []
