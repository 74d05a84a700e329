from pathlib import Path

import msgspec
import numpy as np

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.query import read_parquet
from ibd_mobile.results.report import csv
from ibd_mobile.results.report.parquet import render
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])


def test_the_rows_are_those_of_the_csv_with_numbers_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "report.parquet"
    path.write_bytes(render(RUN, RECORDS, FAILURES))
    table = read_parquet(path)
    assert list(table) == list(csv.COLUMNS)
    metrics = [metric for record in RECORDS for metric in record.metrics]
    failed = len(table["metric"]) - len(metrics)
    assert failed > 0
    assert table["metric"].tolist() == [m.name for m in metrics] + [""] * failed
    values = [np.nan if m.value is None else m.value for m in metrics] + [np.nan] * failed
    np.testing.assert_array_equal(table["value"], values)
    assert table["threads"].dtype == np.int64


def test_a_run_without_records_is_a_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "report.parquet"
    path.write_bytes(render(RUN, [], []))
    assert len(read_parquet(path)["run"]) == 0
