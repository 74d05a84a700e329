import re
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.core.study import Variable
from ibd_mobile.results.chart.drawing import Drawing
from ibd_mobile.results.chart.palette import SERIES_COUNT
from ibd_mobile.results.sheet import sheets
from ibd_mobile.results.study_chart import drawings, plate
from ibd_mobile.results.table import rows

from .chart.drawn import numbers, texts
from .compared import (
    ACCURACY,
    FLOAT,
    cleared,
    finding,
    found,
    replace,
    with_job,
    with_metric,
    with_precision,
)

RATE = "throughput_per_s"


def drawn(variable: str, *records: Record) -> list[Drawing]:
    (sheet,) = sheets(rows(records))
    return drawings(sheet, variable)


def of_batches(record: Record = FLOAT, batches: Sequence[int] = (1, 4)) -> list[Record]:
    return [
        with_metric(cleared(with_job(record, batch=batch)), RATE, 100.0 * batch, 5.0)
        for batch in batches
    ]


def with_loss(record: Record, loss: float, name: str = "top1_loss_ratio") -> Record:
    unit = "dB" if name.endswith("db") else "ratio"
    metric = Metric(
        name=name, group="accuracy", unit=unit, value=loss, low=loss - 0.01, high=loss + 0.01
    )
    return replace(record, metrics=[*record.metrics, metric])


def test_a_study_about_nothing_in_particular_has_no_charts_of_its_own() -> None:
    assert drawn("", FLOAT) == []


@pytest.mark.parametrize("variable", [v for v in get_args(Variable) if v])
def test_every_variable_of_a_study_can_be_drawn(variable: str) -> None:
    one = drawn(variable, FLOAT, with_precision(FLOAT))[0]
    assert one.title == f"Throughput by {plate(variable).title}"
    assert one.name == one.title.lower().replace(" ", "-")


def test_batches_have_the_figures_of_the_paper() -> None:
    found_ = drawn("batch", *of_batches())
    assert [one.title for one in found_] == [
        "Throughput by batch size",
        "Time of one sample by batch size",
        "Time of one batch by batch size",
        "Energy efficiency by batch size",
        "Utilization, share of peak by batch size",
    ]
    axes = [set(texts(one.svg)) for one in found_]
    assert all("batch size, samples" in one for one in axes)
    assert "throughput, samples/s" in axes[0]
    assert any(re.fullmatch(r"energy efficiency, \w? ?operations/J", text) for text in axes[3])


def test_each_network_has_its_name_and_what_all_share_is_not_said_again() -> None:
    alone = texts(drawn("batch", *of_batches())[0].svg)
    assert not {"shapes_classifier", "float32"} & set(alone)
    other = replace(FLOAT, job=replace(FLOAT.job, model="vgg16"))
    both = texts(drawn("batch", *of_batches(), *of_batches(other))[0].svg)
    assert {"shapes_classifier", "vgg16"} <= set(both)
    precisions = texts(drawn("batch", *of_batches(), *of_batches(with_precision(FLOAT)))[0].svg)
    assert {"float32", "int8"} <= set(precisions)


def test_values_that_are_no_numbers_stand_below_their_network() -> None:
    other = replace(FLOAT, job=replace(FLOAT.job, model="vgg16"))
    records = [FLOAT, with_precision(FLOAT), other, with_precision(other)]
    names = ("shapes_classifier", "vgg16", "float32", "int8")
    said = [text for text in texts(drawn("precision", *records)[0].svg) if text in names]
    assert said == ["shapes_classifier", "float32", "int8", "vgg16", "float32", "int8"]


def test_a_framework_is_named_with_its_processor() -> None:
    other = with_job(FLOAT, framework="onnxruntime")
    assert {"litert/cpu", "onnxruntime/cpu"} <= set(texts(drawn("framework", FLOAT, other)[0].svg))


@pytest.mark.parametrize("variable", ["batch", "precision"])
def test_repetitions_are_drawn_each_and_said_to_be(variable: str) -> None:
    def marks(one: Drawing) -> int:
        return len(re.findall(r"<use [^>]*fill: #030001", one.svg))

    once = of_batches()
    twice = [with_job(record, seed=seed) for record in once for seed in (1, 2)]
    one, two = drawn(variable, *once)[0], drawn(variable, *twice)[0]
    assert marks(two) == 2 * marks(one)
    assert "2 repetitions, each drawn on its own." in two.caption
    assert "repetition" not in one.caption


def test_a_caption_says_what_is_simulated_spoiled_or_missing() -> None:
    small, large = of_batches()
    missing = [
        replace(m, value=None, low=None, high=None, missing="no power")
        if m.name == "ops_per_j"
        else m
        for m in large.metrics
    ]
    spoiled = [replace(m, spoiled_by=["BUSY"]) if m.name == RATE else m for m in small.metrics]
    records = [
        found(replace(small, metrics=spoiled), finding("BUSY", RATE)),
        replace(large, metrics=missing),
    ]
    captions = {one.title: one.caption for one in drawn("batch", *records)}
    assert captions["Throughput by batch size"] == "SIMULATED. Hollow: spoiled by BUSY."
    assert captions["Time of one sample by batch size"] == "SIMULATED."
    assert captions["Energy efficiency by batch size"] == (
        "SIMULATED. Not available: 4; the reason is below the table."
    )


def test_more_networks_than_there_are_colours_go_on_in_another_drawing() -> None:
    records = [
        one
        for k in range(SERIES_COUNT + 1)
        for one in of_batches(replace(FLOAT, job=replace(FLOAT.job, model=f"network {k}")))
    ]
    rates = [one for one in drawn("batch", *records) if one.title.startswith("Throughput")]
    assert [one.name for one in rates] == ["throughput-by-batch-size", "throughput-by-batch-size-2"]
    named = [set(texts(one.svg)) for one in rates]
    assert f"network {SERIES_COUNT}" in named[1] - named[0]


def test_accuracy_lost_is_drawn_beside_speed_where_it_is_known() -> None:
    speed = [FLOAT, with_precision(FLOAT)]
    assert [one.title for one in drawn("precision", *speed)] == ["Throughput by precision"]
    known = [with_loss(ACCURACY, 0.0), with_loss(with_precision(ACCURACY), 0.013)]
    found_ = drawn("precision", *speed, *known)
    assert [one.title for one in found_] == [
        "Throughput by precision",
        "Loss of top-1 by precision",
    ]
    assert "loss of top-1, % points" in texts(found_[1].svg)
    assert min(numbers(found_[1].svg)) <= -1  # an interval of ± 1 point is drawn whole
    assert len(drawn("framework", *speed, *known)) == 2  # speed alone


@pytest.mark.parametrize(
    ("application", "name", "told"),
    [
        ("detection", "map_coco_loss_ratio", "Loss of mAP COCO"),
        ("super_resolution", "psnr_y_loss_db", "Loss of PSNR of Y"),
    ],
)
def test_a_loss_is_named_after_what_is_lost(application: Any, name: str, told: str) -> None:
    records = [
        replace(record, workload=replace(record.workload, application=application))
        for record in (FLOAT, with_loss(ACCURACY, 0.5, name))
    ]
    assert drawn("precision", *records)[-1].title == f"{told} by precision"


def test_the_accuracy_of_all_repetitions_is_one_mark() -> None:
    records = [with_job(FLOAT, seed=1), with_job(FLOAT, seed=2), with_loss(ACCURACY, 0.5)]
    loss = drawn("precision", *records)[-1]
    assert "repetition" not in loss.caption
