import json
from pathlib import Path

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.json import ReportDocument, render
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.table import rows

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])


def test_everything_known_is_in_the_document_and_comes_back() -> None:
    found = msgspec.json.decode(render(RUN, RECORDS, FAILURES), type=ReportDocument)
    assert found.run == RUN
    assert found.records == RECORDS
    assert found.failures == FAILURES
    assert found.rows == rows(RECORDS, RUN.jobs, FAILURES)


def test_any_program_can_read_it_and_missing_is_null_with_a_reason() -> None:
    found = json.loads(render(RUN, RECORDS, FAILURES))
    assert found["schema"] == 1
    assert found["is_simulated"] is True
    int8 = {metric["name"]: metric for metric in found["rows"][2]["metrics"]}
    assert int8["utilization_ratio"]["value"] is None
    assert int8["utilization_ratio"]["missing"].startswith("no int8 peak")
    assert int8["power_gross_w"]["spoiled_by"] == ["SIMULATED", "SHORT-POWER-WINDOW"]


def test_the_same_run_gives_the_same_text() -> None:
    assert render(RUN, RECORDS, FAILURES) == render(RUN, list(RECORDS), list(FAILURES))
