import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from ibd_mobile.convert.steps import saved_model_archive
from ibd_mobile.convert.steps.step import Refused

FILES = {
    "net/saved_model.pb": b"graph",
    "net/variables/variables.index": b"index",
    "net/variables/../../../evil": b"evil",
    "net/assets/words.txt": b"words",
}


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("net/variables/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_graph_and_variables_are_unpacked_and_nothing_else(pack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = pack(tmp_path / "archive", FILES)
    with saved_model_archive.folder(path, str(tmp_path)) as folder:
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert found == {"saved_model.pb", "variables/variables.index"}
        assert (folder / "saved_model.pb").read_bytes() == b"graph"
    assert not folder.exists()
    assert not list(tmp_path.rglob("evil"))


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    with saved_model_archive.folder(tmp_path, str(tmp_path)) as folder:
        assert folder == tmp_path


def test_none_and_two_are_refused(tmp_path: Path) -> None:
    two = {"a/saved_model.pb": b"", "b/saved_model.pb": b""}
    for count, files in ((0, {"readme": b""}), (2, two)):
        path = zipped(tmp_path / f"{count}.zip", files)
        with (
            pytest.raises(Refused, match=f"holds {count} SavedModels"),
            saved_model_archive.folder(path, str(tmp_path)),
        ):
            pass


def test_half_an_archive_is_refused(tmp_path: Path) -> None:
    path = tarred(tmp_path / "net.tgz", FILES)
    path.write_bytes(path.read_bytes()[:90])
    with (
        pytest.raises(Refused, match=r"net\.tgz is not an archive of a SavedModel"),
        saved_model_archive.folder(path, str(tmp_path)),
    ):
        pass
