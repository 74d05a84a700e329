"""The committed files are what their TOMLs say, and reach the accuracy that these record."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from ibd_remaking import card, measure, readme
from ibd_remaking.artifacts import WISHES

from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import Artifact, Model, SourceFile, Tensor, Variant

MINI = Path(__file__).resolve().parents[2] / "models" / "mini"
MODELS = {path.stem: card.read(path) for path in sorted(MINI.glob("*.toml"))}
FILES = [
    pytest.param(model, variant, artifact, id=artifact.file)
    for model in MODELS.values()
    for variant in model.variants
    for artifact in variant.artifacts
]
SOURCES = [
    pytest.param(file, id=file.url)
    for model in MODELS.values()
    for variant in model.variants
    for file in (variant.source.files if variant.source else [])
]
#: of the first metric: neither chance nor perfection
EXPECTED = {
    "shapes_classifier": (0.85, 0.97),
    "scenes_detector": (0.5, 0.97),  # VOC average; chance finds nothing
    "textures_vdsr": (30.0, 36.0),
}
#: a machine's folders, as paths begin
PLACES = re.compile(rb"/(home|root|tmp|work|opt|usr|Users)/")


def unpacked(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def value(artifact: Artifact, metric: str) -> float:
    return next(held.value for held in artifact.reference if held.metric == metric)


def first_metric(artifact: Artifact) -> float:
    metrics = [held.metric for held in artifact.reference]
    return value(artifact, "map_voc" if "map_voc" in metrics else metrics[0])


def test_there_are_the_three_applications() -> None:
    assert {model.application for model in MODELS.values()} == {
        "classification",
        "detection",
        "super_resolution",
    }
    assert set(MODELS) == set(EXPECTED)


def test_the_classifier_comes_from_three_training_frameworks() -> None:
    variants = MODELS["shapes_classifier"].variants
    assert [v.training_framework for v in variants] == ["tensorflow", "pytorch", "caffe2"]
    assert [v.source and v.source.format for v in variants] == ["keras", "pt2", "caffe2"]


def test_the_folder_stays_below_4_mb() -> None:
    files = [p for p in MINI.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(path.stat().st_size for path in files) < 4_000_000


def test_no_file_is_left_over() -> None:
    named = {file.values[0].url for file in SOURCES} | {file.values[2].file for file in FILES}
    kinds = ("*.tflite", "*.onnx", "*.keras", "*.pt2", "*.pb")
    assert {path.name for kind in kinds for path in MINI.glob(kind)} == named


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_toml_is_what_the_script_writes(model: Model) -> None:
    assert (MINI / f"{model.id}.toml").read_text() == card.text(model)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_readme_has_the_recorded_figures(model: Model) -> None:
    text = (MINI / "README.md").read_text()
    assert text == readme.with_table(text, model)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_each_variant_has_all_formats_and_precisions(model: Model) -> None:
    wished = [(wish.format, wish.precision) for wish in WISHES]
    for variant in model.variants:
        assert [(a.format, a.precision) for a in variant.artifacts] == wished


@pytest.mark.parametrize("file", SOURCES)
def test_a_source_is_the_recorded_file(file: SourceFile) -> None:
    assert (MINI / file.url).stat().st_size == file.size_bytes
    assert sha256_of(MINI / file.url) == file.sha256


@pytest.mark.parametrize(("model", "variant", "artifact"), FILES)
def test_an_artifact_is_the_recorded_file(
    model: Model, variant: Variant, artifact: Artifact
) -> None:
    assert (MINI / artifact.file).stat().st_size == artifact.size_bytes
    assert sha256_of(MINI / artifact.file) == artifact.sha256


@pytest.mark.parametrize(
    "name", [*(p.values[0].url for p in SOURCES), *(p.values[2].file for p in FILES)]
)
def test_no_file_says_where_it_was_made(name: str) -> None:
    for content in unpacked(MINI / name):
        assert not PLACES.search(content)


@pytest.mark.parametrize(("model", "variant", "artifact"), FILES)
def test_tensors_are_those_of_the_file(model: Model, variant: Variant, artifact: Artifact) -> None:
    look = {"tflite": tflite_tensors, "onnx": onnx_tensors}[artifact.format]
    for told, found in zip((artifact.inputs, artifact.outputs), look(artifact.file), strict=True):
        assert [(t.name, t.dtype, t.shape) for t in told] == [f[:3] for f in found]
        for tensor, (*_, scale, zero_point) in zip(told, found, strict=True):
            if artifact.format == "tflite":
                assert stored(tensor) == pytest.approx((scale, zero_point), rel=1e-7)


def stored(tensor: Tensor) -> tuple[float, int]:
    how = tensor.quantization
    return (how.scale, how.zero_point) if how else (0.0, 0)


Found = list[tuple[str, str, list[int], float, int]]


def tflite_tensors(name: str) -> tuple[Found, Found]:
    interpreter = Interpreter(str(MINI / name))
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def told(held: Any) -> tuple[str, str, list[int], float, int]:
        kind = np.dtype(held["dtype"]).name
        return held["name"], kind, held["shape_signature"].tolist(), *held["quantization"]

    return [told(held) for held in inputs], [told(held) for held in outputs]


def onnx_tensors(name: str) -> tuple[Found, Found]:
    session = onnxruntime.InferenceSession(MINI / name, providers=["CPUExecutionProvider"])
    kinds = {"tensor(float)": "float32", "tensor(int8)": "int8", "tensor(uint8)": "uint8"}

    def told(held: Any) -> tuple[str, str, list[int], float, int]:
        shape = [size if isinstance(size, int) else -1 for size in held.shape]
        return held.name, kinds[held.type], shape, 0.0, 0

    inputs, outputs = session.get_inputs(), session.get_outputs()
    return [told(held) for held in inputs], [told(held) for held in outputs]


@pytest.mark.parametrize(("model", "variant", "artifact"), FILES)
def test_accuracy_lies_in_the_recorded_interval(
    model: Model, variant: Variant, artifact: Artifact
) -> None:
    now = measure.references(model, variant, artifact, MINI / artifact.file)
    assert [held.metric for held in now] == [held.metric for held in artifact.reference]
    bounded = 0
    for found, recorded in zip(now, artifact.reference, strict=True):
        assert found.n == recorded.n
        if recorded.low is not None and recorded.high is not None:
            assert recorded.low <= found.value <= recorded.high, recorded.metric
            bounded += 1
    assert bounded >= 2


@pytest.mark.parametrize(("model", "variant", "artifact"), FILES)
def test_accuracy_is_neither_chance_nor_perfection(
    model: Model, variant: Variant, artifact: Artifact
) -> None:
    low, high = EXPECTED[model.id]
    assert low < first_metric(artifact) < high


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_smaller_number_loses_little(model: Model) -> None:
    for variant in model.variants:
        whole = first_metric(variant.artifacts[0])
        for artifact in variant.artifacts:
            assert first_metric(artifact) == pytest.approx(whole, rel=0.05), artifact.file


def test_enlarged_pictures_gain_two_decibels(textures: ModuleType) -> None:
    model = MODELS["textures_vdsr"]
    assert model.dataset is not None
    given = textures.images(model.dataset.seed, model.dataset.count).astype(np.float64)
    true = textures.truth(model.dataset.seed, model.dataset.count)
    bicubic_db = (10 * np.log10(255**2 / ((given - true) ** 2).mean(axis=(1, 2, 3)))).mean()
    for artifact in model.variants[0].artifacts:
        assert value(artifact, "psnr_db") > bicubic_db + 2


def test_pytorch_and_caffe2_say_the_same(shapes: ModuleType) -> None:
    # The same weights; TensorFlow's are of another training.
    pictures = shapes.images(8, 64)
    fed = np.ascontiguousarray(
        shapes.tensor(pictures, [0.0] * 3, [255.0] * 3).transpose(0, 3, 1, 2)
    )
    said = []
    for framework in ("pytorch", "caffe2"):
        file = MINI / f"shapes_classifier_{framework}_float32.onnx"
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        said.append(session.run(None, {session.get_inputs()[0].name: fed})[0])
    assert said[0] == pytest.approx(said[1], abs=1e-4)
    assert np.array_equal(said[0].argmax(1), said[1].argmax(1))


def test_anchors_are_those_that_were_trained(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(mini / "scenes_detector"))
    import coding

    boxes = MODELS["scenes_detector"].boxes
    assert boxes is not None
    assert boxes.scale == list(coding.SCALE)
    told = [(a.rows, a.columns, [tuple(box) for box in a.boxes]) for a in boxes.anchors]
    assert told == [(side, side, list(sizes)) for side, sizes in coding.LAYERS]
