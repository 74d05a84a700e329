import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.convert.sources import Sources
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.model import Model, Source, SourceFile

from .conftest import Publisher, read_json

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def model() -> Model:
    return library.models()["shapes_classifier"]


def source_of(*files: SourceFile) -> Source:
    return Source(format="onnx", files=list(files), licence="MIT", origin="a test")


def test_a_source_is_fetched_once_and_found_again(publisher: Publisher, model: Model) -> None:
    publisher.content = CONTENT
    source = source_of(SourceFile(role="model", url=publisher.url, sha256=SHA256))
    assert Sources().here(model, source) is None
    files = Sources().fetch(model, source)
    assert files["model"].read_bytes() == CONTENT
    assert Sources().fetch(model, source) == files == Sources().here(model, source)
    assert len(publisher.asked) == 1


def test_what_nobody_published_a_hash_of_is_pinned_at_the_first_fetch(
    publisher: Publisher, model: Model, tmp_path: Path
) -> None:
    publisher.content = CONTENT
    file = SourceFile(role="model", url=publisher.url)
    files = Sources().fetch(model, source_of(file))
    assert Sources().pinned(file) == SHA256
    (pin,) = (tmp_path / "data" / "ibd-mobile" / "pins").iterdir()
    assert read_json(pin)["url"] == publisher.url
    files["model"].unlink()  # the cache was cleared, and the publisher has another file now
    publisher.content, publisher.tag = b"other", '"two"'
    with pytest.raises(DataError, match=f"not {SHA256}"):
        Sources().fetch(model, source_of(file))
    assert Sources().here(model, source_of(file)) is None


def test_a_damaged_pin_is_named(publisher: Publisher, model: Model, tmp_path: Path) -> None:
    publisher.content = CONTENT
    file = SourceFile(role="model", url=publisher.url)
    Sources().fetch(model, source_of(file))
    (pin,) = (tmp_path / "data" / "ibd-mobile" / "pins").iterdir()
    pin.write_text("{")
    with pytest.raises(DataError, match="is damaged"):
        Sources().pinned(file)


@pytest.mark.parametrize("is_folder", [False, True])
def test_files_of_the_lab_may_stand_in_and_are_checked_alike(
    model: Model, tmp_path: Path, is_folder: bool
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    own = folder / "net.bin"
    own.write_bytes(CONTENT)
    known = SourceFile(role="model", url="https://example.org/net.bin", sha256=SHA256)
    files = Sources().fetch(model, source_of(known), instead=folder if is_folder else own)
    assert files["model"].read_bytes() == CONTENT
    wrong = SourceFile(role="model", url="https://example.org/b/net.bin", sha256="0" * 64)
    with pytest.raises(DataError, match="has SHA-256"):
        Sources().fetch(model, source_of(wrong), instead=folder)


def tar_of(path: Path, **members: bytes) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)


def zip_of(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_member_is_taken_out_of_its_archive(model: Model, tmp_path: Path, pack: object) -> None:
    pack(tmp_path / "a", net=CONTENT, other=b"x")  # type: ignore[operator]
    file = SourceFile(role="model", url=(tmp_path / "a").as_uri(), member="net")
    files = Sources().fetch(model, source_of(file))
    assert files["model"].read_bytes() == CONTENT
    missing = msgspec.structs.replace(file, member="absent")
    with pytest.raises(DataError, match="has no member 'absent'"):
        Sources().fetch(model, source_of(missing))


def test_a_link_in_an_archive_is_not_followed(model: Model, tmp_path: Path) -> None:
    tar_of(tmp_path / "a.tgz", net=CONTENT)
    file = SourceFile(role="model", url=(tmp_path / "a.tgz").as_uri(), member="link")
    with pytest.raises(DataError, match="'link' in it is no plain file"):
        Sources().fetch(model, source_of(file))


def test_an_archive_that_is_cut_short_is_refused(model: Model, tmp_path: Path) -> None:
    tar_of(tmp_path / "whole.tgz", net=CONTENT * 500)
    (tmp_path / "a.tgz").write_bytes((tmp_path / "whole.tgz").read_bytes()[:-2000])
    file = SourceFile(role="model", url=(tmp_path / "a.tgz").as_uri(), member="net")
    with pytest.raises(DataError, match="is no whole archive"):
        Sources().fetch(model, source_of(file))
    assert not list(tmp_path.rglob("*.part"))


def test_a_file_beside_the_toml_must_be_what_the_toml_says(model: Model) -> None:
    artifact = model.variants[0].artifacts[0]
    own = SourceFile(role="model", url=artifact.file, sha256=artifact.sha256)
    assert Sources().here(model, source_of(own)) is not None
    with pytest.raises(DataError, match="is not the file that the model's TOML names"):
        Sources().here(model, source_of(msgspec.structs.replace(own, sha256="0" * 64)))
    absent = SourceFile(role="model", url="absent.bin", sha256="0" * 64)
    with pytest.raises(InputError, match="has a file that is not beside its TOML"):
        Sources().fetch(model, source_of(absent))


@pytest.mark.parametrize("url", ["https://h/..", "https://h/a/%2e%2e", "https://h/.hidden?x=/y"])
def test_no_url_names_a_file_outside(url: str, tmp_path: Path, model: Model) -> None:
    own = tmp_path / "x"
    own.write_bytes(CONTENT)
    files = Sources(tmp_path / "s").fetch(
        model, source_of(SourceFile(role="model", url=url)), instead=own
    )
    assert (tmp_path / "s") in files["model"].parents
    assert not files["model"].name.startswith(".")
