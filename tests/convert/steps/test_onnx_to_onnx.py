from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ibd_mobile.convert.steps import onnx_to_onnx
from ibd_mobile.convert.steps.step import INNER, Made, Refused, Request

from .conftest import Asked, Ran, onnx_classifier, truncated

LIMIT = {"float16": 1e-2, "int8": 0.1, "int8_dynamic": 0.1}


def converted(request: Request) -> tuple[Made, Ran, Any]:
    made = onnx_to_onnx.convert(request)
    return made, Ran(Path(request.folder), 0, {}), onnx.load(request.target)


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    return onnx_classifier(tmp_path / "classifier.onnx")


@pytest.mark.parametrize("precision", LIMIT)
def test_each_precision_says_what_the_source_says(
    precision: str, classifier: Path, request_of: Asked
) -> None:
    made, ran, model = converted(request_of(classifier, "NCHW", precision=precision))
    assert 0 < ran.noise_ratio() < LIMIT[precision]
    assert (made.layout, made.batch) == ("NCHW", -1)
    assert [(t.dtype, t.shape) for t in made.inputs] == [("float32", [-1, 3, 16, 16])]
    assert [(t.dtype, t.shape) for t in made.outputs] == [("float32", [-1, 10])]
    onnx.checker.check_model(model, full_check=True)


def test_int8_is_quantized_at_both_ends_of_each_op_with_symmetric_weights(
    classifier: Path, request_of: Asked
) -> None:
    _, _, model = converted(request_of(classifier, "NCHW", precision="int8"))
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("QuantizeLinear") >= 4
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    assert weights["stem_w_quantized"].dtype == np.int8
    assert weights["stem_w_scale"].shape == (8,)
    assert not weights["stem_w_zero_point"].any()


def test_weights_have_one_scale_where_that_is_asked_for(
    classifier: Path, request_of: Asked
) -> None:
    asked = request_of(classifier, "NCHW", precision="int8", options={"per_channel": False})
    _, _, model = converted(asked)
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    assert weights["stem_w_scale"].size == 1


def test_float16_may_reach_to_both_ends(classifier: Path, request_of: Asked) -> None:
    asked = request_of(classifier, "NCHW", precision="float16", options={"keep_io_types": False})
    made, ran, _ = converted(asked)
    assert {t.dtype for t in [*made.inputs, *made.outputs]} == {"float16"}
    assert ran.noise_ratio() < LIMIT["float16"]


def test_a_batch_is_set_where_it_is_asked_for(classifier: Path, request_of: Asked) -> None:
    made, ran, model = converted(request_of(classifier, "NCHW", precision="int8", batch=6))
    assert made.inputs[0].shape == [6, 3, 16, 16]
    assert made.outputs[0].shape == [6, 10]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 6
    assert ran.noise_ratio() < LIMIT["int8"]


@pytest.mark.parametrize("precision", LIMIT)
def test_inner_tensors_pair_by_name_and_stay_near(
    precision: str, classifier: Path, request_of: Asked
) -> None:
    asked = request_of(classifier, "NCHW", precision=precision, is_to_locate=True)
    made, ran, _ = converted(asked)
    assert made.inner[-1] == "logits"
    assert len(made.inner) >= 4
    for name, (source, mine) in zip(made.inner, ran.pairs(INNER), strict=True):
        assert source.shape == mine.shape, name
        assert abs(source - mine).max() < 0.05 * np.ptp(source), name


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "int8", "calibration": ""}, ["int8", "calibration"]),
        ({"precision": "float32"}, ["float32"]),
        ({"precision": "int8", "input_shape": [3, 32, 32]}, ["picture", "[3, 16, 16]"]),
    ],
)
def test_what_cannot_be_done_is_refused(
    changes: dict[str, Any], words: list[str], classifier: Path, request_of: Asked
) -> None:
    with pytest.raises(Refused) as refused:
        onnx_to_onnx.convert(request_of(classifier, "NCHW", **changes))
    assert all(word in refused.value.problem for word in words)


def test_a_fixed_batch_cannot_be_left_open(tmp_path: Path, request_of: Asked) -> None:
    fixed = onnx_classifier(tmp_path / "fixed.onnx", batch=2)
    with pytest.raises(Refused, match="cannot be left open: input picture has it fixed at 2"):
        onnx_to_onnx.convert(request_of(fixed, "NCHW", precision="float16"))


def test_an_op_that_onnx_does_not_know_is_named(tmp_path: Path, request_of: Asked) -> None:
    odd = onnx_classifier(tmp_path / "odd.onnx", odd_op="Frobnicate")
    with pytest.raises(Refused, match="Frobnicate"):
        onnx_to_onnx.convert(request_of(odd, "NCHW", precision="float16"))


def test_half_a_file_is_refused(classifier: Path, tmp_path: Path, request_of: Asked) -> None:
    half = truncated(str(classifier), tmp_path)
    with pytest.raises(Refused, match="not all of one"):
        onnx_to_onnx.convert(request_of(half, "NCHW", precision="float16"))
