"""One set of weights in three training frameworks: do they say the same?"""

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from ibd_mobile.bench.trial import Trial, accuracy_study
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core import environment
from ibd_mobile.core.errors import HostError, PayloadFailed
from ibd_mobile.core.model import SourceFile
from ibd_mobile.core.payload import models_folder
from ibd_mobile.core.record import Record
from ibd_mobile.results.outputs import read_outputs

MODEL: Final = "shapes_classifier"
#: puts the weights that PyTorch trained into the Keras architecture
_PROGRAM: Final = ("mini", MODEL, "same_weights.py")
_FILE: Final = "same_weights.keras"
_LIMIT_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Twins:
    """How often the same weights say the same from three training frameworks."""

    samples_count: int
    agreeing_count: int
    frameworks: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether all samples have the same first place in all frameworks."""
        return self.samples_count == self.agreeing_count and len(self.frameworks) > 1


def compare(stock: Stock, trial: Trial) -> Twins:
    """Give the same weights to three training frameworks, and compare their first places.

    The weights that PyTorch trained are put into the Keras architecture and into Caffe2's nets;
    each goes its own way to ONNX, and the test set is run through all three.

    Raises:
        HostError, PayloadFailed: the Keras network cannot be made.
        InputError: none of it can be run here.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = accuracy_study([MODEL], ["float32"], ["onnxruntime"])
        alike = _with_source(stock, _same_weights(folder))
        alike, records = trial.run(study, alike, folder / "runs")
        places = [_first_places(folder / "runs", alike, record) for record in records]
    agreeing_count = sum(len(set(row)) == 1 for row in zip(*places, strict=True))
    frameworks = tuple(record.job.training_framework for record in records)
    return Twins(len(places[0]), agreeing_count, frameworks)


def _first_places(runs: Path, stock: Stock, record: Record) -> list[int]:
    (run,) = runs.iterdir()
    path = run / "jobs" / record.job_id / "raw" / "outputs.bin"
    dataset = stock.models[MODEL].dataset
    count = dataset.count if dataset is not None else 0
    outputs = read_outputs(path, stock.artifact(record.job).outputs, record.job.batch, count)
    return [int(scores.argmax()) for scores, *_ in outputs]


def _with_source(stock: Stock, keras: Path) -> Stock:
    """Return a stock in which the TensorFlow variant has other weights, and no files yet."""
    model = stock.models[MODEL]
    variants = []
    for variant in model.variants:
        if variant.training_framework == "tensorflow" and variant.source is not None:
            file = SourceFile(role="model", url=keras.as_uri())
            source = msgspec.structs.replace(variant.source, files=[file])
            variants.append(msgspec.structs.replace(variant, source=source, artifacts=[]))
        else:
            variants.append(variant)
    changed = msgspec.structs.replace(model, variants=variants)
    return replace(stock, models={**stock.models, model.id: changed})


def _same_weights(folder: Path) -> Path:
    start = environment.start(models_folder().joinpath(*_PROGRAM))
    try:
        done = subprocess.run(
            [*start.argv, "--folder", str(folder)], env=start.environment, check=False,
            capture_output=True, text=True, timeout=_LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise HostError(_PROGRAM[-1], f"did not end within {_LIMIT_S:g} s") from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise PayloadFailed(
            _PROGRAM[-1], f"ended with {done.returncode}: {said}", code=done.returncode
        )
    return folder / _FILE
