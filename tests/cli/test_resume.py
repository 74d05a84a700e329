import json
import shutil
from pathlib import Path

from .conftest import Command


def test_only_what_has_no_record_is_run_again(copied: Path, ibd: Command) -> None:
    done, lost = (
        next(p.parent for p in copied.glob("jobs/*/record.json") if kind in p.read_text())
        for kind in ('"kind": "accuracy"', '"kind": "measure"')
    )
    before = (done / "record.json").stat().st_mtime_ns
    shutil.rmtree(lost)
    said = ibd("resume")
    assert said.code == 0, said.err
    assert said.err.count("measure: measuring") == 1
    assert (lost / "record.json").is_file()
    assert (done / "record.json").stat().st_mtime_ns == before
    assert "top-1" in said.out
    assert "per sample" in said.out


def test_a_run_that_is_done_is_only_reported(copied: Path, ibd: Command) -> None:
    said = ibd("resume", copied.name)
    assert said.code == 0
    assert "measuring" not in said.err
    assert "per sample" in said.out


def test_json_is_the_report(copied: Path, ibd: Command) -> None:
    said = ibd("resume", str(copied), "--json")
    assert said.err == ""
    assert len(json.loads(said.out)["records"]) == 2


def test_a_job_that_failed_is_tried_again_and_its_failure_is_kept(
    ibd: Command, tmp_path: Path
) -> None:
    first = ibd("run", "-d", "host_cpu", "--study", "small", "--threads", "2000")
    assert first.code == 9
    second = ibd("resume")
    assert second.code == 9
    (run,) = (tmp_path / "runs").iterdir()
    names = sorted(p.name for p in (run / "failures").glob("*.json"))
    assert [name.split(".")[1] for name in names] == ["1", "2"]


def test_there_must_be_a_run(ibd: Command) -> None:
    said = ibd("resume")
    assert said.code == 3
    assert "holds no runs" in said.err


def test_a_run_that_somebody_is_writing_is_left_to_them(copied: Path, ibd: Command) -> None:
    from ibd_mobile.results.run_writer import RunWriter

    with RunWriter.resume(copied):
        said = ibd("resume")
    assert said.code == 4
    assert "error: " in said.err
