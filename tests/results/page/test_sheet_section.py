import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.page.sheet_section import LINES_COUNT, Section, section
from ibd_mobile.results.sheet import sheets
from ibd_mobile.results.table import rows
from tests.results.compared import ACCURACY, FLOAT, cleared, with_job, with_metric, with_precision


def made(*records: Record, variable: str = "") -> Section:
    (sheet,) = sheets(rows(records))
    return section(sheet, variable)


def test_a_table_has_a_cell_for_each_metric_of_each_configuration() -> None:
    found = made(FLOAT, ACCURACY, with_precision(FLOAT))
    assert [label for label, _ in found.heads] == ["float32", "int8"]
    assert ("Latency", "per sample") in found.metrics
    assert {len(line) for line in found.cells} == {len(found.metrics)}
    place = found.metrics.index(("Accuracy", "top-1"))
    assert not found.cells[0][place].is_missing
    assert (found.cells[1][place].text, found.cells[1][place].is_missing) == ("n/a", True)
    assert found.cells[1][place].mark


def test_what_every_report_notes_is_noted() -> None:
    found = made(FLOAT, ACCURACY)
    assert any(note.text.startswith("SIMULATED") for note in found.notes)


def test_a_chart_is_drawn_of_each_metric_that_is_known() -> None:
    assert len(made(FLOAT, ACCURACY).figures) == 5
    assert len(made(FLOAT).figures) == 4


def test_a_study_has_its_own_charts_before_those_of_each_configuration() -> None:
    plain = made(FLOAT, with_job(FLOAT, batch=4))
    assert (plain.study_title, plain.study_figures) == ("", [])
    found = made(FLOAT, with_job(FLOAT, batch=4), variable="batch")
    assert found.study_title == "By batch size, as in the paper's Figs 6–8 and Table 4"
    assert found.study_figures[0].title == "Throughput by batch size"
    assert found.study_figures[0].caption.startswith("SIMULATED.")
    assert len(found.figures) == len(plain.figures)


def test_a_turned_order_is_said() -> None:
    one = with_metric(cleared(FLOAT), "latency_s", 1, 0.1)
    one = with_metric(one, "sustained_execution_s", 4, 0.1)
    two = with_metric(cleared(FLOAT), "latency_s", 2, 0.1)
    two = with_metric(two, "sustained_execution_s", 3, 0.1)
    assert made(one, with_job(two, threads=4)).order_change.startswith("The order changes: ×1")


@pytest.mark.parametrize(
    ("count", "is_tall", "is_drawn"),
    [(2, True, True), (4, True, True), (5, False, True), (LINES_COUNT + 1, False, False)],
)
def test_many_configurations_change_the_layout(count: int, is_tall: bool, is_drawn: bool) -> None:
    found = made(*(with_job(FLOAT, threads=k + 1) for k in range(count)))
    assert found.is_tall == is_tall
    assert bool(found.figures) == is_drawn
    assert bool(found.not_drawn) != is_drawn
