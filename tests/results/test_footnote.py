from pathlib import Path

import msgspec

from ibd_mobile.core.record import Record
from ibd_mobile.results.footnote import Footnotes
from ibd_mobile.results.sheet import Sheet, sheets
from ibd_mobile.results.table import Row, rows

EXAMPLE = msgspec.json.decode((Path(__file__).parents[1] / "data/example_run.json").read_bytes())
ROWS = rows(msgspec.convert(EXAMPLE["records"], list[Record]))
replace = msgspec.structs.replace


def _sheet(found: list[Row]) -> Sheet:
    (sheet,) = sheets(found)
    return sheet


def test_what_spoils_a_whole_row_is_marked_at_its_label_alone() -> None:
    notes = Footnotes(_sheet(ROWS))
    assert {notes.label_mark(row) for row in ROWS} == {"¹"}
    assert notes.mark(ROWS[0], "latency_s") == ""
    assert notes.mark(ROWS[2], "power_gross_w") == "²"
    assert notes.mark(ROWS[2], "latency_s") == ""


def test_every_mark_has_its_note_and_every_note_its_mark() -> None:
    notes = Footnotes(_sheet(ROWS))
    used = {notes.label_mark(row) for row in ROWS}
    used |= {
        mark for row in ROWS for c in row.columns for mark in notes.mark(row, c.name).split("·")
    }
    found = [note.mark for note in notes.notes()]
    assert set(found) == (used - {""}) | {"•"}
    assert len(set(found)) == len(found)


def test_a_missing_number_is_explained_in_full() -> None:
    notes = Footnotes(_sheet(ROWS))
    mark = notes.mark(ROWS[2], "utilization_ratio")
    text = next(note.text for note in notes.notes() if note.mark == mark)
    assert text == "not available: no int8 peak is published for the Kryo 485 cores"


def test_a_finding_is_told_with_the_rows_limit_and_remedy() -> None:
    texts = [note.text for note in Footnotes(_sheet(ROWS)).notes()]
    short = next(text for text in texts if text.startswith("SHORT-POWER-WINDOW"))
    assert "3.25 renewals of the gauge (int8 ×1) – should be >= 5 renewals." in short
    assert short.endswith("Make power_window_s of the protocol longer.")


def test_a_finding_that_spoils_nothing_shown_is_told_without_a_number() -> None:
    (note,) = [n for n in Footnotes(_sheet(ROWS)).notes() if n.mark == "•"]
    assert note.text.startswith("NOT-CONFORMING: rest 0 s")


def test_two_findings_at_one_number_are_both_marked() -> None:
    metrics = [
        replace(m, spoiled_by=[*m.spoiled_by, "THROTTLED"]) if m.name == "power_net_w" else m
        for m in ROWS[2].metrics
    ]
    row = replace(ROWS[2], metrics=metrics)
    notes = Footnotes(_sheet([row]))
    assert notes.mark(row, "power_net_w") == "²·³"
    assert "THROTTLED" in [note.text for note in notes.notes()]


def test_marks_beside_each_other_ascend() -> None:
    first = replace(
        ROWS[0],
        metrics=[
            replace(m, spoiled_by=["UNSTABLE"]) for m in ROWS[0].metrics if m.value is not None
        ],
    )
    both = replace(
        first,
        job=replace(first.job, threads=8),
        metrics=[replace(m, spoiled_by=["BUSY", "UNSTABLE"]) for m in first.metrics],
    )
    assert Footnotes(_sheet([first, both])).label_mark(both) == "¹·²"


def test_a_clean_row_has_no_notes() -> None:
    metrics = [replace(m, value=1.0, missing="", spoiled_by=[]) for m in ROWS[0].metrics]
    notes = Footnotes(_sheet([replace(ROWS[0], metrics=metrics, findings=[])]))
    assert notes.notes() == []


def test_of_many_facts_the_first_are_told_and_the_rest_counted() -> None:
    found = [
        replace(
            ROWS[0],
            job=replace(ROWS[0].job, threads=k + 1),
            findings=[replace(ROWS[0].findings[0], measured=f"{k} times")],
        )
        for k in range(20)
    ]
    (text,) = [n.text for n in Footnotes(_sheet(found)).notes() if n.text.startswith("SIMULATED")]
    assert "3 times (×4); and 16 more – should be" in text
    assert "4 times" not in text
