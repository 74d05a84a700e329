"""From a wish to a file, through real steps whose needs this Python has."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import pytest

from ibd_mobile.convert.make import Maker, converted
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import InputSizes, Model, SourceFile
from tests.small_network import SIZE, model_of, network


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return model_of(network(tmp_path / "small.onnx"))


def test_a_wish_is_made_step_by_step_and_the_steps_are_told(model: Model, shelf: Shelf) -> None:
    said: list[str] = []
    maker = Maker(shelf=shelf, say=said.append)
    (kept,) = maker.make(model, model.variants[0], Wish(format="caffe2"))
    assert said == ["small (caffe2) → float32 caffe2, step onnx_to_caffe2"]
    assert sorted(kept.files) == ["init", "predict"]
    assert all(path.stat().st_size for path in kept.files.values())
    assert kept.stage.likeness[0].noise_ratio < 1e-5
    assert kept.stage.layout == "NCHW"


def test_what_was_made_once_is_taken_from_the_shelf(model: Model, shelf: Shelf) -> None:
    first = Maker(shelf=shelf).make(model, model.variants[0], Wish(format="caffe2"))
    said: list[str] = []
    second = Maker(shelf=shelf, say=said.append).make(
        model, model.variants[0], Wish(format="caffe2")
    )
    assert first == second
    assert said == []


def test_a_made_file_is_described_as_the_catalog_describes_files(
    model: Model, shelf: Shelf
) -> None:
    kept = Maker(shelf=shelf).make(model, model.variants[0], Wish(format="caffe2"))[-1]
    made = converted(kept)
    assert made.artifact.sha256 == sha256_of(kept.folder / made.artifact.file)
    assert made.artifact.input_size == SIZE
    assert [c.role for c in made.artifact.companions] == ["predict"]
    assert "step onnx_to_caffe2" in made.artifact.made_by
    assert not made.artifact.is_untrained


def test_there_and_back_again_the_network_is_the_same(
    model: Model, shelf: Shelf, tmp_path: Path
) -> None:
    nets = Maker(shelf=shelf).make(model, model.variants[0], Wish(format="caffe2"))[-1]
    files = [
        SourceFile(role=role, url=nets.files[role].as_uri())  # type: ignore[arg-type]
        for role in ("init", "predict")
    ]
    source = model.variants[0].source
    back = msgspec.structs.replace(source, format="caffe2", files=files)
    delivered = model_of(tmp_path / "small.onnx", source=back)
    (kept,) = Maker(shelf=shelf).make(delivered, delivered.variants[0], Wish(format="onnx"))
    taken = np.random.default_rng(1).normal(size=(20, 3, SIZE, SIZE)).astype(np.float32)
    said = [
        onnxruntime.InferenceSession(path).run(None, {"x": taken})[0]
        for path in (tmp_path / "small.onnx", kept.files["model"])
    ]
    assert said[1] == pytest.approx(said[0], rel=1e-5, abs=1e-5)


def test_an_unknown_op_is_named_and_nothing_is_kept(tmp_path: Path, shelf: Shelf) -> None:
    strange = model_of(network(tmp_path / "strange.onnx", op="Mish"))
    with pytest.raises(InputError) as caught:
        Maker(shelf=shelf).make(strange, strange.variants[0], Wish(format="caffe2"))
    assert "Mish" in str(caught.value)
    assert "small (caffe2) → float32 caffe2, step onnx_to_caffe2" in str(caught.value)
    assert shelf.stages() == []


def test_a_truncated_source_is_found_before_anything_is_converted(
    tmp_path: Path, shelf: Shelf
) -> None:
    whole = network(tmp_path / "whole.onnx")
    model = model_of(whole)
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(DataError, match="has SHA-256"):
        Maker(shelf=shelf).make(model, model.variants[0], Wish(format="caffe2"))


def test_a_truncated_protobuf_whose_hash_is_right_is_refused_by_the_step(
    tmp_path: Path, shelf: Shelf
) -> None:
    path = network(tmp_path / "short.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    model = model_of(path)
    with pytest.raises(InputError, match="step onnx_to_caffe2"):
        Maker(shelf=shelf).make(model, model.variants[0], Wish(format="caffe2"))


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"format": "onnx"}, "is published as onnx already; there is nothing to convert"),
        ({"format": "caffe2", "input_size": 64}, "its input is 8 px and nothing else"),
        ({"format": "tflite", "precision": "int8"}, "is trained, and int8 needs pictures"),
        ({"format": "caffe2", "is_untrained": True}, "has no definition"),
        ({"format": "caffe2", "precision": "int8"}, "int8 caffe2: cannot be made from onnx"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_before_anything_is_done(
    model: Model, shelf: Shelf, wish: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        Maker(shelf=shelf).make(model, model.variants[0], Wish(**wish))
    assert shelf.stages() == []


def test_a_published_graph_has_its_own_size_alone(model: Model, shelf: Shelf) -> None:
    variant = model.variants[0]
    sizes = InputSizes(least=8, most=64, step=8)
    variant = msgspec.structs.replace(
        variant, input=msgspec.structs.replace(variant.input, sizes=sizes)
    )
    wish = Wish(format="caffe2", input_size=16)
    with pytest.raises(InputError, match="its source has an input of 8 px; others only --untrain"):
        Maker(shelf=shelf).make(model, variant, wish)
