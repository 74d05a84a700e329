import contextlib
import os
import random
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.archive import LOCK
from ibd_mobile.results.run_writer import RunWriter
from ibd_mobile.results.seal import SEAL, Flaw, broken, read_seal, seal

from .test_run_writer import PLAN, RECORDS, _draft


def flaws(run: Path) -> list[Flaw]:
    return broken(run, (LOCK,))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two jobs that are done and one that failed, closed."""
    with RunWriter.create(tmp_path, PLAN) as writer:
        for record in RECORDS[:2]:
            writer.file(*_draft(writer, record))
        folder, record = _draft(writer, RECORDS[2])
        writer.fail(record.job_id, RuntimeError("no"), folder)
    return writer.path


def test_a_run_that_was_closed_is_sealed_whole(run: Path) -> None:
    found = read_seal(run)
    assert found is not None
    files = {p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file()}
    assert set(found.files) == files - {SEAL, LOCK}
    assert "run.json" in found.files
    assert "events.jsonl" in found.files
    assert any(path.startswith("failures/") for path in found.files)
    assert flaws(run) == []


def test_while_it_is_written_the_seal_is_missing(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as writer:
        assert flaws(writer.path) == [Flaw(SEAL, "is missing: nobody closed the run")]


def _flip(path: Path, offset: int, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << bit
    path.write_bytes(content)


def test_a_flipped_bit_anywhere_is_found(run: Path) -> None:
    draw, tried = random.Random(3), 0
    for path in sorted(p for p in run.rglob("*") if p.is_file() and p.stat().st_size):
        size, content = path.stat().st_size, path.read_bytes()
        offsets = {0, size - 1, *(draw.randrange(size) for _ in range(40))}
        for offset in offsets:
            _flip(path, offset, draw.randrange(8))
            try:
                found = flaws(run)
            except DataError as error:
                assert SEAL in error.subject  # noqa: PT017
                found = [Flaw(SEAL, error.problem)]
            assert found, f"{path.name} at {offset}"
            path.write_bytes(content)
            tried += 1
    assert tried > 300
    assert flaws(run) == []


def test_every_bit_of_the_seal_counts(run: Path) -> None:
    path = run / SEAL
    content = path.read_bytes()
    for offset in range(0, len(content), 7):
        _flip(path, offset, offset % 8)
        with contextlib.suppress(DataError):
            assert flaws(run), offset
        path.write_bytes(content)


def test_files_that_come_and_go_are_named(run: Path) -> None:
    (run / "jobs" / RECORDS[0].job_id / "raw" / "more.txt").write_text("")
    (run / "run.json").rename(run / "plan.json")
    assert [(flaw.path, flaw.problem.partition(" ")[0]) for flaw in flaws(run)] == [
        (f"jobs/{RECORDS[0].job_id}/raw/more.txt", "was"),
        ("plan.json", "was"),
        ("run.json", "is"),
    ]


def test_a_link_is_refused(run: Path) -> None:
    (run / "away").symlink_to("/etc")
    with pytest.raises(DataError, match="is a link or a device"):
        flaws(run)


def test_a_writer_seals_in_what_it_wrote_and_no_damage(run: Path) -> None:
    damaged = run / "jobs" / RECORDS[0].job_id / "raw" / "journal.jsonl"
    _flip(damaged, 0, 0)
    with RunWriter.resume(run) as writer:
        writer.file(*_draft(writer, RECORDS[3]))
        folder, record = _draft(writer, RECORDS[2])
        writer.fail(record.job_id, RuntimeError("again"), folder)
    assert [flaw.path for flaw in flaws(run)] == [damaged.relative_to(run).as_posix()]


def test_a_job_that_was_made_again_is_sealed_anew_but_not_its_raw_files(run: Path) -> None:
    record = RECORDS[0]
    raw = run / "jobs" / record.job_id / "raw" / "journal.jsonl"
    with RunWriter.resume(run) as writer:
        filed = writer.record(record.job_id)
        raw.write_text("other")
        writer.job_folder(record.job_id).trace("latency").write_bytes(b"PAR2")
        writer.refile(msgspec.structs.replace(filed, metrics=filed.metrics[:1]))
    assert [flaw.path for flaw in flaws(run)] == [raw.relative_to(run).as_posix()]


def test_a_run_that_was_killed_is_sealed_when_it_is_resumed(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        writer = RunWriter.create(tmp_path, PLAN)
        writer.file(*_draft(writer, RECORDS[0]))
        os._exit(0)
    os.waitpid(child, 0)
    (run,) = tmp_path.iterdir()
    assert [flaw.path for flaw in flaws(run)] == [SEAL]
    RunWriter.resume(run).close()
    assert flaws(run) == []


def test_a_seal_of_another_schema_is_refused(run: Path) -> None:
    path = run / SEAL
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(DataError, match="has schema 2"):
        flaws(run)


def test_sealing_again_what_did_not_change_writes_nothing(run: Path) -> None:
    before = (run / SEAL).stat().st_mtime_ns
    seal(run, lambda _: False, (LOCK,))
    assert (run / SEAL).stat().st_mtime_ns == before
