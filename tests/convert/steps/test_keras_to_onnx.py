from typing import Any

import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment

STEP = "keras_to_onnx"


@pytest.mark.parametrize("batch", [-1, 6])
def test_the_network_takes_nchw_and_says_the_same(
    batch: int, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("two.keras", batch=batch))
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < 1e-4
    assert (ran.made["layout"], ran.made["batch"]) == ("NCHW", batch)
    assert ran.made["inputs"][0]["shape"] == [batch, 3, 16, 16]
    assert [t["shape"] for t in ran.made["outputs"]] == [[batch, 8, 8, 8], [batch, 10]]


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        ("erfinv.keras", {}, ["Erfinv"]),
        ("two.keras", {"precision": "int8"}, ["float32, not int8"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    model: str, changes: Any, words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of(model, **changes)).problem
    assert all(word in problem for word in words), problem
