"""A report for spreadsheets and data frames: one line per metric of each job, in SI units."""

import csv
import io
from collections.abc import Sequence

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo

#: new columns are added at the end
COLUMNS = (
    "run", "job", "kind", "device", "phone", "serial", "slot", "model", "training_framework",
    "artifact_sha256", "precision", "framework", "framework_version", "processor", "threads",
    "batch", "protocol", "is_conforming", "is_simulated", "group", "metric", "unit", "value",
    "low", "high", "n", "interval_method", "better", "missing", "findings",
    "input_size", "seed",
)  # fmt: skip


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Write the table with a head; an empty value has its reason under `missing`.

    A job that failed has one line without a metric, with its error under `missing`.
    """
    sheet = io.StringIO()
    table = csv.writer(sheet, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(lines(run, records, failures))
    return sheet.getvalue()


def lines(
    run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]
) -> list[list[object]]:
    """Return the lines of the table, a value for each of `COLUMNS`."""
    done = {record.job_id for record in records}
    failed = {failure.job_id: failure for failure in failures if failure.job_id not in done}
    found = [
        [*_keys(run, record), *_numbers(metric), record.job.input_size, record.job.seed]
        for record in records
        for metric in record.metrics
    ]
    return found + [_failed(run, job.id, failed[job.id]) for job in run.jobs if job.id in failed]


def _keys(run: RunInfo, record: Record) -> list[object]:
    job, hardware = record.job, record.hardware
    is_simulated = any(finding.id == "SIMULATED" for finding in record.findings)
    return [
        run.id, record.job_id, job.kind, job.device, hardware.phone, hardware.serial, job.slot,
        job.model, job.training_framework, job.artifact_sha256, job.precision, job.framework,
        record.inference.version, job.processor, job.threads, job.batch, job.protocol,
        _truth(record.conditions.is_conforming), _truth(is_simulated or run.is_simulated),
    ]  # fmt: skip


def _numbers(metric: Metric) -> list[object]:
    return [
        metric.group, metric.name, metric.unit, metric.value, metric.low, metric.high, metric.n,
        metric.interval_method, metric.better, metric.missing, " ".join(metric.spoiled_by),
    ]  # fmt: skip


def _failed(run: RunInfo, job_id: str, failure: Failure) -> list[object]:
    job = next(job for job in run.jobs if job.id == job_id)
    known: dict[str, object] = {
        "run": run.id,
        "job": job_id,
        "is_conforming": _truth(run.protocol.is_conforming),
        "is_simulated": _truth(run.is_simulated),
        "missing": f"{failure.kind}: {failure.text}",
    }
    names = set(job.__struct_fields__)
    return [known.get(name, getattr(job, name) if name in names else "") for name in COLUMNS]


def _truth(is_so: bool) -> str:
    return "true" if is_so else "false"
