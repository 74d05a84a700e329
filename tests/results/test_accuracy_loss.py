from typing import Any

import msgspec
import pytest

from ibd_mobile.core.model import ReferenceAccuracy
from ibd_mobile.results.accuracy import NAMES, Accuracy
from ibd_mobile.results.accuracy_loss import LOSSES, losses
from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.stats import Interval, wilson

HERE = Accuracy({"top1_ratio": wilson(880, 1000), "top5_ratio": "not asked"})


def reference(**changes: Any) -> ReferenceAccuracy:
    facts = {"metric": "top1", "value": 0.9, "n": 1000, "low": 0.88, "high": 0.917}
    return ReferenceAccuracy(**(facts | {"source": "here"} | changes))  # type: ignore[arg-type]


def context(make: Any, *references: ReferenceAccuracy, size: int = 1, **dataset: Any) -> Any:
    found = make.Job().context
    variant = msgspec.structs.replace(found.model.variants[0], reference=list(references))
    found = make.changed(found, "model.variants", [variant])
    found = make.changed(found, "job.input_size", size)
    known = msgspec.structs.replace(found.model.dataset, **({"count": 1000} | dataset))
    return make.changed(found, "model.dataset", known)


PICTURES = {"generator": "", "pictures": "imagenet_val", "id": "imagenet_val_1000_00000000"}
UNKNOWN = "what the float32 source reaches on {} is not known"


def test_every_figure_with_an_interval_has_a_loss() -> None:
    told = {name for names in NAMES.values() for name in names}
    assert set(LOSSES) == told - {"map_voc07_ratio"}


def test_a_loss_is_the_source_less_the_file_with_both_their_intervals(make: Any) -> None:
    loss = losses(context(make, reference()), HERE)["top1_loss_ratio"]
    assert not isinstance(loss, str)
    assert loss.value == pytest.approx(0.02)
    source = Interval(0.9, 0.88, 0.917, 1000, "wilson")
    figure = HERE.figures["top1_ratio"]
    assert not isinstance(figure, str)
    assert loss == contrast(figure, source).difference
    assert loss.low is not None
    assert loss.high is not None
    assert loss.low < 0 < 0.02 < loss.high


def test_what_has_no_figure_has_no_loss_for_the_same_reason(make: Any) -> None:
    assert losses(context(make, reference()), HERE)["top5_loss_ratio"] == "not asked"


@pytest.mark.parametrize(
    ("changes", "dataset"),
    [
        ({"n": 50000}, {}),
        ({"dataset": "imagenet_val"}, {}),
        ({"metric": "top5"}, {}),
        ({}, PICTURES),  # measured on another set
        ({"dataset": "imagenet_val", "n": 50000}, PICTURES),  # on all of it
        ({"dataset": "coco_val2017"}, PICTURES),
    ],
)
def test_accuracy_on_other_pictures_is_not_subtracted_from(
    make: Any, changes: dict[str, Any], dataset: dict[str, Any]
) -> None:
    loss = losses(context(make, reference(**changes), **dataset), HERE)["top1_loss_ratio"]
    assert loss == UNKNOWN.format(dataset.get("id", "d"))


def test_a_published_share_on_the_very_set_has_wilsons_interval(make: Any) -> None:
    stated = reference(dataset="imagenet_val", low=None, high=None)
    loss = losses(context(make, stated, **PICTURES), HERE)["top1_loss_ratio"]
    figure = HERE.figures["top1_ratio"]
    assert not isinstance(figure, str)
    assert loss == contrast(figure, wilson(900, 1000)).difference


def test_another_input_size_is_another_network(make: Any) -> None:
    loss = losses(context(make, reference(), size=2), HERE)["top1_loss_ratio"]
    assert loss == "the accuracy of the source is known at 1 px alone"


def test_without_a_data_set_nothing_is_known(make: Any) -> None:
    bare = make.changed(context(make, reference()), "model.dataset", None)
    assert losses(bare, HERE)["top1_loss_ratio"] == "the accuracy of the source is not known"
