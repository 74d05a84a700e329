"""Archives as a database of five tables: jobs, metrics, findings, inferences and samples."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ibd_mobile.core.units import NS_PER_S
from ibd_mobile.results import relations
from ibd_mobile.results.archive import Run
from ibd_mobile.results.query import NUMBER, TEXT, WHOLE, Answer, Column, Database
from ibd_mobile.results.relations import Filed, Schema, TraceFile

#: columns of the traces' tables
INFERENCES: Schema = {
    **dict.fromkeys(("run", "job", "phase"), TEXT),
    **dict.fromkeys(("number", "start_ns", "end_ns"), WHOLE),
    "duration_s": NUMBER,
}
SAMPLES: Schema = {
    **dict.fromkeys(("run", "job", "sensor", "site", "quantity", "unit"), TEXT),
    "t_ns": WHOLE,
    "value": NUMBER,
}


def ask(runs: Iterable[Run], sql: str) -> Answer:
    """Answer a question about runs; nothing but them is read, and nothing written.

    Raises:
        InputError: it is not one question that can be answered from the tables.
        DataError: something of an archive is damaged.
    """
    with Database() as database:
        fill(database, [Filed.read(run) for run in runs], sql)
        database.lock()
        return database.ask(sql)


def fill(database: Database, filed: Sequence[Filed], sql: str) -> None:
    """Make the tables; traces, which may be large, only where the question has their names.

    Raises:
        DataError: a trace is damaged.
    """
    database.add("jobs", relations.JOBS, relations.jobs(filed))
    database.add("metrics", relations.METRICS, relations.metrics(filed))
    database.add("findings", relations.FINDINGS, relations.findings(filed))
    files = relations.inference_files(filed) if _has(sql, "inferences") else []
    add_inferences(database, files)
    add_samples(database, relations.sample_files(filed) if _has(sql, "samples") else [])


def add_inferences(database: Database, files: Sequence[TraceFile]) -> None:
    """Make the table of all inferences.

    Raises:
        DataError: a file is damaged.
    """
    facts = _facts(files, {"run": "run", "job": "job", "phase": "name"})
    paths = [file.path for file in files]
    duration_s = f"(end_ns - start_ns) / {NS_PER_S}.0"
    made = {name: (WHOLE, name) for name in ("number", "start_ns", "end_ns")}
    database.add_files("files", paths, facts, {**made, "duration_s": (NUMBER, duration_s)})
    database.show("inferences", INFERENCES, ["files"])


def add_samples(database: Database, files: Sequence[TraceFile]) -> None:
    """Make the table of all samples of power and sensors.

    Raises:
        DataError: a file is damaged.
    """
    names = {"run": "run", "job": "job", "sensor": "name", "site": "site"}
    for table, value in (("of_power", "power_w"), ("of_sensors", "value")):
        found = [file for file in files if (file.name == "power") == (table == "of_power")]
        database.add_files(
            table,
            [file.path for file in found],
            _facts(found, {**names, "quantity": "quantity", "unit": "unit"}),
            {"t_ns": (WHOLE, "t_ns"), "value": (NUMBER, value)},
        )
    database.show("samples", SAMPLES, ["of_power", "of_sensors"])


def _facts(files: Sequence[TraceFile], names: dict[str, str]) -> dict[str, Column]:
    return {
        column: np.array([getattr(file, name) for file in files], dtype=object)
        for column, name in names.items()
    }


def _has(sql: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", sql, re.IGNORECASE) is not None
