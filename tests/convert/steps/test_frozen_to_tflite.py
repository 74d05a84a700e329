from typing import Any

import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment

STEP = "frozen_to_tflite"
ENDS = {"inputs": ["picture"], "outputs": ["Identity"]}


@pytest.mark.parametrize(("precision", "limit"), [("float32", 1e-4), ("int8", 0.2)])
def test_a_graph_of_tensorflow_1_says_the_same(
    precision: str, limit: float, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("frozen.pb", precision=precision, options=ENDS))
    assert ran.noise_ratio() < limit
    assert ran.made["inputs"][0]["shape"] == [-1, 16, 16, 3]
    assert ran.made["outputs"][0]["dtype"] == precision


@pytest.mark.parametrize(
    ("options", "changes", "words"),
    [
        ({}, {}, ["frozen.pb", "must be named"]),
        (ENDS | {"outputs": ["nowhere"]}, {}, ["nothing called nowhere"]),
        (ENDS, {"input_shape": [8, 8, 3]}, ["picture", "[16, 16, 3]", "[8, 8, 3]"]),
    ],
)
def test_what_does_not_fit_the_graph_is_refused_by_name(
    options: Any, changes: Any, words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of("frozen.pb", options=options, **changes)).problem
    assert all(word in problem for word in words), problem
