from pathlib import Path

import msgspec
import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.report._heading import heading, printable
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
replace = msgspec.structs.replace


def test_run_study_version_and_progress_are_named() -> None:
    title, line = heading(RUN, RECORDS, [])
    assert title == f"Run {RUN.id}"
    assert "ibd-mobile 0.1.0" in line
    assert line.endswith("6 of 8 jobs done, 2 not run")


def test_a_simulated_run_without_any_table_still_says_so() -> None:
    assert heading(RUN, [], [])[-1].startswith("SIMULATED: ")
    unsaid = [replace(record, findings=[]) for record in RECORDS]
    assert heading(RUN, unsaid, [])[-1].startswith("SIMULATED: ")
    assert len(heading(replace(RUN, is_simulated=False), unsaid, [])) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain ×4 µs", "plain ×4 µs"), ("\x1b[2Jgone\r", "�[2Jgone�"), ("two\nlines", "two lines")],
)
def test_a_text_from_a_phone_cannot_steer_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
