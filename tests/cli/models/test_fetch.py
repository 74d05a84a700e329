from pathlib import Path

from ibd_mobile.core.file import sha256_of
from tests.keyboard import Command
from tests.small_network import write_model


def test_a_source_is_fetched_and_its_hash_is_told(ibd: Command, lab: Path) -> None:
    said = ibd("models", "fetch", "small")
    assert said.code == 0, said.err
    assert "fetching net.onnx …" in said.err
    path, sha256 = said.out.splitlines()
    assert Path(path).read_bytes() == lab.read_bytes()
    assert sha256.split() == ["SHA-256", sha256_of(lab)]
    assert "fetching" not in ibd("models", "fetch", "small").err


def test_a_hash_that_nobody_published_is_said_to_be_pinned(
    ibd: Command, lab: Path, tmp_path: Path
) -> None:
    write_model(tmp_path / "config" / "ibd-mobile" / "models", lab, is_pinned=False)
    assert "(pinned at this first fetch)" in ibd("models", "fetch", "small").out


def test_a_file_may_be_named_instead_and_is_checked(
    ibd: Command, lab: Path, tmp_path: Path
) -> None:
    own = tmp_path / "elsewhere.onnx"
    own.write_bytes(lab.read_bytes()[:-1])
    lab.unlink()
    said = ibd("models", "fetch", "small", "--from", str(own))
    assert said.code == 8
    assert "what came was thrown away" in said.err
    said = ibd("models", "fetch", "small")
    assert said.code == 3
    assert "is not there, or is no plain file" in said.err


def test_a_model_without_weights_says_what_can_be_done(ibd: Command) -> None:
    said = ibd("models", "fetch", "vdsr")
    assert said.code == 3
    assert "has no published weights from" in said.err
    assert "--untrained" in said.err
