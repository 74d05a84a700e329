from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.metric import GROUPS, Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.table import GROUP_TITLES, columns, headline, rows

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
PLAN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
MEASURED, ACCURACY = RECORDS[:2]
replace = msgspec.structs.replace


COLUMNS = columns("classification")


def _with_job(record: Record, **changes: Any) -> Record:
    job = replace(record.job, **changes)
    return replace(record, job=job, job_id=job.id)


def test_the_columns_are_the_six_metrics_in_the_papers_order() -> None:
    assert tuple(dict.fromkeys(column.group for column in COLUMNS)) == GROUPS
    assert tuple(GROUP_TITLES) == GROUPS


def test_a_measuring_and_an_accuracy_job_make_one_row() -> None:
    (row,) = rows([MEASURED, ACCURACY])
    assert row.job_ids == {"measure": MEASURED.job_id, "accuracy": ACCURACY.job_id}
    assert row.job == MEASURED.job
    assert all(row.metric(column.name).value is not None for column in COLUMNS)


def test_the_order_of_the_two_does_not_matter_for_the_numbers() -> None:
    (forth,), (back,) = rows([MEASURED, ACCURACY]), rows([ACCURACY, MEASURED])
    assert forth.metrics == back.metrics
    assert forth.job == back.job


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "sd845"},
        {"slot": "other"},
        {"model": "other"},
        {"training_framework": "pytorch"},
        {"artifact_sha256": "0" * 64},
        {"precision": "int8"},
        {"framework": "tflite"},
        {"processor": "gpu"},
        {"threads": 2},
        {"batch": 8},
        {"protocol": "ibd"},
    ],
)
def test_jobs_that_differ_in_anything_else_are_not_joined(changes: dict[str, Any]) -> None:
    found = rows([MEASURED, _with_job(ACCURACY, **changes)])
    assert [list(row.job_ids) for row in found] == [["measure"], ["accuracy"]]


def test_two_phones_in_one_slot_are_not_joined() -> None:
    other = replace(ACCURACY, hardware=replace(ACCURACY.hardware, serial="another"))
    assert len(rows([MEASURED, other])) == 2


def test_each_repetition_is_a_row_with_the_accuracy_of_all() -> None:
    again = _with_job(MEASURED, seed=2)
    other = _with_job(MEASURED, precision="int8")
    found = rows([again, other, MEASURED, ACCURACY])
    ids = [row.job_ids["measure"] for row in found]
    assert ids == [MEASURED.job_id, again.job_id, other.job_id]
    assert [row.repetition for row in found] == [1, 2, 0]
    assert [row.job_ids.get("accuracy") for row in found] == [ACCURACY.job_id] * 2 + [None]


def test_a_repetition_keeps_its_number_where_another_is_lacking() -> None:
    again = _with_job(MEASURED, seed=2)
    (row,) = rows([again], [MEASURED.job, again.job])
    assert row.repetition == 2


def test_accuracy_at_another_batch_is_pointed_to() -> None:
    larger = _with_job(MEASURED, batch=8, artifact_sha256="8" * 64)
    for plan in ((), (MEASURED.job, ACCURACY.job, larger.job)):
        _, row = rows([MEASURED, larger, ACCURACY], plan)
        assert row.metric("top1_ratio").missing == "it is told sample by sample: see batch 1"


def _without(kind: str) -> list[Record]:
    return [MEASURED if kind == "accuracy" else ACCURACY]


@pytest.mark.parametrize(
    ("kind", "name"), [("accuracy", "top1_ratio"), ("measure", "utilization_ratio")]
)
def test_where_a_job_is_still_to_be_run_its_numbers_say_so(kind: str, name: str) -> None:
    (row,) = rows(_without(kind), PLAN.jobs)
    assert row.metric(name).value is None
    assert row.metric(name).missing.startswith(f"the {kind} job ")
    assert row.metric(name).missing.endswith(" has not been run")


def test_where_a_job_failed_its_numbers_say_why() -> None:
    failure = replace(FAILURES[0], job_id=ACCURACY.job_id)
    (row,) = rows([MEASURED], PLAN.jobs, [failure])
    expected = f"the accuracy job {ACCURACY.job_id} failed: {failure.subject}: {failure.problem}"
    assert row.metric("top1_ratio").missing == expected
    assert row.metric("latency_s").value is not None


def test_without_a_plan_the_jobs_own_reason_stands() -> None:
    (row,) = rows([MEASURED])
    assert row.metric("top1_ratio").missing == "measured by an accuracy job"


def test_a_reason_of_the_job_itself_is_kept() -> None:
    int8 = next(r for r in RECORDS if r.job.precision == "int8" and r.job.kind == "measure")
    (row,) = rows([int8], PLAN.jobs)
    assert row.metric("utilization_ratio").missing.startswith("no int8 peak is published")


def test_a_metric_that_a_record_lacks_is_missing_with_a_reason() -> None:
    (row,) = rows([replace(MEASURED, metrics=[])])
    assert {row.metric(c.name).missing for c in COLUMNS} == {"the record does not have it"}


def test_metrics_come_by_group_with_those_no_table_shows() -> None:
    (row,) = rows([MEASURED, ACCURACY])
    order = [GROUPS.index(metric.group) for metric in row.metrics]
    assert order == sorted(order)
    assert {m.name for m in row.metrics} == {m.name for m in MEASURED.metrics}


def test_the_speed_of_a_wrong_answer_is_marked_though_another_job_measured_it() -> None:
    lost = Finding(
        id="ACCURACY-LOST", measured="top1 0.30 %", limit="≥ 70 %", remedy="", spoils=list(GROUPS)
    )
    (row,) = rows([MEASURED, replace(ACCURACY, findings=[*ACCURACY.findings, lost])])
    for name in ("latency_s", "throughput_per_s", "samples_per_j"):
        assert "ACCURACY-LOST" in row.metric(name).spoiled_by
    assert all("ACCURACY-LOST" not in m.spoiled_by for m in row.metrics if m.value is None)


def test_findings_of_both_jobs_are_told_once() -> None:
    (row,) = rows([MEASURED, ACCURACY])
    assert [finding.id for finding in row.findings] == ["SIMULATED", "NOT-CONFORMING"]
    assert row.is_simulated
    assert not row.is_conforming


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (MEASURED, "1.83 ± 0.04 ms per sample, 545 ± 11 /s, 1.42 ± 0.03 W, 372 ± 7 /J (SIMULATED)"),
        (ACCURACY, "top-1 98.2 % [96.6–99.1], top-5 100.0 % [99.2–100.0] (SIMULATED)"),
        (replace(MEASURED, metrics=[]), "no number"),
    ],
)
def test_a_job_has_a_headline(record: Record, text: str) -> None:
    assert headline(record) == text


def test_rows_are_taken_from_any_sequence() -> None:
    make: Callable[[], Any] = lambda: iter(RECORDS)  # noqa: E731
    assert len(rows(make())) == 3


def of(record: Record, application: str, *names: str) -> Record:
    """Change what a record is about, and give it other figures of accuracy."""
    told = [m for m in record.metrics if m.group != "accuracy"]
    units = {"psnr_y_db": "dB", "psnr_y_loss_db": "dB", "ssim_ratio": ""}
    figures = [
        Metric(name=name, group="accuracy", unit=units.get(name, "ratio"), value=0.5, low=0.4,
               high=0.6, n=9, interval_method="bootstrap")
        for name in names
    ]  # fmt: skip
    workload = replace(record.workload, application=application)
    return replace(record, workload=workload, metrics=[*figures, *told])


@pytest.mark.parametrize(
    ("application", "names", "labels", "line"),
    [
        (
            "detection",
            (
                "map_coco_ratio", "map_voc_ratio", "map_voc07_ratio", "miou_ratio",
                "map_coco_loss_ratio",
            ),
            ["mAP COCO", "mAP VOC", "mIoU", "mAP loss"],
            "mAP (COCO) 50.0 ± 10.0 %",
        ),
        (
            "super_resolution",
            ("psnr_y_db", "ssim_ratio", "psnr_y_loss_db"),
            ["PSNR of Y", "SSIM", "PSNR loss"],
            "PSNR 0.500 ± 0.100 dB",
        ),
    ],
)  # fmt: skip
def test_each_application_has_its_own_columns(
    application: str, names: tuple[str, ...], labels: list[str], line: str
) -> None:
    record = of(ACCURACY, application, *names)
    (row,) = rows([of(MEASURED, application, *names), record])
    assert row.application == application
    assert [c.label for c in row.columns if c.group == "accuracy"] == labels
    assert [c.name for c in row.columns[len(labels) :]] == [c.name for c in COLUMNS[3:]]
    assert {row.metric(c.name).value for c in row.columns[: len(labels)]} == {0.5}
    assert "top1_ratio" not in {metric.name for metric in row.metrics}
    assert headline(record).startswith(line)
