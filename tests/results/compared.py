"""Records to be compared: what a job would have filed of a chosen configuration."""

from typing import Any

import msgspec

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.side import Side

from .test_table import RECORDS

FLOAT = next(r for r in RECORDS if r.job.precision == "float32" and r.job.kind == "measure")
ACCURACY = next(r for r in RECORDS if r.job.precision == "float32" and r.job.kind == "accuracy")
replace = msgspec.structs.replace


def with_job(record: Record, **changes: Any) -> Record:
    job = replace(record.job, **changes)
    return replace(record, job=job, job_id=job.id)


def with_precision(record: Record, precision: str = "int8") -> Record:
    """Another precision, and the file that follows from it."""
    found = with_job(record, precision=precision, artifact_sha256=precision.ljust(64, "0"))
    return replace(found, workload=replace(found.workload, precision=precision))


def finding(id: Any, *spoils: Any) -> Finding:
    return Finding(id=id, measured="so much", limit="less", remedy="Rest.", spoils=list(spoils))


def cleared(record: Record) -> Record:
    """Take away all that spoils it, but leave it simulated."""
    metrics = [replace(metric, spoiled_by=[]) for metric in record.metrics]
    return replace(record, metrics=metrics, findings=[finding("SIMULATED")])


def real(record: Record) -> Record:
    return replace(cleared(record), findings=[])


def found(record: Record, *findings: Finding) -> Record:
    return replace(record, findings=[*record.findings, *findings])


def with_metric(record: Record, name: str, value: float, arm: float, n: int = 5) -> Record:
    """Give a metric another number, with an interval of so much to both sides."""

    def changed(metric: Metric) -> Metric:
        if metric.name != name:
            return metric
        return replace(
            metric, value=value, low=value - arm, high=value + arm, n=n, interval_method="t",
            missing="", spoiled_by=[],
        )  # fmt: skip

    return replace(record, metrics=[changed(metric) for metric in record.metrics])


def side(measure: Record | None = None, accuracy: Record | None = None, run: str = "run") -> Side:
    records = {record.job.kind: record for record in (measure, accuracy) if record is not None}
    return Side(run, records)


def conditions_rate(record: Record, rate_hz: float) -> Record:
    return replace(record, conditions=replace(record.conditions, sampler_rate_hz=rate_hz))
