from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.results.archive import Run
from ibd_mobile.results.database import ask

from .archived import archive
from .test_run_writer import PLAN, RECORDS, RunWriter


@pytest.fixture(scope="module")
def run(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two measuring jobs, with four threads and with one."""
    job = make.Job()
    more = make.Job(context=make.changed(job.context, "job.threads", 4))
    return archive(tmp_path_factory.mktemp("database"), job, more)


def test_all_jobs_of_the_plan_are_there_with_their_state(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path, PLAN) as writer:
        folder = writer.partial(RECORDS[0].job_id)
        writer.file(folder, RECORDS[0])
        writer.fail(RECORDS[1].job_id, RuntimeError("fell off the table"))
    rows = ask(
        [Run.open(writer.path)],
        "SELECT state, count(*), any_value(error), count(device_name) FROM jobs"
        " GROUP BY state ORDER BY state",
    ).rows
    failed = f"job {RECORDS[1].job_id}: fell off the table"
    assert rows == [
        ("done", 1, None, 1),
        ("failed", 1, failed, 0),
        ("open", len(PLAN.jobs) - 2, None, 0),
    ]


def test_numbers_are_numbers_and_missing_ones_are_null(run: Run) -> None:
    answer = ask(
        [run],
        "SELECT metric, value > 0, missing FROM metrics JOIN jobs USING (run, job)"
        " WHERE threads = 4 AND metric IN ('latency_s', 'top1_ratio') ORDER BY metric",
    )
    assert answer.names == ["metric", '("value" > 0)', "missing"]
    assert answer.rows == [
        ("latency_s", True, ""),
        ("top1_ratio", None, "measured by an accuracy job"),
    ]


def test_every_inference_is_there_in_its_order(run: Run) -> None:
    rows = ask(
        [run],
        "SELECT number, round(duration_s, 9) FROM inferences JOIN jobs USING (run, job)"
        " WHERE phase = 'latency' AND threads = 1 ORDER BY number",
    ).rows
    assert rows == [(k, round(0.010 + k * 1e-6, 9)) for k in range(5)]


def test_samples_of_power_and_sensors_have_their_units(run: Run) -> None:
    rows = ask(
        [run],
        "SELECT sensor, quantity, unit, count(*) > 10, round(max(value)) FROM samples"
        " GROUP BY ALL ORDER BY ALL",
    ).rows
    assert ("power", "power", "w", True, 4.0) in rows
    assert ("battery_voltage", "voltage", "v", True, 4.0) in rows


def test_findings_say_what_they_spoil(run: Run) -> None:
    answer = ask([run], "SELECT DISTINCT finding, spoils FROM findings ORDER BY 1")
    known = {f.id for record in run.records() for f in record.findings}
    assert {row[0] for row in answer.rows} == known


def test_a_question_without_traces_reads_none(run: Run, tmp_path: Path) -> None:
    damaged = next(run.path.glob("jobs/*/traces/power.parquet"))
    content = damaged.read_bytes()
    damaged.write_bytes(b"PAR1")
    try:
        assert ask([run], "SELECT count(*) FROM jobs").rows == [(2,)]
        with pytest.raises(DataError, match="cannot be read"):
            ask([run], "SELECT count(*) FROM Samples")
    finally:
        damaged.write_bytes(content)


def test_a_link_among_the_traces_is_refused(run: Run) -> None:
    traces = next(run.path.glob("jobs/*/traces"))
    (traces / "sensor_x.parquet").symlink_to(traces / "power.parquet")
    try:
        with pytest.raises(DataError, match="is a link"):
            ask([run], "FROM samples")
    finally:
        (traces / "sensor_x.parquet").unlink()


def test_tables_are_there_without_any_run() -> None:
    for table in ("jobs", "metrics", "findings", "inferences", "samples"):
        assert ask([], f"FROM {table}").rows == []


def test_two_runs_are_asked_at_once(run: Run) -> None:
    assert ask([run, run], "SELECT count(*), count(DISTINCT run) FROM jobs").rows == [(4, 1)]


@pytest.mark.parametrize("sql", ["SELECT nothing FROM jobs", "SELECT * FROM results"])
def test_a_question_that_makes_no_sense_is_answered_with_what_there_is(sql: str) -> None:
    with pytest.raises(InputError, match="Tables: jobs, metrics, findings, inferences, samples"):
        ask([], sql)
