from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ibd_mobile.core.errors import DataError, HostError
from ibd_mobile.core.record import Record
from ibd_mobile.results import query
from ibd_mobile.results.archive import LOCK, Run
from ibd_mobile.results.audit import audit_files, audit_job
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.run_writer import RunWriter
from ibd_mobile.results.seal import Flaw

from .test_run_writer import PLAN, RECORDS

RECORD = RECORDS[0]
replace = msgspec.structs.replace


def made_of(folder: JobFolder) -> Record:
    """Stands for what makes numbers: all follows from one file under raw/."""
    value = float(folder.journal.read_text())
    if value < 0:
        raise DataError(str(folder.journal), "is of another execution")
    query.write_parquet(folder.trace("power"), {"power_w": np.array([value, np.nan])})
    metrics = [replace(m, value=value) if m.name == "latency_s" else m for m in RECORD.metrics]
    return replace(RECORD, metrics=metrics, raw_sha256=folder.raw_sha256())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    with RunWriter.create(tmp_path, PLAN) as writer:
        folder = writer.partial(RECORD.job_id)
        folder.journal.write_text("0.25")
        writer.file(folder, made_of(folder))
    return Run.open(writer.path)


def audit(run: Run) -> list[Flaw]:
    return audit_job(run, RECORD.job_id, made_of)


def folder_of(run: Run) -> JobFolder:
    return run.job_folder(RECORD.job_id)


def test_what_follows_from_its_raw_files_has_no_flaw_and_is_only_read(run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    assert audit(run) == []
    assert audit_files(run.path) == []
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_a_number_that_the_raw_files_do_not_give_is_named(run: Run) -> None:
    record = run.record(RECORD.job_id)
    better = [replace(m, value=0.125) if m.name == "latency_s" else m for m in record.metrics]
    with RunWriter.resume(run.path) as writer:  # sealed and whole, but not true
        writer.refile(replace(record, metrics=better))
    assert audit_files(run.path) == []
    told = "says latency_s = 0.125, and the raw files give 0.25"
    assert [flaw.problem for flaw in audit(run)] == [told, told]


def test_a_finding_that_was_taken_away_is_named(run: Run) -> None:
    record = run.record(RECORD.job_id)
    with RunWriter.resume(run.path) as writer:
        writer.refile(replace(record, findings=record.findings[:1]))
    (flaw, _) = audit(run)
    assert flaw.problem == (
        "has the findings SIMULATED, and the raw files give SIMULATED NOT-CONFORMING"
    )


def test_another_version_may_compute_differently_and_is_named(run: Run) -> None:
    def by_another(folder: JobFolder) -> Record:
        made = made_of(folder)
        return replace(made, metrics=made.metrics[1:])

    record = run.record(RECORD.job_id)
    conditions = replace(record.conditions, tool_version="0.0.1")
    with RunWriter.resume(run.path) as writer:
        writer.refile(replace(record, conditions=conditions))
    flaws = audit_job(run, RECORD.job_id, by_another)
    assert "filed by ibd-mobile 0.0.1, made again by" in flaws[0].problem


@pytest.mark.parametrize(
    ("damage", "path", "problem"),
    [
        (lambda f: f.journal.write_text("0.5"), "raw/journal.jsonl", "was changed after"),
        (lambda f: f.child.write_text("more"), "raw/child.tsv", "was not there when"),
        (lambda f: f.journal.write_text("-1"), "raw/journal.jsonl", "is of another execution"),
        (lambda f: f.trace("power").unlink(), "traces/power.parquet", "is missing"),
        (lambda f: f.trace("x").write_bytes(b""), "traces/x.parquet", "is made of no raw file"),
        (
            lambda f: query.write_parquet(f.trace("power"), {"power_w": np.array([0.25, 1.0])}),
            "traces/power.parquet",
            "is not what its raw files give",
        ),
        (lambda f: f.trace("power").write_bytes(b"PAR1"), "traces/power.parquet", "cannot be read"),
        (lambda f: f.metrics.write_text("{}"), "metrics.json", "is not what its raw files give"),
        (lambda f: f.record.write_text("{"), "record.json", "is damaged"),
    ],
)
def test_damage_is_named(
    run: Run, damage: Callable[[JobFolder], object], path: str, problem: str
) -> None:
    damage(folder_of(run))
    flaws = audit(run)
    places = [(flaw.path, flaw.problem) for flaw in flaws]
    assert any(
        place == f"jobs/{RECORD.job_id}/{path}" and told.startswith(problem)
        for place, told in places
    ), places
    assert audit_files(run.path)


def test_the_same_trace_of_another_duckdb_is_no_flaw(run: Run, tmp_path: Path) -> None:
    # Other bytes, the same columns: here by rewriting what a Parquet file says of its writer.
    path = folder_of(run).trace("power")
    content = path.read_bytes()
    assert b"DuckDB" in content
    path.write_bytes(content.replace(b"DuckDB", b"DuckDC"))
    assert audit(run) == []
    assert [flaw.path for flaw in audit_files(run.path)] == [path.relative_to(run.path).as_posix()]


def test_a_run_that_is_being_written_is_not_judged(run: Run) -> None:
    with (
        RunWriter.resume(run.path),
        pytest.raises(HostError, match="is being written by process"),
    ):
        audit_files(run.path)


def test_a_lock_that_nobody_holds_has_to_be_empty(run: Run) -> None:
    (run.path / LOCK).write_text("process 1 on x")
    assert [flaw.path for flaw in audit_files(run.path)] == [LOCK]
