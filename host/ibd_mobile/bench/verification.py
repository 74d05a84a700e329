"""Whether models are what their TOML says: converted anew, measured, counted, and set side by side.

Everything is done by the product's own roads: what a run would measure is what is measured here.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ibd_mobile.bench.trial import Trial, accuracy_study
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.agreement import Agreement, published_agreement
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.route import to_wish
from ibd_mobile.convert.shelf import Kept
from ibd_mobile.core.errors import IbdError, InputError
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.model import Model, ReferenceAccuracy, Variant
from ibd_mobile.core.record import Record
from ibd_mobile.results.accuracy import REFERENCES

#: what every trained model is converted to
WISHES: Final = (
    Wish(format="tflite", precision="float32"),
    Wish(format="tflite", precision="float16"),
    Wish(format="tflite", precision="int8_dynamic"),
    Wish(format="tflite", precision="int8"),
    Wish(format="onnx", precision="float32"),
    Wish(format="onnx", precision="float16"),
    Wish(format="onnx", precision="int8_dynamic"),
    Wish(format="onnx", precision="int8"),
)


@dataclass(frozen=True, slots=True)
class Conversion:
    """One way of one network, and what came of it."""

    model: str
    training_framework: str
    wish: Wish
    stages: list[Kept]
    problem: str  #: "" where a verified file was made


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One figure of one file on the test set, beside the recorded one."""

    record: Record
    metric: Metric
    reference: ReferenceAccuracy | None  #: None: nothing is recorded for this very file

    @property
    def is_within(self) -> bool | None:
        """Whether it lies in the recorded interval; None where nothing is recorded."""
        known = self.reference
        if known is None or known.low is None or known.high is None:
            return None
        return self.metric.value is not None and known.low <= self.metric.value <= known.high


def conversions(
    models: Sequence[Model], maker: Maker, *, is_untrained: bool = False
) -> Iterator[Conversion]:
    """Convert each variant into everything there is a way to, and compare each with its source."""
    for model in models:
        for variant in model.variants:
            for wish in WISHES:
                asked = msgspec.structs.replace(wish, is_untrained=is_untrained)
                if _has_way(variant, asked):
                    yield _conversion(model, variant, asked, maker)


def _has_way(variant: Variant, wish: Wish) -> bool:
    try:
        way = to_wish(variant, wish.format, wish.precision, is_untrained=wish.is_untrained)
    except InputError:
        return False
    return bool(way.builder or way.legs)


def _conversion(model: Model, variant: Variant, wish: Wish, maker: Maker) -> Conversion:
    made: list[Kept] = []
    problem = ""
    try:
        made = maker.make(model, variant, wish)
    except IbdError as error:
        problem = error.problem
    return Conversion(model.id, variant.training_framework, wish, made, problem)


def agreements(model: Model, found: Sequence[Conversion]) -> list[Agreement]:
    """Set what was counted in float32 files beside what is published."""
    return [
        agreement
        for one in found
        if one.model == model.id and one.stages and one.wish.precision == "float32"
        for agreement in published_agreement(
            one.stages[-1].stage.cost, model, one.training_framework
        )
    ]


def accuracies(models: Sequence[str], stock: Stock, trial: Trial) -> list[Accuracy]:
    """Measure the accuracy of every float32, float16 and int8 file on this computer.

    Raises:
        InputError: none of it can be run here.
    """
    study = accuracy_study(models, ["float32", "float16", "int8"], ["litert", "onnxruntime"])
    with tempfile.TemporaryDirectory() as folder:
        stock, records = trial.run(study, stock, Path(folder))
    return [
        Accuracy(record, metric, _reference(stock, record, metric))
        for record in records
        for metric in record.metrics
        if metric.name in REFERENCES.values() and metric.value is not None
    ]


def _reference(stock: Stock, record: Record, metric: Metric) -> ReferenceAccuracy | None:
    known = stock.artifact(record.job).reference
    return next((r for r in known if REFERENCES.get(r.metric) == metric.name), None)
