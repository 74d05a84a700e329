import pytest

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results import compare_text
from ibd_mobile.results.compare import Compared, compare

from .compared import (
    ACCURACY,
    FLOAT,
    cleared,
    finding,
    found,
    replace,
    side,
    with_job,
    with_metric,
    with_precision,
)

A, B = cleared(FLOAT), with_precision(cleared(FLOAT))


def told(name: str, a: tuple[float, float], b: tuple[float, float]) -> Compared:
    made = compare([(side(with_metric(A, name, *a)), side(with_metric(B, name, *b)))], "precision")
    return next(metric for metric in made.metrics if metric.name == name)


def test_a_change_is_told_as_a_share_and_in_its_unit() -> None:
    metric = told("latency_s", (0.010, 0.0003), (0.008, 0.0004))
    assert compare_text.change(metric) == "−20.0 % [−24.6 to −15.3]\n−2.00 ± 0.50 ms"
    assert compare_text.number(metric, metric.a) == "10.0 ± 0.3 ms"
    assert compare_text.number(metric, metric.b) == "8.00 ± 0.40 ms"
    assert compare_text.verdict(metric) == "B is better"


def test_a_share_changes_by_points() -> None:
    metric = told("utilization_ratio", (0.40, 0.01), (0.45, 0.01))
    assert compare_text.change(metric) == "+5.0 [+3.6 to +6.4] points"


@pytest.mark.parametrize(
    ("name", "unit", "a", "b", "text"),
    [
        ("psnr_y_db", "dB", (24.92, 0.10), (24.62, 0.08), "−0.30 dB [−0.43 to −0.17]"),
        ("ssim_ratio", "", (0.912, 0.004), (0.9, 0.003), "−0.0120 [−0.0170 to −0.0070]"),
    ],
)
def test_accuracy_that_is_no_share_of_answers_changes_by_its_own_unit(
    name: str, unit: str, a: tuple[float, float], b: tuple[float, float], text: str
) -> None:
    def record(base: Record, number: tuple[float, float]) -> Record:
        metric = Metric(name=name, group="accuracy", unit=unit, value=0.0, better="higher")
        bare = replace(cleared(base), metrics=[metric])
        return with_metric(bare, name, *number)

    pair = (
        side(accuracy=record(ACCURACY, a)),
        side(accuracy=record(with_precision(ACCURACY), b)),
    )
    (metric,) = compare([pair], "precision").metrics
    assert compare_text.change(metric) == text


def test_what_a_file_lost_is_not_compared_beside_its_accuracy() -> None:
    loss = Metric(name="top1_loss_ratio", group="accuracy", unit="ratio", value=0.1, better="lower")
    sides = [
        side(accuracy=replace(cleared(base), metrics=[*base.metrics, loss]))
        for base in (ACCURACY, with_precision(ACCURACY))
    ]
    made = compare([(sides[0], sides[1])], "precision")
    assert "top1_ratio" in {metric.name for metric in made.metrics}
    assert "top1_loss_ratio" not in {metric.name for metric in made.metrics}


def test_an_end_that_is_not_known_is_infinite() -> None:
    metric = told("latency_s", (1.0, 1.5), (9.0, 1.0))
    assert compare_text.change(metric).startswith("+800 % [+256 to +∞]")


def test_what_is_not_compared_says_why() -> None:
    spoiled = found(B, finding("BUSY", "latency"))
    made = compare([(side(A), side(spoiled))], "precision")
    latency = next(m for m in made.metrics if m.name == "latency_s")
    assert compare_text.verdict(latency) == "refused"
    assert compare_text.reason(latency) == "BUSY in B"
    assert compare_text.change(latency) == ""


def test_what_is_missing_says_why() -> None:
    made = compare([(side(A), side(replace(B, metrics=B.metrics[:3])))], "precision")
    power = next(m for m in made.metrics if m.name == "power_gross_w")
    assert compare_text.verdict(power) == "not available"
    assert compare_text.reason(power) == "B: the record of no measure job has it"


def test_the_heading_names_the_variable_and_what_follows() -> None:
    made = compare([(side(A), side(B))], "precision")
    assert compare_text.headline(made) == "precision: float32 → int8"
    assert compare_text.follows(made) == "differs with it: model file"
    again = compare([(side(A), side(with_job(A, seed=2)))], "repeat")
    assert compare_text.headline(again) == "the same measured again"
    assert compare_text.follows(again) == ""


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("latency_s", "per sample"),
        ("sustained_execution_s", "sustained"),
        ("execution_max_s", ""),
    ],
)
def test_tables_show_what_every_table_shows_and_the_sustained_speeds(name: str, label: str) -> None:
    made = compare([(side(A), side(B))], "precision")
    assert compare_text.label(next(m for m in made.metrics if m.name == name)) == label
