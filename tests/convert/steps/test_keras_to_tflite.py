from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.steps.step import INNER

from .conftest import Asked, Runs, truncated

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
LIMIT = {"float32": 1e-4, "float16": 1e-2, "int8_dynamic": 0.1, "int8": 0.2}


@pytest.mark.parametrize("precision", LIMIT)
def test_each_precision_says_what_the_source_says(
    precision: str, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step("keras_to_tflite", request_of("classifier.keras", precision=precision))
    assert ran.noise_ratio() < LIMIT[precision]
    assert ran.made["layout"] == "NHWC"
    assert ran.made["inputs"][0]["shape"] == [-1, 16, 16, 3]
    assert ran.made["outputs"][0]["shape"] == [-1, 10]
    ends = [ran.made["inputs"][0], ran.made["outputs"][0]]
    assert {t["dtype"] for t in ends} == {"int8" if precision == "int8" else "float32"}
    assert all((t["scale"] is not None) == (precision == "int8") for t in ends)
    assert (ran.folder / "made.bin").read_bytes()[4:8] == b"TFL3"
    assert ran.answer["peak_bytes"] > 0


def test_less_precision_makes_a_smaller_file(request_of: Asked, run_step: Runs) -> None:
    size = {}
    for precision in ("float32", "float16", "int8"):
        ran = run_step("keras_to_tflite", request_of("classifier.keras", precision=precision))
        size[precision] = (ran.folder / "made.bin").stat().st_size
    assert size["int8"] < size["float16"] < size["float32"]


def test_a_batch_is_set_where_it_is_asked_for(request_of: Asked, run_step: Runs) -> None:
    asked = request_of("classifier.keras", precision="int8", batch=6)
    ran = run_step("keras_to_tflite", asked)
    assert ran.made["batch"] == 6
    assert ran.made["inputs"][0]["shape"] == [6, 16, 16, 3]
    assert ran.noise_ratio() < LIMIT["int8"]


def test_outputs_keep_their_order(request_of: Asked, run_step: Runs) -> None:
    ran = run_step("keras_to_tflite", request_of("two.keras"))
    assert [t["shape"] for t in ran.made["outputs"]] == [[-1, 8, 8, 8], [-1, 10]]
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < LIMIT["float32"]


def test_inner_tensors_pair_by_layer_in_the_order_of_the_graph(
    request_of: Asked, run_step: Runs
) -> None:
    ran = run_step("keras_to_tflite", request_of("classifier.keras", is_to_locate=True))
    names = ran.made["inner"]
    order = ["stem_relu", "deep", "sum", "wide", "logits"]
    assert len(names) >= 3
    assert names == [name for name in order if name in names]
    for source, made in ran.pairs(INNER):
        assert source.shape == made.shape
        assert abs(source - made).max() < 1e-4


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        ("erfinv.keras", {}, ["Erfinv"]),
        ("classifier.keras", {"input_shape": [32, 32, 3]}, ["picture", "[16, 16, 3]", "[32, 32"]),
        ("classifier.keras", {"precision": "int8", "calibration": ""}, ["int8", "calibration"]),
        ("classifier.keras", {"precision": "bfloat16"}, ["bfloat16"]),
        ("classifier.pt2", {}, ["classifier.pt2", "Keras"]),
        ("nowhere.keras", {}, ["nowhere.keras"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    model: str, changes: dict[str, Any], words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step("keras_to_tflite", request_of(model, **changes)).problem
    assert all(word in problem for word in words), problem


def test_half_an_archive_is_refused(tmp_path: Path, request_of: Asked, run_step: Runs) -> None:
    half = truncated("classifier.keras", tmp_path)
    problem = run_step("keras_to_tflite", request_of(half)).problem
    assert "half_classifier.keras" in problem
    assert "not all of one" in problem
