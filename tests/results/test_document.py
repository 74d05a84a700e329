from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import DataError, HostError
from ibd_mobile.results.document import encode, host_errors, read, read_plain


class Note(Noun, frozen=True, kw_only=True):
    schema: Literal[1]
    facts: dict[str, float]
    text: str = ""


@settings(deadline=None)  # writes files: how long that takes is the disk's affair
@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False)))
def test_what_is_written_is_read_and_the_order_of_a_mapping_does_not_show(
    tmp_path_factory: pytest.TempPathFactory, facts: dict[str, float]
) -> None:
    path = tmp_path_factory.mktemp("document") / "note.json"
    note = Note(schema=1, facts=facts)
    path.write_bytes(encode(note))
    assert read(path, Note, remedy="") == note
    turned = Note(schema=1, facts=dict(reversed(facts.items())))
    assert encode(turned) == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is damaged: Input data was truncated"),
        (b'{"schema": 1', "is damaged: Input data was truncated"),
        (b"\0" * 100, "is damaged: JSON is malformed"),
        (b"[]", "is damaged: Expected `object`"),
        (b"{}", "is damaged: Object missing required field `schema`"),
        (b'{"schema": 1, "facts": {}, "tetx": ""}', "unknown field `tetx`"),
        (b'{"schema": 7}', "has schema 7; this program knows 1"),
        (b'{"schema": 1, "facts": {}, "text": "\xff"}', "is damaged"),
    ],
)
def test_damage_is_told_with_the_file_and_the_remedy(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "note.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(path, Note, remedy="Do this.")
    assert caught.value.subject == str(path)
    assert problem in caught.value.problem
    assert caught.value.remedy in {"Do this.", "Use the version of ibd-mobile that wrote it."}


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_plain(tmp_path / "file", remedy="") == b"content"
    for name, problem in (
        ("link", "is a symbolic link"),
        ("none", "No such file"),
        (".", "Is a directory"),
    ):
        with pytest.raises(DataError, match=problem):
            read_plain(tmp_path / name, remedy="")


def test_a_write_that_fails_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    expected = pytest.raises(HostError, match=f"{path}: cannot be written: No such file")
    with expected as caught, host_errors(tmp_path):
        path.write_text("")
    assert caught.value.remedy
