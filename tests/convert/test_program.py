from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.task import Task
from ibd_mobile.core.errors import HostError, PayloadFailed

from .conftest import HEAD


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(body: str, head: str = HEAD) -> Path:
        path = tmp_path / "steps" / "own.py"
        path.write_text(head + body)
        return path

    return make


def run(path: Path, task: Callable[..., Task], folder: Path) -> program.Answer:
    folder.mkdir()
    return program.run(path, task().request(folder), "net → tflite")


def test_an_answer_tells_what_was_made_and_what_it_took(
    steps: Path, task: Callable[..., Task], tmp_path: Path
) -> None:
    answer = run(steps / "double.py", task, tmp_path / "folder")
    assert answer.made.inputs[0].shape == [-1, 4]
    assert answer.is_compared
    assert answer.wall_s > 0


def test_the_last_line_of_a_crash_is_told(
    steps: Path, write: Callable[..., Path], task: Callable[..., Task], tmp_path: Path
) -> None:
    path = write("raise ValueError('tensor 7 is odd')\n")
    with pytest.raises(PayloadFailed, match="step own ended with 1: ValueError: tensor 7 is odd"):
        run(path, task, tmp_path / "folder")


def test_an_answer_that_is_cut_short_is_no_answer(
    steps: Path, write: Callable[..., Path], task: Callable[..., Task], tmp_path: Path
) -> None:
    path = write("open('answer.json', 'w').write('{\"schema\": 1, \"ma')\n")
    with pytest.raises(PayloadFailed, match="step own ended with 0: without a word"):
        run(path, task, tmp_path / "folder")


def test_an_environment_that_cannot_be_made_is_the_computers_fault(
    steps: Path, write: Callable[..., Path], task: Callable[..., Task], tmp_path: Path
) -> None:
    head = HEAD.replace("numpy", "no-such-package-at-all==1.0")
    with pytest.raises(HostError) as caught:
        run(write("", head), task, tmp_path / "folder")
    assert "environment of step own: cannot be made" in str(caught.value)
    assert "no-such-package-at-all" in str(caught.value)


def test_offline_without_an_environment_is_one_clear_error(
    steps: Path,
    write: Callable[..., Path],
    task: Callable[..., Task],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    head = HEAD.replace("numpy", "iniconfig==1.1.1")
    with pytest.raises(HostError, match="environment of step own: cannot be made"):
        run(write("", head), task, tmp_path / "folder")


def test_the_hash_of_a_program_covers_what_it_imports_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from ibd_mobile.convert.steps import step, b\n")
    (tmp_path / "b.py").write_text("from ibd_mobile.convert.steps.c import x\n")
    (tmp_path / "c.py").write_text("x = 1\n")
    (tmp_path / "d.py").write_text("y = 1\n")
    first = program.sha256_with_imports(tmp_path / "a.py")
    program.sha256_with_imports.cache_clear()
    (tmp_path / "d.py").write_text("y = 2\n")
    assert program.sha256_with_imports(tmp_path / "a.py") == first
    program.sha256_with_imports.cache_clear()
    (tmp_path / "c.py").write_text("x = 2\n")
    assert program.sha256_with_imports(tmp_path / "a.py") != first
