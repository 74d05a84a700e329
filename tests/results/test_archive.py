import shutil
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.record import Record
from ibd_mobile.results.archive import Run
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_writer import RunWriter

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
PLAN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
ID = RECORDS[0].job_id


@pytest.fixture
def run(tmp_path: Path) -> Run:
    with RunWriter.create(tmp_path / "runs", PLAN) as writer:
        for record in RECORDS[:2]:
            folder = writer.partial(record.job_id)
            folder.journal.write_text("journal\n")
            folder.context.write_text("{}\n")
            hashes = folder.raw_sha256()
            writer.file(folder, msgspec.structs.replace(record, raw_sha256=hashes))
    return Run.open(writer.path)


def _rewrite(path: Path, old: str, new: str) -> None:
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


def _read_all(path: Path) -> None:
    run = Run.open(path)
    run.records()
    run.events()


def test_a_folder_without_a_plan_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run \(it has no run.json\)"):
        Run.open(tmp_path)


def test_a_reader_needs_no_right_to_write(run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    again = Run.open(run.path)
    again.records(), again.failures(), again.events(), again.done_ids()
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_a_run_that_was_moved_or_renamed_is_read_as_before(run: Run, tmp_path: Path) -> None:
    run.path.rename(tmp_path / "kept for the paper")
    moved = Run.open(tmp_path / "kept for the paper")
    assert moved.info == run.info
    assert moved.done_ids() == {record.job_id for record in RECORDS[:2]}


def test_a_damaged_record_is_named_with_what_to_do(run: Run) -> None:
    record = run.job_folder(ID).record
    record.write_bytes(record.read_bytes()[:-200])
    with pytest.raises(DataError) as caught:
        run.records()
    assert caught.value.subject == str(record)
    assert caught.value.problem.startswith("is damaged: ")
    assert "measure the job again with `ibd-mobile resume`" in caught.value.remedy


def test_a_key_of_the_wrong_kind_is_named(run: Run) -> None:
    _rewrite(run.job_folder(ID).record, '"pushed_bytes": 0', '"pushed_bytes": "none"')
    with pytest.raises(DataError, match=r"Expected `int`.*\$\.conditions\.pushed_bytes"):
        run.records()


@pytest.mark.parametrize("name", ["run.json", f"jobs/{ID}/record.json"])
def test_another_schema_is_refused_before_its_content_is_read(run: Run, name: str) -> None:
    _rewrite(run.path / name, '"schema": 2', '"schema": 3, "news": true')
    with pytest.raises(DataError, match="has schema 3; this program knows 2"):
        Run.open(run.path).records()


def test_the_record_of_another_job_is_refused(run: Run) -> None:
    other = run.job_folder(RECORDS[1].job_id)
    shutil.copy(other.record, run.job_folder(ID).record)
    with pytest.raises(DataError, match=f"is the record of job {RECORDS[1].job_id}"):
        run.records()


def test_a_job_that_was_edited_no_longer_has_its_id(run: Run) -> None:
    _rewrite(run.job_folder(ID).record, '"threads": 1', '"threads": 4')
    with pytest.raises(DataError, match="is the record of job"):
        run.records()


def test_a_changed_raw_file_is_named(run: Run) -> None:
    run.verify(ID)
    run.job_folder(ID).journal.write_text("better numbers\n")
    with pytest.raises(DataError, match=r"raw/journal.jsonl: was changed after the job was filed"):
        run.verify(ID)


def test_a_missing_raw_file_is_named(run: Run) -> None:
    run.job_folder(ID).context.unlink()
    with pytest.raises(DataError, match=r"context.json: is missing; it was there when"):
        run.verify(ID)


def test_a_raw_file_that_came_later_is_named(run: Run) -> None:
    run.job_folder(ID).samples.write_text("invented")
    with pytest.raises(DataError, match=r"samples.tsv: was not there when the job was filed"):
        run.verify(ID)


@pytest.mark.parametrize(
    "name", ["run.json", "events.jsonl", "jobs", f"jobs/{ID}", f"jobs/{ID}/record.json"]
)
def test_a_link_in_the_folder_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    inside, outside = run.path / name, tmp_path / "outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    with pytest.raises(DataError, match="is a symbolic link"):
        _read_all(run.path)


def test_a_link_among_the_raw_files_is_refused(run: Run) -> None:
    (run.job_folder(ID).raw / "outputs.bin").symlink_to("/etc/passwd")
    with pytest.raises(DataError, match=r"outputs.bin: is a link"):
        run.verify(ID)


def test_a_link_to_the_run_folder_itself_is_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(run.path)
    assert len(Run.open(tmp_path / "latest").records()) == 2


def test_a_folder_of_no_job_in_the_plan_is_left_out(run: Run) -> None:
    shutil.copytree(run.job_folder(ID).path, run.path / "jobs" / "0123456789ab")
    assert run.done_ids() == {record.job_id for record in RECORDS[:2]}
    assert len(run.records()) == 2
