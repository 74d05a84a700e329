import hashlib
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import LIST, picture


def test_a_list_gives_files_classes_and_hashes_in_order(animals: Path) -> None:
    found = open_pictures(LIST, animals, None)
    assert found.truth is not None
    assert (found.truth.tolist(), found.truth.dtype) == ([2, 0, 1], np.uint8)
    assert found.class_names == ("ant", "bee", "cow")
    files = [animals / "val" / f"{k}.jpg" for k in range(3)]
    digests = [hashlib.sha256(f.read_bytes()).digest() for f in files]
    assert found.sha256 == hashlib.sha256(b"".join(digests)).hexdigest()
    assert [content for _, content in found.contents()] == [f.read_bytes() for f in files]
    assert len(open_pictures(LIST, animals, 2).entries) == 2


def test_a_picture_that_was_changed_after_planning_is_found_out(animals: Path) -> None:
    found = open_pictures(LIST, animals, None)
    picture(animals / "val" / "1.jpg", shade=1)
    with pytest.raises(InputError, match=r"val/1\.jpg' was changed since the run was planned"):
        list(found.contents())


@pytest.mark.parametrize("content", [b"", b"no", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_named_with_its_line(animals: Path, content: bytes) -> None:
    (animals / "val" / "2.jpg").write_bytes(content)
    with pytest.raises(InputError, match="is no picture that can be read") as caught:
        open_pictures(LIST, animals, None)
    assert caught.value.subject == f"{animals}/val.txt:3"


def test_pictures_beyond_those_asked_for_are_not_looked_at(animals: Path) -> None:
    (animals / "val" / "2.jpg").unlink()
    assert len(open_pictures(LIST, animals, 2).digests) == 2
