from pathlib import Path

import msgspec

from ibd_mobile.core.job import Skip
from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.shortfall import cells_by_reason, progress, shortfalls

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
replace = msgspec.structs.replace


def test_what_failed_what_is_to_be_run_and_what_was_left_out_are_told_apart() -> None:
    failed, waiting, missing = shortfalls(RUN, RECORDS, FAILURES)
    assert (failed.kind, waiting.kind, missing.kind) == ("failed", "not run", "left out")
    assert FAILURES[0].job_id in failed.what
    assert failed.reason.startswith("PhoneGone: 127.0.0.1:46855: left the bus")
    assert waiting.reason == f"`ibd-mobile resume {RUN.id}` runs it"
    assert missing.reason == "tflite has no program for android-arm64 in this version"


def test_the_last_of_several_attempts_is_told_with_their_count() -> None:
    last = replace(FAILURES[0], attempt=2, kind="PayloadTimeout", problem="took too long")
    found = shortfalls(RUN, RECORDS, [*FAILURES, last])[0]
    assert found.reason.startswith("PayloadTimeout (2 attempts): ")


def test_a_job_done_at_a_later_attempt_lacks_nothing() -> None:
    failures = [replace(FAILURES[0], job_id=RECORDS[0].job_id)]
    assert not [s for s in shortfalls(RUN, RECORDS, failures) if s.kind == "failed"]
    assert progress(RUN, RECORDS, failures).endswith("1 failed attempts at jobs done later")


def test_many_cells_of_one_reason_are_counted() -> None:
    run = replace(RUN, skips=[Skip(cell=f"c{n}", reason="too big") for n in range(9)])
    assert shortfalls(run, RECORDS, [])[-1].what == "9 cells, such as c0"


def test_all_cells_of_a_reason_can_be_had() -> None:
    skips = [Skip(cell=f"c{n}", reason=("too big", "no file")[n % 2]) for n in range(5)]
    assert cells_by_reason(skips) == {"too big": ["c0", "c2", "c4"], "no file": ["c1", "c3"]}


def test_progress_is_one_line() -> None:
    assert progress(RUN, RECORDS, FAILURES) == "6 of 8 jobs done, 1 failed, 1 not run"
    whole = replace(RUN, jobs=[record.job for record in RECORDS], skips=[])
    assert progress(whole, RECORDS, []) == "6 of 6 jobs done"
    assert shortfalls(whole, RECORDS, []) == []
