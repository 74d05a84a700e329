import hashlib
from pathlib import Path

import pytest

from ibd_mobile.convert.fetch import fetch
from ibd_mobile.core.errors import DataError, HostError, InputError
from ibd_mobile.core.model import SourceFile

from .conftest import Publisher

CONTENT = bytes(range(256)) * 8192  # 2 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


def file_of(publisher: Publisher, **known: object) -> SourceFile:
    return SourceFile(role="model", url=publisher.url, **known)  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "sources" / "net.bin"


@pytest.fixture
def full(publisher: Publisher) -> Publisher:
    publisher.content = CONTENT
    return publisher


def test_a_file_arrives_whole_with_its_hash_and_its_progress(full: Publisher, place: Path) -> None:
    told: list[tuple[int, int]] = []
    sha256 = fetch(file_of(full, sha256=SHA256, md5=MD5, size_bytes=len(CONTENT)), place,
                   lambda *at: told.append(at))  # fmt: skip
    assert sha256 == SHA256
    assert place.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in told] == sorted(have for have, _ in told)
    assert [p.name for p in place.parent.iterdir()] == ["net.bin"]


def test_a_broken_line_leaves_no_file_and_the_next_try_goes_on(
    full: Publisher, place: Path
) -> None:
    full.stop_after = 1_000_000
    with pytest.raises(HostError, match="goes on where it stopped"):
        fetch(file_of(full, sha256=SHA256), place)
    assert not place.exists()
    assert fetch(file_of(full, sha256=SHA256), place) == SHA256
    assert full.asked[1].startswith("bytes=")
    assert 0 < int(full.asked[1].removeprefix("bytes=").rstrip("-")) <= 1_000_000


def test_what_came_of_another_version_is_not_gone_on_with(full: Publisher, place: Path) -> None:
    full.stop_after = 1_000_000
    with pytest.raises(HostError):
        fetch(file_of(full), place)
    full.tag, full.content = '"two"', CONTENT[::-1]
    assert fetch(file_of(full), place) == hashlib.sha256(CONTENT[::-1]).hexdigest()


def test_what_came_from_a_server_without_tags_is_not_gone_on_with(
    full: Publisher, place: Path
) -> None:
    full.tag, full.stop_after = 'W/"weak"', 1_000_000
    with pytest.raises(HostError):
        fetch(file_of(full), place)
    assert fetch(file_of(full), place) == SHA256
    assert full.asked == ["", ""]


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ({"sha256": "0" * 64}, f"has SHA-256 {SHA256}, not {'0' * 64}"),
        ({"md5": "0" * 32}, f"has MD5 {MD5}, not {'0' * 32}"),
        ({"size_bytes": 5}, "has 2,097,152 bytes, not 5"),
    ],
)
def test_a_corrupted_download_is_refused_and_thrown_away(
    full: Publisher, place: Path, known: dict[str, object], problem: str
) -> None:
    with pytest.raises(DataError, match=f"{problem}; what came was thrown away"):
        fetch(file_of(full, **known), place)
    assert list(place.parent.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_gone_is_the_urls_fault(full: Publisher, place: Path, status: int) -> None:
    full.status = status
    with pytest.raises(InputError, match=f"is not to be had: the server answers {status}"):
        fetch(file_of(full), place)


def test_a_server_that_fails_may_be_asked_again(full: Publisher, place: Path) -> None:
    full.status = 503
    with pytest.raises(HostError, match="cannot be fetched: 503"):
        fetch(file_of(full), place)


def test_offline_is_one_clear_error(place: Path) -> None:
    offline = SourceFile(role="model", url="http://127.0.0.1:9/net.bin")
    with pytest.raises(HostError) as caught:
        fetch(offline, place)
    assert str(caught.value).startswith("http://127.0.0.1:9/net.bin: cannot be fetched: ")
    assert "Connection refused" in str(caught.value)
    assert "Check the network" in str(caught.value)


def test_a_file_on_this_computer_is_copied_and_checked_alike(place: Path, tmp_path: Path) -> None:
    own = tmp_path / "own name.bin"
    own.write_bytes(CONTENT)
    assert fetch(SourceFile(role="model", url=own.as_uri(), sha256=SHA256), place) == SHA256
    with pytest.raises(DataError, match="has SHA-256"):
        fetch(SourceFile(role="model", url=own.as_uri(), sha256="0" * 64), place)
    with pytest.raises(InputError, match="is not there"):
        fetch(SourceFile(role="model", url="file:///no/such/file"), place)


def test_a_place_that_cannot_be_written_is_named(full: Publisher, tmp_path: Path) -> None:
    (tmp_path / "sources").write_text("a file where a folder should be")
    with pytest.raises(HostError, match="cannot be written"):
        fetch(file_of(full), tmp_path / "sources" / "net.bin")
