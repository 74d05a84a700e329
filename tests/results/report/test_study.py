import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from ibd_mobile.core.record import Record
from ibd_mobile.core.registry import member
from ibd_mobile.results.observation import Observation
from ibd_mobile.results.order_effect import OrderEffect
from ibd_mobile.results.report._study import TITLE, observation_lines, order_lines
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
replace = msgspec.structs.replace
STUDIED = replace(RUN, study=replace(RUN.study, variable="precision", repeats=2))


def twice() -> list[Record]:
    """The example's records, and again in the reverse order, each a minute after the other."""
    again = [
        replace(record, job=replace(record.job, seed=2), job_id=f"{number:012x}")
        for number, record in enumerate(reversed(RECORDS))
        if record.job.kind == "measure"
    ]
    return [
        replace(r, conditions=replace(r.conditions, host_started_at=f"2026-01-01T00:{n:02}:00Z"))
        for n, r in enumerate([*RECORDS, *again])
    ]


def text(format: str, run: RunInfo, records: list[Record]) -> str:
    made: Any = member("ibd_mobile.results.report", format).render(run, records, [])
    if isinstance(made, str):
        return made
    console = Console(width=200, file=io.StringIO(), no_color=True)
    console.print(made)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("format", ["terminal", "markdown"])
def test_a_study_is_told_with_its_order_effect_and_the_papers_observations(format: str) -> None:
    told = text(format, STUDIED, twice())
    assert "Order: time changes by " in told
    assert ", n = 3: " in told
    assert TITLE in told
    assert "4. On one device, a quantized network is faster than one in floating point." in told
    assert told.count("not testable") == 1


@pytest.mark.parametrize("format", ["terminal", "markdown"])
def test_a_run_about_nothing_in_particular_says_neither(format: str) -> None:
    told = text(format, RUN, RECORDS)
    assert "Order:" not in told
    assert TITLE not in told


def test_a_study_that_was_run_once_says_that_its_order_was_not_seen() -> None:
    once = replace(STUDIED, study=replace(STUDIED.study, repeats=1))
    assert "Order: not estimated: each configuration was measured once" in text(
        "terminal", once, RECORDS
    )


def test_the_document_has_both_with_their_evidence() -> None:
    found = json.loads(text("json", STUDIED, twice()))
    (order,) = found["orders"]
    assert order["n"] == 3
    assert order["low"] <= order["change_ratio"] <= order["high"]
    numbers = {one["number"]: one for one in found["observations"]}
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6, 7]
    assert any("float32 → int8" in line for line in numbers[4]["evidence"])
    nothing = json.loads(text("json", RUN, RECORDS))
    assert (nothing["orders"], nothing["observations"]) == ([], [])


def test_what_was_not_tested_is_told_on_one_line_per_reason() -> None:
    def one(number: int, status: Any, reason: str) -> Observation:
        return Observation(
            number=number, statement="Water is wet.", status=status, reason=reason, evidence=[]
        )

    found = [
        one(1, "not testable", "nothing"),
        one(2, "supported", "2 of 2"),
        one(3, "not testable", "nothing"),
        one(4, "not testable", "too few"),
    ]
    assert observation_lines(found) == [
        ("supported", "2. Water is wet. 2 of 2."),
        ("not testable", "1, 3: nothing."),
        ("not testable", "4: too few."),
    ]


def test_slots_are_named_where_there_are_several() -> None:
    effects = [
        OrderEffect(slot=slot, n=4, change_ratio=0.01, low=-0.01, high=0.03)
        for slot in ("left", "right")
    ]
    said = "Order: time changes by +1.00 % [−1.00 to +3.00] with each job later, n = 4"
    assert order_lines(effects[:1]) == [f"{said}: no effect shown"]
    assert order_lines(effects)[1] == f"{said}: no effect shown (slot right)"
