"""Archives as tables: a row per job, metric, finding, inference and sample."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ibd_mobile.core import units
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.job import Job
from ibd_mobile.core.record import Record
from ibd_mobile.results import document
from ibd_mobile.results.archive import Run
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.job_folder import JobFolder, plain_files
from ibd_mobile.results.key import is_simulated
from ibd_mobile.results.query import NUMBER, TEXT, TRUTH, WHOLE, Column, ColumnType

Row = dict[str, Any]
Schema = dict[str, ColumnType]

#: columns of each table with their types, in order; what tells rows apart comes first
JOBS: Schema = {
    "run": TEXT, "job": TEXT, "state": TEXT, "kind": TEXT, "device": TEXT, "device_name": TEXT,
    "phone": TEXT, "serial": TEXT, "slot": TEXT, "model": TEXT, "application": TEXT,
    "training_framework": TEXT, "input_size_px": WHOLE, "precision": TEXT, "framework": TEXT,
    "framework_version": TEXT, "processor": TEXT, "threads": WHOLE, "batch": WHOLE,
    "protocol": TEXT, "is_conforming": TRUTH, "is_simulated": TRUTH, "is_untrained": TRUTH,
    "macs_count": WHOLE, "parameters_count": WHOLE, "artifact_sha256": TEXT, "seed": WHOLE,
    "started_at": TEXT, "tool_version": TEXT, "error": TEXT,
}  # fmt: skip
METRICS: Schema = {
    "run": TEXT, "job": TEXT, "metric": TEXT, "metric_group": TEXT, "unit": TEXT,
    "value": NUMBER, "low": NUMBER, "high": NUMBER, "n": WHOLE, "interval_method": TEXT,
    "better": TEXT, "missing": TEXT, "spoiled_by": TEXT, "note": TEXT,
}  # fmt: skip
FINDINGS: Schema = dict.fromkeys(
    ("run", "job", "finding", "measured", "should_be", "remedy", "spoils"), TEXT
)
_INFERENCES = "inferences_"
_SENSOR = "sensor_"


class _Sampled(msgspec.Struct):
    """What of a job's context tells of its sensors."""

    sensors: list[Sensor]


@dataclass(frozen=True, slots=True)
class TraceFile:
    """One Parquet file of a job, and what is in it."""

    path: Path
    run: str
    job: str
    name: str  #: of the phase, or of the sensor
    site: str = ""
    quantity: str = ""
    unit: str = ""  #: suffix of SI units: "w", "c", "hz"


@dataclass(frozen=True, slots=True)
class Filed:
    """One run with what it holds, read once."""

    run: Run
    records: list[Record]
    failures: list[Failure]

    @staticmethod
    def read(run: Run) -> "Filed":
        """Read all records and failures of a run.

        Raises:
            DataError: one is damaged.
        """
        return Filed(run, run.records(), run.failures())


def jobs(filed: Iterable[Filed]) -> dict[str, Column]:
    """Make the table of all planned jobs; what a job without a record does not tell is NULL."""
    return columns(JOBS, (row for one in filed for row in _jobs(one)))


def metrics(filed: Iterable[Filed]) -> dict[str, Column]:
    """Make the table of all metrics, the missing ones with their reason."""
    return columns(
        METRICS,
        (
            {
                "run": one.run.info.id,
                "job": record.job_id,
                "metric": m.name,
                "metric_group": m.group,
                "unit": m.unit,
                "value": m.value,
                "low": m.low,
                "high": m.high,
                "n": m.n,
                "interval_method": m.interval_method,
                "better": m.better,
                "missing": m.missing,
                "spoiled_by": " ".join(m.spoiled_by),
                "note": m.note,
            }
            for one in filed
            for record in one.records
            for m in record.metrics
        ),
    )


def findings(filed: Iterable[Filed]) -> dict[str, Column]:
    """Make the table of all findings."""
    return columns(
        FINDINGS,
        (
            {
                "run": one.run.info.id,
                "job": record.job_id,
                "finding": finding.id,
                "measured": finding.measured,
                "should_be": finding.limit,
                "remedy": finding.remedy,
                "spoils": " ".join(finding.spoils),
            }
            for one in filed
            for record in one.records
            for finding in record.findings
        ),
    )


def inference_files(filed: Iterable[Filed]) -> list[TraceFile]:
    """List the files with start and end of every inference.

    Raises:
        DataError: there is a link among the traces.
    """
    return [
        file
        for one in filed
        for record in one.records
        for file in inferences_of(one.run.job_folder(record.job_id), one.run.info.id)
    ]


def sample_files(filed: Iterable[Filed]) -> list[TraceFile]:
    """List the files with power and sensors, each with what its numbers are.

    Raises:
        DataError: there is a link among the traces, or a context is damaged.
    """
    return [
        file
        for one in filed
        for record in one.records
        for file in samples_of(one.run.job_folder(record.job_id), one.run.info.id)
    ]


def inferences_of(folder: JobFolder, run: str) -> list[TraceFile]:
    """List the files of one job with start and end of every inference, one per phase.

    Raises:
        DataError: there is a link among the traces.
    """
    return [
        TraceFile(path, run, folder.job_id, path.stem.removeprefix(_INFERENCES))
        for path in _traces(folder)
        if path.stem.startswith(_INFERENCES)
    ]


def samples_of(folder: JobFolder, run: str) -> list[TraceFile]:
    """List the files of one job with power and sensors, each with what its numbers are.

    Raises:
        DataError: there is a link among the traces, or the context is damaged.
    """
    paths = [path for path in _traces(folder) if not path.stem.startswith(_INFERENCES)]
    known = _sensors(folder) if paths else {}
    return [_sample_file(run, folder.job_id, path, known) for path in paths]


def columns(schema: Schema, rows: Iterable[Row]) -> dict[str, Column]:
    """Turn rows into columns; None is NaN in numbers.

    >>> made = columns({"a": WHOLE, "b": NUMBER}, [{"a": 1, "b": None}, {"a": 2, "b": 0.5}])
    >>> made["b"].tolist()
    [nan, 0.5]
    """
    known = list(rows)
    return {name: _column([row[name] for row in known], kind) for name, kind in schema.items()}


def _column(values: list[Any], kind: ColumnType) -> Column:
    if kind in (WHOLE, NUMBER) and None not in values:
        return np.array(values, dtype=np.int64 if kind == WHOLE else np.float64)
    if kind in (WHOLE, NUMBER):
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    is_truth = kind == TRUTH and None not in values
    return np.array(values, dtype=bool if is_truth else object)


def _jobs(filed: Filed) -> Iterator[Row]:
    done = {record.job_id: record for record in filed.records}
    failed = {failure.job_id: failure for failure in filed.failures}
    info = filed.run.info
    for job in info.jobs:
        row: Row = {**dict.fromkeys(JOBS), **_planned(job), "run": info.id, "state": "open"}
        row |= {"is_simulated": info.is_simulated, "is_conforming": info.protocol.is_conforming}
        if job.id in done:
            row |= {**_done(done[job.id]), "state": "done"}
        elif job.id in failed:
            row |= {"state": "failed", "error": failed[job.id].text}
        yield row


def _planned(job: Job) -> Row:
    names = set(job.__struct_fields__)
    row = {name: getattr(job, name) for name in JOBS if name in names}
    return {**row, "job": job.id, "input_size_px": job.input_size}


def _done(record: Record) -> Row:
    hardware, workload, conditions = record.hardware, record.workload, record.conditions
    return {
        "device_name": hardware.device_name,
        "phone": hardware.phone,
        "serial": hardware.serial,
        "application": workload.application,
        "framework_version": record.inference.version,
        "is_conforming": conditions.is_conforming,
        "is_simulated": is_simulated(record),
        "is_untrained": workload.is_untrained,
        "macs_count": workload.macs_count,
        "parameters_count": workload.parameters_count,
        "started_at": conditions.host_started_at,
        "tool_version": conditions.tool_version,
    }


def _traces(folder: JobFolder) -> list[Path]:
    found = plain_files(folder.traces) if folder.traces.is_dir() else []
    return [path for path in found if path.suffix == ".parquet"]


def _sensors(folder: JobFolder) -> Mapping[str, Sensor]:
    content = document.read_plain(folder.context, remedy="Take raw/ from a copy.")
    try:
        found = msgspec.json.decode(content, type=_Sampled)
    except msgspec.DecodeError as error:
        remedy = "Take raw/ from a copy."
        raise DataError(str(folder.context), f"is damaged: {error}", remedy) from error
    return {sensor.id: sensor for sensor in found.sensors}


def _sample_file(run: str, job: str, path: Path, known: Mapping[str, Sensor]) -> TraceFile:
    id = path.stem.removeprefix(_SENSOR)
    sensor = known.get(id) if path.stem.startswith(_SENSOR) else None
    if sensor is not None:
        unit = units.si_suffix(sensor.unit)
        return TraceFile(path, run, job, id, sensor.site, sensor.quantity, unit)
    is_power = path.stem == "power"
    return TraceFile(path, run, job, path.stem, "battery" if is_power else "", path.stem, "w")
