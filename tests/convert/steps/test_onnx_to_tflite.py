from pathlib import Path
from typing import Any

import pytest

from .conftest import Asked, Runs, onnx_classifier

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
STEP = "onnx_to_tflite"
LIMIT = {"float32": 1e-4, "float16": 1e-2, "int8": 0.2}


@pytest.mark.parametrize("precision", LIMIT)
def test_each_precision_says_what_the_source_says(
    precision: str, tmp_path: Path, request_of: Asked, run_step: Runs
) -> None:
    path = onnx_classifier(tmp_path / "classifier.onnx")
    ran = run_step(STEP, request_of(path, "NCHW", precision=precision))
    assert ran.noise_ratio() < LIMIT[precision]
    assert ran.made["layout"] == "NHWC"
    assert ran.made["inputs"][0]["shape"] == [-1, 16, 16, 3]
    assert ran.made["outputs"][0]["dtype"] == ("int8" if precision == "int8" else "float32")


def test_a_batch_that_the_source_has_fixed_stays(
    tmp_path: Path, request_of: Asked, run_step: Runs
) -> None:
    path = onnx_classifier(tmp_path / "fixed.onnx", batch=2)
    ran = run_step(STEP, request_of(path, "NCHW", batch=2))
    assert ran.noise_ratio() < LIMIT["float32"]
    assert ran.made["inputs"][0]["shape"] == [2, 16, 16, 3]
    assert "http" not in (ran.folder / "chatter.log").read_text()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "int8", "calibration": ""}, ["int8", "calibration"]),
        ({"input_shape": [3, 32, 32]}, ["picture", "[3, 16, 16]"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    changes: Any, words: list[str], tmp_path: Path, request_of: Asked, run_step: Runs
) -> None:
    path = onnx_classifier(tmp_path / "classifier.onnx")
    problem = run_step(STEP, request_of(path, "NCHW", **changes)).problem
    assert all(word in problem for word in words), problem


@pytest.mark.parametrize("op", ["Erf"])
def test_an_op_without_a_counterpart_is_named(
    op: str, tmp_path: Path, request_of: Asked, run_step: Runs
) -> None:
    path = onnx_classifier(tmp_path / "odd.onnx", odd_op=op)
    assert op in run_step(STEP, request_of(path, "NCHW")).problem
