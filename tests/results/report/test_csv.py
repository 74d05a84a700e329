import csv
import io
from pathlib import Path

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.csv import render
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])


def _lines(failures: list[Failure] = FAILURES) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(RUN, RECORDS, failures))))


def test_there_is_one_line_per_metric_of_each_job() -> None:
    lines = _lines([])
    assert len(lines) == sum(len(record.metrics) for record in RECORDS)
    assert {line["run"] for line in lines} == {RUN.id}
    assert {line["is_simulated"] for line in lines} == {"true"}
    assert {line["is_conforming"] for line in lines} == {"false"}


def test_numbers_come_back_exactly_and_in_si_units() -> None:
    for record in RECORDS:
        lines = {n["metric"]: n for n in _lines() if n["job"] == record.job_id and n["metric"]}
        for metric in record.metrics:
            line = lines[metric.name]
            numbers = [float(line[key]) if line[key] else None for key in ("value", "low", "high")]
            assert numbers == [metric.value, metric.low, metric.high]
            assert (line["unit"], line["n"]) == (metric.unit, str(metric.n))
            assert line["missing"] == metric.missing
            assert line["findings"].split() == metric.spoiled_by


def test_input_sizes_and_repetitions_are_told_apart() -> None:
    lines = {line["job"]: line for line in _lines()}
    assert {(line["input_size"], line["seed"]) for line in lines.values()} == {("32", "1")}
    again = msgspec.structs.replace(RECORDS[0].job, seed=2)
    record = msgspec.structs.replace(RECORDS[0], job=again, job_id=again.id)
    text = render(RUN, [record], [])
    assert {line["seed"] for line in csv.DictReader(io.StringIO(text))} == {"2"}


def test_a_failed_job_has_a_line_with_its_error_and_no_metric() -> None:
    (line,) = [line for line in _lines() if line["job"] == FAILURES[0].job_id]
    assert line["metric"] == line["value"] == ""
    assert line["missing"].startswith("PhoneGone: 127.0.0.1:46855: left the bus")
    assert (line["kind"], line["precision"], line["threads"]) == ("measure", "int8", "4")


def test_a_job_done_after_a_failure_has_its_numbers_alone() -> None:
    failure = msgspec.structs.replace(FAILURES[0], job_id=RECORDS[0].job_id)
    assert all(line["metric"] for line in _lines([failure]))
