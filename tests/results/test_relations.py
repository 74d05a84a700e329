from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.results.archive import Run
from ibd_mobile.results.query import NUMBER, TEXT, TRUTH, WHOLE
from ibd_mobile.results.relations import (
    JOBS,
    Filed,
    columns,
    findings,
    inference_files,
    jobs,
    metrics,
    sample_files,
)

from .archived import archive


@pytest.fixture(scope="module")
def filed(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Filed:
    return Filed.read(archive(tmp_path_factory.mktemp("relations"), make.Job()))


def test_a_job_is_told_by_the_papers_four_layers(filed: Filed) -> None:
    table = jobs([filed])
    assert list(table) == list(JOBS)
    row = {name: column[0] for name, column in table.items()}
    assert (row["state"], row["model"], row["framework"], row["phone"]) == (
        "done", "m", "litert", "Pixel 4",
    )  # fmt: skip
    assert row["input_size_px"] == filed.records[0].job.input_size
    assert row["error"] is None


def test_every_metric_and_finding_is_a_row(filed: Filed) -> None:
    record = filed.records[0]
    table = metrics([filed, filed])
    assert table["metric"].tolist() == 2 * [metric.name for metric in record.metrics]
    missing = [bool(metric.missing) for metric in record.metrics]
    assert np.isnan(table["value"]).tolist() == 2 * missing
    assert len(findings([filed])["finding"]) == len(record.findings)


def test_trace_files_say_what_is_in_them(filed: Filed) -> None:
    assert {file.name for file in inference_files([filed])} == {"latency", "power"}
    found = {file.name: (file.quantity, file.unit, file.site) for file in sample_files([filed])}
    assert found["power"] == ("power", "w", "battery")
    assert found["battery_current"] == ("current", "a", "battery")
    assert all(file.path.is_file() for file in sample_files([filed]))


def test_a_sensor_that_the_context_does_not_know_is_called_by_its_file(
    make: Any, tmp_path: Path
) -> None:
    run = archive(tmp_path, make.Job())
    traces = next(run.path.glob("jobs/*/traces"))
    (traces / "power.parquet").rename(traces / "sensor_other.parquet")
    found = {file.name: file.quantity for file in sample_files([Filed.read(run)])}
    assert found["sensor_other"] == "sensor_other"


@pytest.mark.parametrize(
    ("kind", "values", "made"),
    [
        (WHOLE, [1, 2], [1, 2]),
        (WHOLE, [1, None], [1.0, None]),
        (NUMBER, [1, 0.5], [1.0, 0.5]),
        (NUMBER, [None, None], [None, None]),
        (TEXT, ["a", None], ["a", None]),
        (TRUTH, [True, False], [True, False]),
        (TRUTH, [True, None], [True, None]),
    ],
)
def test_columns_take_the_type_of_their_table(
    kind: str, values: list[Any], made: list[Any]
) -> None:
    (column,) = columns({"x": kind}, [{"x": value} for value in values]).values()
    assert [None if v != v else v for v in column.tolist()] == made


def test_a_planned_job_says_what_it_will_be(filed: Filed) -> None:
    run = filed.run
    later = msgspec.structs.replace(run.info.jobs[0], threads=8)
    info = msgspec.structs.replace(run.info, jobs=[*run.info.jobs, later])
    other = Run.open(run.path)
    other.info = info
    table = jobs([Filed(other, filed.records, [])])
    assert table["state"].tolist() == ["done", "open"]
    assert table["threads"].tolist() == [1, 8]
    assert table["device_name"].tolist()[1] is None
