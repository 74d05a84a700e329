"""The committed files are what their TOML says, and reach the accuracy that it records."""

import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import Artifact, Model

PRECISIONS = ["float32", "int8"]


@pytest.fixture(scope="module")
def model(mini: Path) -> Model:
    content = tomllib.loads((mini / "shapes_classifier.toml").read_text(encoding="utf-8"))
    return msgspec.convert(content, Model)


@pytest.fixture(scope="module")
def pictures(shapes: ModuleType, model: Model) -> Any:
    assert model.dataset is not None
    return shapes.images(model.dataset.seed, model.dataset.count)


def artifact_of(model: Model, precision: str) -> Artifact:
    return next(held for held in model.variants[0].artifacts if held.precision == precision)


def open_file(mini: Path, artifact: Artifact, batch: int = 1) -> Interpreter:
    interpreter = Interpreter(str(mini / artifact.file), num_threads=1)
    inputs = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(inputs["index"], [batch, *inputs["shape"][1:]], strict=True)
    interpreter.allocate_tensors()
    return interpreter


def fed(shapes: ModuleType, model: Model, artifact: Artifact, pictures: Any) -> Any:
    entry = artifact.inputs[0]
    step = entry.quantization and (entry.quantization.scale, entry.quantization.zero_point)
    return shapes.tensor(
        pictures, model.variants[0].input.mean, model.variants[0].input.scale, step, entry.dtype
    )


def infer(interpreter: Interpreter, batches: Any) -> Any:
    inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    stored = []
    for batch in batches:
        interpreter.set_tensor(inputs["index"], batch)
        interpreter.invoke()
        stored.append(interpreter.get_tensor(outputs["index"]))
    return np.concatenate(stored)


def test_the_id_is_the_file_name(model: Model, mini: Path) -> None:
    assert (mini / f"{model.id}.toml").is_file()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_size_and_hash_are_the_recorded_ones(model: Model, mini: Path, precision: str) -> None:
    artifact = artifact_of(model, precision)
    assert (mini / artifact.file).stat().st_size == artifact.size_bytes
    assert sha256_of(mini / artifact.file) == artifact.sha256


def test_both_files_together_stay_below_1_mb(model: Model) -> None:
    assert sum(artifact.size_bytes for artifact in model.variants[0].artifacts) < 1_000_000


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_file_says_nothing_about_where_it_was_made(
    model: Model, mini: Path, precision: str
) -> None:
    content = (mini / artifact_of(model, precision).file).read_bytes()
    assert b"/tmp" not in content
    assert b"/home" not in content


def test_the_data_set_is_the_recorded_one(shapes: ModuleType, model: Model, pictures: Any) -> None:
    dataset = model.dataset
    assert dataset is not None
    assert dataset.labels == list(shapes.LABELS)
    assert shapes.sha256(pictures) == dataset.images_sha256
    assert shapes.sha256(shapes.labels(dataset.seed, dataset.count)) == dataset.truth_sha256


@pytest.mark.parametrize("precision", PRECISIONS)
def test_tensors_are_those_of_the_file(model: Model, mini: Path, precision: str) -> None:
    artifact = artifact_of(model, precision)
    interpreter = open_file(mini, artifact)
    pairs = [
        *zip(artifact.inputs, interpreter.get_input_details(), strict=True),
        *zip(artifact.outputs, interpreter.get_output_details(), strict=True),
    ]
    for tensor, details in pairs:
        assert tensor.name == details["name"]
        assert tensor.dtype == np.dtype(details["dtype"]).name
        assert tensor.shape == details["shape_signature"].tolist()
        step = tensor.quantization
        recorded = (step.scale, step.zero_point) if step else (0.0, 0)
        assert recorded == pytest.approx(details["quantization"], rel=1e-7)


def test_the_int8_picture_loses_nothing(shapes: ModuleType, model: Model, pictures: Any) -> None:
    stored = fed(shapes, model, artifact_of(model, "int8"), pictures[:20])
    assert np.array_equal(stored, (pictures[:20].astype(np.int16) - 128).astype(np.int8))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_accuracy_lies_in_the_recorded_interval(
    shapes: ModuleType, card: ModuleType, model: Model, mini: Path, pictures: Any, precision: str
) -> None:
    artifact = artifact_of(model, precision)
    assert model.dataset is not None
    labels = shapes.labels(model.dataset.seed, model.dataset.count)
    batches = fed(shapes, model, artifact, pictures)[:, np.newaxis]
    logits = infer(open_file(mini, artifact), batches)
    order = np.argsort(-logits.astype(np.float64), axis=1, kind="stable")
    is_hit = order == labels[:, np.newaxis]
    for reference in artifact.reference:
        k = {"top1": 1, "top5": 5}[reference.metric]
        assert reference.n == len(labels)
        low, high = card.interval(reference.value, reference.n)
        assert low <= is_hit[:, :k].sum() / len(labels) <= high, reference.metric


def test_accuracy_is_neither_chance_nor_perfection(model: Model) -> None:
    for artifact in model.variants[0].artifacts:
        top1 = next(held.value for held in artifact.reference if held.metric == "top1")
        assert 0.85 < top1 < 0.99


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_leading_dimension_may_be_set(
    shapes: ModuleType, model: Model, mini: Path, pictures: Any, precision: str
) -> None:
    artifact = artifact_of(model, precision)
    assert artifact.batch == -1
    chosen = fed(shapes, model, artifact, pictures[:8])
    alone = infer(open_file(mini, artifact), chosen[:, np.newaxis])
    together = infer(open_file(mini, artifact, batch=8), chosen[np.newaxis])
    assert together == pytest.approx(alone, abs=1e-4)


def test_macs_and_parameters_are_those_of_the_file(model: Model, mini: Path) -> None:
    # Counted here on the file's own graph, where the recorded ones come from Keras.
    file = mini / artifact_of(model, "float32").file
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(file), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    shapes_of = {held["index"]: held["shape"] for held in interpreter.get_tensor_details()}
    macs_count = parameters_count = 0
    for op in interpreter._get_ops_details():
        if op["op_name"] in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
            _, kernel, bias = (shapes_of[index] for index in op["inputs"])
            places = shapes_of[op["outputs"][0]][1:-1]
            macs_count += int(kernel.prod() * places.prod())
            parameters_count += int(kernel.prod() + bias.prod())
    cost = artifact_of(model, "float32").cost
    assert (macs_count, parameters_count) == (cost.macs_count, cost.parameters_count)
