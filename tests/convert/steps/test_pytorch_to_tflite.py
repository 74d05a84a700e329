from pathlib import Path
from typing import Any

import pytest

from .conftest import Asked, Runs, truncated

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
STEP = "pytorch_to_tflite"
LIMIT = {"float32": 1e-4, "float16": 1e-2, "int8_dynamic": 0.1, "int8": 0.2}


@pytest.mark.parametrize("precision", LIMIT)
def test_each_precision_says_what_the_source_says(
    precision: str, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("classifier.pt2", "NCHW", precision=precision))
    assert ran.noise_ratio() < LIMIT[precision]
    assert ran.made["layout"] == "NHWC"
    assert ran.made["inputs"][0]["shape"] == [-1, 16, 16, 3]
    assert ran.made["outputs"][0]["shape"] == [-1, 10]
    ends = [ran.made["inputs"][0], ran.made["outputs"][0]]
    assert {t["dtype"] for t in ends} == {"int8" if precision == "int8" else "float32"}


def test_a_batch_is_set_where_it_is_asked_for(request_of: Asked, run_step: Runs) -> None:
    ran = run_step(STEP, request_of("classifier.pt2", "NCHW", precision="int8", batch=6))
    assert ran.made["inputs"][0]["shape"] == [6, 16, 16, 3]
    assert ran.noise_ratio() < LIMIT["int8"]


def test_maps_among_the_outputs_are_turned_and_keep_their_order(
    request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("two.pt2", "NCHW"))
    assert [t["shape"] for t in ran.made["outputs"]] == [[-1, 8, 8, 8], [-1, 10]]
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < LIMIT["float32"]


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        ("erfinv.pt2", {}, ["erfinv"]),
        ("classifier.pt2", {"input_shape": [3, 32, 32]}, ["picture", "[3, 16, 16]", "[3, 32"]),
        ("classifier.pt2", {"precision": "int8", "calibration": ""}, ["int8", "calibration"]),
        ("classifier.keras", {}, ["classifier.keras", "torch.export"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    model: str, changes: dict[str, Any], words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of(model, "NCHW", **changes)).problem
    assert all(word in problem for word in words), problem


def test_half_a_program_is_refused(tmp_path: Path, request_of: Asked, run_step: Runs) -> None:
    half = truncated("classifier.pt2", tmp_path)
    assert "not all of one" in run_step(STEP, request_of(half, "NCHW")).problem
