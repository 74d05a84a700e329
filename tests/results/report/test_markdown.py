from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.markdown import render
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
replace = msgspec.structs.replace


def _table(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_has_a_row_per_metric_and_a_column_per_configuration() -> None:
    found = _table(render(RUN, RECORDS, FAILURES))
    assert found[0] == ["", "float32 ×1 ¹", "float32 ×4 ¹", "int8 ×1 ¹"]
    assert {len(line) for line in found} == {4}
    assert found[5] == [
        "Latency, per sample", "1.83 ± 0.04 ms", "0.720 ± 0.015 ms", "0.912 ± 0.019 ms",
    ]  # fmt: skip
    groups = [line[0].partition(",")[0] for line in found[2:]]
    assert list(dict.fromkeys(groups)) == [
        "Accuracy", "Latency", "Throughput", "Power", "Energy efficiency", "Utilization",
    ]  # fmt: skip


def test_many_configurations_turn_the_table() -> None:
    records = []
    for batch in (1, 2):
        for record in RECORDS:
            job = replace(record.job, batch=batch)
            records.append(replace(record, job=job, job_id=job.id))
    found = _table(render(RUN, records, []))
    assert len(found) == 2 + 6
    assert found[0][1] == "Accuracy, top-1"
    assert found[2][0] == "float32 ×1 batch 1 ¹"


def test_heading_notes_and_shortfalls_are_there() -> None:
    text = render(RUN, RECORDS, FAILURES)
    assert text.startswith(f"# Run {RUN.id}\n")
    assert "\n**SIMULATED: " in text
    assert "\nProtocol quick: does NOT follow the paper's rules\n" in text
    assert "\n- ³ not available: no int8 peak is published" in text
    assert "\n- NOT-CONFORMING: rest 0 s" in text
    assert "\n- failed: shapes_classifier int8" in text
    assert f"`ibd-mobile resume {RUN.id}` runs it" in text


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        ("a | b", "a \\| b"),
        ("<script>", "\\<script>"),
        ("*not bold* __nor__ this_name", "\\*not bold\\* \\_\\_nor\\_\\_ this_name"),
        ("[text](http://x)", "[text]\\(http://x)"),
        ("half a `quote", "half a \\`quote"),
        ("line\n# break", "line # break"),
    ],
)
def test_a_text_from_a_phone_is_shown_not_read(problem: str, shown: str) -> None:
    failure = replace(FAILURES[0], problem=problem, remedy="")
    assert f": {shown}.\n" in render(RUN, RECORDS, [failure])
