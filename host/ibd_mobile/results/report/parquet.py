"""A report for data frames: the rows of the CSV as a Parquet file, numbers as numbers."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.query import Column, write_parquet
from ibd_mobile.results.report import csv
from ibd_mobile.results.run_info import RunInfo

_WHOLE = ("threads", "batch", "n", "input_size", "seed")
_NUMBERS = ("value", "low", "high")


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> bytes:
    """Write the file; a missing number is NULL, its reason stands under `missing`."""
    lines = csv.lines(run, records, failures)
    table = {name: _column(name, [line[k] for line in lines]) for k, name in enumerate(csv.COLUMNS)}
    with tempfile.TemporaryDirectory(prefix="ibd-mobile-") as folder:
        path = Path(folder) / "report.parquet"
        write_parquet(path, table)
        return path.read_bytes()


def _column(name: str, values: list[object]) -> Column:
    if name in _NUMBERS:
        return np.array([float(str(v)) if v not in ("", None) else np.nan for v in values])
    if name in _WHOLE:
        return np.array([int(str(v)) if v not in ("", None) else 0 for v in values], np.int64)
    return np.array(["" if value is None else str(value) for value in values], dtype=str)
