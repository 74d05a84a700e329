from pathlib import Path

import pytest

from ibd_mobile.results.archive import Run

from .conftest import Command


def _job(copied: Path) -> str:
    return next(r.job_id for r in Run.open(copied).records() if r.job.kind == "measure")


def test_a_job_is_written_where_it_is_asked_for(
    copied: Path, ibd: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = _job(copied)
    said = ibd("trace", copied.name, job)
    assert said.code == 0
    assert said.err == f"{job}.perfetto-trace: open it in the Perfetto UI\n"
    content = (tmp_path / f"{job}.perfetto-trace").read_bytes()
    assert b"latency 4" in content
    assert ibd("trace", copied.name, job, "-o", "here/x").code == 0
    assert (tmp_path / "here" / "x").read_bytes() == content


@pytest.mark.parametrize(
    ("run", "job", "text"), [("gone", "x", "does not exist"), ("", "0", "job '0': does not exist")]
)
def test_what_is_not_there_is_named(
    copied: Path, ibd: Command, run: str, job: str, text: str
) -> None:
    said = ibd("trace", run or copied.name, job)
    assert said.code == 3
    assert text in said.err


def test_a_place_that_cannot_be_written_is_named(copied: Path, ibd: Command) -> None:
    said = ibd("trace", copied.name, _job(copied), "-o", "/proc/nothing/x")
    assert said.code == 4
    assert "cannot be written" in said.err
