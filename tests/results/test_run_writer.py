import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.errors import DataError, ExitCode, HostError, InputError, PhoneGone
from ibd_mobile.core.record import Record
from ibd_mobile.results.archive import Run
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.job_folder import JobFolder, MetricsDocument
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_root import runs
from ibd_mobile.results.run_writer import RunWriter

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
PLAN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
PROCESS = Path(__file__).with_name("filing_process.py")
HOST = str(Path(sys.modules["ibd_mobile"].__file__ or "").parents[1])

Draft = Callable[[RunWriter, Record], tuple[JobFolder, Record]]


def _draft(run: RunWriter, record: Record) -> tuple[JobFolder, Record]:
    folder = run.partial(record.job_id)
    folder.journal.write_text('{"seq":0}\n')
    folder.trace("latency").write_bytes(b"PAR1")
    return folder, msgspec.structs.replace(record, raw_sha256=folder.raw_sha256())


def test_the_plan_is_readable_before_anything_is_measured(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "new" / "runs", PLAN) as writer:
        run = Run.open(writer.path)
    assert run.info.jobs == PLAN.jobs
    assert run.info.skips == PLAN.skips
    assert run.info.id == writer.path.name
    assert run.done_ids() == set()
    assert run.records() == []
    assert [event.kind for event in run.events()] == ["created"]


def test_a_filed_job_is_read_back_as_it_was_with_its_numbers_alone_beside(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, record = _draft(run, RECORDS[0])
        filed = run.file(folder, record)
    again = Run.open(run.path)
    assert again.records() == [record]
    assert again.done_ids() == {record.job_id}
    assert filed.path == run.path / "jobs" / record.job_id
    assert not folder.path.exists()
    numbers = msgspec.json.decode(filed.metrics.read_bytes(), type=MetricsDocument)
    assert (numbers.metrics, numbers.findings) == (record.metrics, record.findings)
    again.verify(record.job_id)


def test_records_come_in_the_order_of_the_plan_not_of_the_clock(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        for record in reversed(RECORDS):
            run.file(*_draft(run, record))
        found = [record.job_id for record in run.records()]
    assert found == [record.job_id for record in RECORDS]


def test_a_folder_in_the_making_counts_for_nothing_and_is_swept_away(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, record = _draft(run, RECORDS[0])
        folder.write_results(record)
        (run.path / "failures").mkdir()
        (run.path / "failures" / ".x.json.temporary").touch()
        assert run.done_ids() == set()
    with RunWriter.resume(run.path) as run:
        assert run.done_ids() == set()
    assert list(run.path.rglob(".*")) == []
    assert [event.kind for event in run.events()] == ["created", "resumed"]


def test_a_discarded_folder_is_gone(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, _ = _draft(run, RECORDS[0])
        run.discard(folder)
        assert list((run.path / "jobs").iterdir()) == []


def test_two_writers_are_refused_and_the_first_is_named(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        with pytest.raises(HostError, match=f"written by process {os.getpid()} on "):
            RunWriter.resume(run.path)
        assert Run.open(run.path).info == run.info
    RunWriter.resume(run.path).close()


def test_a_failure_is_kept_with_what_it_had_measured(tmp_path: Path) -> None:
    error = PhoneGone("R58M", "left the bus", "Look at the cable.")
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, record = _draft(run, RECORDS[0])
        first = run.fail(record.job_id, error, folder)
        run.fail(record.job_id, ZeroDivisionError("division by zero"), run.partial(record.job_id))
        run.file(*_draft(run, record))
    found = Run.open(run.path).failures()
    assert found[0] == first
    assert [failure.attempt for failure in found] == [1, 2]
    assert first.text == str(error)
    assert (first.kind, first.exit_code, first.is_transient) == ("PhoneGone", ExitCode.PHONE, True)
    assert (found[1].exit_code, found[1].has_raw) == (ExitCode.BUG, False)
    kept = run.path / "failures" / f"{record.job_id}.1" / "raw" / "journal.jsonl"
    assert kept.read_text() == '{"seq":0}\n'
    assert run.done_ids() == {record.job_id}
    assert not list((run.path / "jobs").glob(".*"))


def test_a_job_is_not_filed_twice_and_the_second_draft_stays(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        run.file(*_draft(run, RECORDS[0]))
        folder, record = _draft(run, RECORDS[0])
        with pytest.raises(DataError, match="is filed already"):
            run.file(folder, record)
        assert folder.journal.exists()


def test_a_folder_whose_record_was_taken_away_is_kept_aside_when_measured_anew(
    tmp_path: Path,
) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        filed = run.file(*_draft(run, RECORDS[0]))
        filed.record.unlink()
        assert run.done_ids() == set()
        run.file(*_draft(run, RECORDS[0]))
        assert run.done_ids() == {filed.job_id}
    assert (run.path / "failures" / f"{filed.job_id}.1" / "raw" / "journal.jsonl").exists()


@pytest.mark.parametrize(
    "change",
    [{"value": float("nan")}, {"high": float("inf")}, {"value": None}, {"missing": "reason"}],
)
def test_a_metric_without_number_and_reason_is_not_filed(
    tmp_path: Path, change: dict[str, object]
) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, record = _draft(run, RECORDS[0])
        metric = next(m for m in record.metrics if m.value is not None)
        bad = msgspec.structs.replace(metric, **change)
        with pytest.raises(DataError, match=metric.name):
            run.file(folder, msgspec.structs.replace(record, metrics=[bad]))
        assert run.done_ids() == set()


def test_reparse_replaces_numbers_and_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        filed = run.file(*_draft(run, RECORDS[0]))
        before = filed.metrics.read_bytes(), filed.record.read_bytes()
        record = run.records()[0]
        run.refile(record)
        assert (filed.metrics.read_bytes(), filed.record.read_bytes()) == before
        run.refile(msgspec.structs.replace(record, findings=[]))
        assert run.records()[0].findings == []
        with pytest.raises(DataError, match="holds no record to replace"):
            run.refile(RECORDS[1])


def test_a_plan_with_one_job_twice_is_refused(tmp_path: Path) -> None:
    twice = msgspec.structs.replace(PLAN, jobs=[*PLAN.jobs, PLAN.jobs[0]])
    with pytest.raises(InputError, match="twice"):
        RunWriter.create(tmp_path, twice)


def test_a_job_outside_the_plan_is_refused_with_the_nearest(tmp_path: Path) -> None:
    known = PLAN.jobs[0].id
    with RunWriter.create(tmp_path, PLAN) as run:
        with pytest.raises(InputError, match=f"Did you mean '{known}'"):
            run.partial(known[:-1])
        with pytest.raises(InputError, match="does not exist"):
            run.partial("../../etc")


@pytest.mark.parametrize("slot", ["", "..", "a/b", ".hidden", "a\0b"])
def test_a_slot_that_is_no_file_name_is_refused(tmp_path: Path, slot: str) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        with pytest.raises(InputError, match="cannot be the name of a file"):
            run.as_found(slot)
        path = run.as_found("127.0.0.1:5601")
    assert path.parent.is_dir()
    assert path.parent.parent == run.path


def test_a_folder_that_cannot_be_written_is_a_host_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file, not a folder")
    with pytest.raises(HostError, match="cannot be written"):
        RunWriter.create(tmp_path / "runs", PLAN)


def test_waits_can_be_replayed(tmp_path: Path) -> None:
    wait = Event(
        kind="waiting", slot="s1", cause="battery", measured=76, limit=80, unit="%", remaining_s=180
    )
    with RunWriter.create(tmp_path, PLAN) as run:
        run.log(wait)
        found = run.events()[-1]
    assert msgspec.structs.replace(found, at="") == wait
    assert found.at.endswith("Z")


def test_a_run_that_cannot_be_read_is_not_kept_locked(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        content = (run.path / "run.json").read_bytes()
    (run.path / "run.json").write_bytes(content[:-9])
    with pytest.raises(DataError, match=r"run\.json: is damaged"):
        RunWriter.resume(run.path)
    (run.path / "run.json").write_bytes(content)
    RunWriter.resume(run.path).close()


def test_a_record_is_filed_in_the_folder_of_its_own_job_only(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as run:
        folder, _ = _draft(run, RECORDS[0])
        with pytest.raises(ValueError, match="for the folder of"):
            run.file(folder, RECORDS[1])
        with pytest.raises(ValueError, match="holds job"):
            run.file(folder, msgspec.structs.replace(RECORDS[0], job=RECORDS[1].job))
        assert run.done_ids() == set()


def _start(root: Path, jobs: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROCESS), str(root), str(jobs), *more],
        env={**os.environ, "PYTHONPATH": HOST},
        stdout=subprocess.PIPE,
        text=True,
    )


def _check_nothing_half(root: Path) -> None:
    """Whatever was killed, what is there can be read, and what counts as done is whole."""
    for path in runs(root):
        run = Run.open(path)
        records = run.records()
        assert {record.job_id for record in records} == run.done_ids()
        for record in records:
            run.verify(record.job_id)
            folder = run.job_folder(record.job_id)
            assert folder.metrics.is_file()
            assert len(record.raw_sha256) == 2
        run.events()


def test_a_run_survives_being_killed_before_each_of_its_changes(tmp_path: Path) -> None:
    moments, finished = 0, False
    while not finished:
        moments += 1
        root = tmp_path / str(moments)
        process = _start(root, 1, "--die-at", str(moments))
        _, finished = process.communicate(timeout=60), process.returncode == 0
        assert process.returncode in (0, -signal.SIGKILL)
        _check_nothing_half(root)
        found = runs(root)
        with RunWriter.resume(found[0]) if found else RunWriter.create(root, PLAN) as run:
            if RECORDS[0].job_id not in run.done_ids():
                run.file(*_draft(run, RECORDS[0]))
            assert len(run.records()) == 1
            assert list(run.path.rglob(".*")) == []
    assert moments > 20


def test_a_run_survives_being_killed_at_random_moments(tmp_path: Path) -> None:
    jobs, chance, killed_while_filing = 400, random.Random(5), 0
    for _ in range(25):
        process = _start(tmp_path, jobs)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.005, 0.1))
        process.kill()
        process.communicate(timeout=60)
        _check_nothing_half(tmp_path)
        killed_while_filing += len(list(tmp_path.glob("*/jobs/.partial-*")))
    assert killed_while_filing > 3
    (run,) = runs(tmp_path)
    assert Run.open(run).done_ids()
    process = _start(tmp_path, jobs)
    process.communicate(timeout=120)
    assert process.returncode == 0
    _check_nothing_half(tmp_path)
    assert len(Run.open(run).records()) == jobs
    assert list((run / "jobs").glob(".*")) == []
