import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.sheet import Sheet, sheets
from ibd_mobile.results.sheet_chart import LINES_COUNT, caption, drawings
from ibd_mobile.results.table import rows

from .chart.drawn import texts
from .compared import ACCURACY, FLOAT, cleared, real, with_job


def made(*records: Record) -> Sheet:
    (sheet,) = sheets(rows(records))
    return sheet


def test_each_metric_that_is_known_is_drawn_with_its_unit() -> None:
    found = drawings(made(FLOAT, ACCURACY))
    assert [one.title for one in found] == [
        "Time of one sample", "Power", "Energy efficiency", "Utilization, share of peak",
        "Accuracy, top-1",
    ]  # fmt: skip
    assert "energy efficiency, samples/J" in texts(found[2].svg)
    assert len({one.name for one in found}) == len(found)
    assert [one.title for one in drawings(made(ACCURACY))] == ["Accuracy, top-1"]


def test_burst_and_sustained_are_drawn_side_by_side() -> None:
    assert {"burst", "sustained"} <= set(texts(drawings(made(FLOAT))[0].svg))


def test_a_caption_says_what_is_simulated_and_what_spoils() -> None:
    for record, told in (
        (FLOAT, "SIMULATED."),
        (cleared(FLOAT), "SIMULATED."),
        (real(FLOAT), ""),
    ):
        sheet = made(record)
        metrics = [m for m in sheet.rows[0].metrics if m.value is not None]
        ids = {id for m in metrics for id in m.spoiled_by} - {"SIMULATED"}
        said = caption(sheet, metrics)
        assert said.startswith(told)
        assert ("Hollow: spoiled by" in said) == bool(ids)
        assert all(id in said for id in ids)


@pytest.mark.parametrize(("count", "is_drawn"), [(LINES_COUNT, True), (LINES_COUNT + 1, False)])
def test_more_lines_than_anybody_reads_are_not_drawn(count: int, is_drawn: bool) -> None:
    sheet = made(*(with_job(FLOAT, threads=k + 1) for k in range(count)))
    assert bool(drawings(sheet)) == is_drawn
