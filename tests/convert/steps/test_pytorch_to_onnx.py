from pathlib import Path
from typing import Any

import onnx
import pytest

from ibd_mobile.convert.steps.step import INNER

from .conftest import Asked, Runs, truncated

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
STEP = "pytorch_to_onnx"


@pytest.mark.parametrize("batch", [-1, 6])
def test_the_network_stays_nchw_and_says_the_same(
    batch: int, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("two.pt2", "NCHW", batch=batch))
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < 1e-4
    assert (ran.made["layout"], ran.made["batch"]) == ("NCHW", batch)
    assert ran.made["inputs"][0]["shape"] == [batch, 3, 16, 16]
    model = onnx.load(ran.folder / "made.bin")
    assert model.opset_import[0].version == 18
    assert model.ir_version <= 10


def test_inner_values_pair_by_name(request_of: Asked, run_step: Runs) -> None:
    ran = run_step(STEP, request_of("classifier.pt2", "NCHW", is_to_locate=True))
    assert len(ran.made["inner"]) >= 5
    for source, made in ran.pairs(INNER):
        assert abs(source - made).max() < 1e-4


@pytest.mark.parametrize(
    ("model", "changes", "words"),
    [
        ("erfinv.pt2", {}, ["erf_inv"]),
        ("classifier.pt2", {"input_shape": [3, 32, 32]}, ["picture", "[3, 16, 16]"]),
        ("classifier.pt2", {"precision": "int8"}, ["float32, not int8"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    model: str, changes: Any, words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of(model, "NCHW", **changes)).problem
    assert all(word in problem for word in words), problem


def test_half_a_program_is_refused(tmp_path: Path, request_of: Asked, run_step: Runs) -> None:
    half = truncated("classifier.pt2", tmp_path)
    assert "not all of one" in run_step(STEP, request_of(half, "NCHW")).problem
