from pathlib import Path
from typing import Any

import pytest

from .conftest import NETWORKS, Asked, Runs, truncated

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment
STEP = "pytorch_to_pytorch"


def test_a_published_program_is_taken_over_byte_for_byte(request_of: Asked, run_step: Runs) -> None:
    ran = run_step(STEP, request_of("two.pt2", "NCHW"))
    assert (ran.made["layout"], ran.made["batch"]) == ("NCHW", -1)
    assert ran.made["inputs"][0]["shape"] == [-1, 3, 16, 16]
    assert len(ran.made["outputs"]) == 2
    assert ran.noise_ratio(0) == ran.noise_ratio(1) == 0
    assert (ran.folder / "made.bin").read_bytes() == (NETWORKS / "two.pt2").read_bytes()


@pytest.mark.parametrize(
    ("precision", "least", "most"), [("float16", 1e-6, 5e-3), ("bfloat16", 1e-4, 5e-2)]
)
def test_a_program_of_16_bits_takes_and_gives_float32_and_rounds(
    precision: str, least: float, most: float, request_of: Asked, run_step: Runs
) -> None:
    ran = run_step(STEP, request_of("two.pt2", "NCHW", precision=precision))
    assert least < max(ran.noise_ratio(0), ran.noise_ratio(1)) < most
    dtypes = {tensor["dtype"] for tensor in (*ran.made["inputs"], *ran.made["outputs"])}
    assert dtypes == {"float32"}
    assert (ran.folder / "made.bin").stat().st_size < (NETWORKS / "two.pt2").stat().st_size


def test_a_batch_that_is_asked_for_is_set(request_of: Asked, run_step: Runs) -> None:
    ran = run_step(STEP, request_of("classifier.pt2", "NCHW", batch=4))
    assert ran.made["inputs"][0]["shape"] == [4, 3, 16, 16]
    assert ran.noise_ratio() < 1e-4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"precision": "int8"}, ["float32, float16 and bfloat16", "int8"]),
        ({"input_shape": [3, 32, 32]}, ["picture", "[3, 16, 16]"]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    changes: Any, words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of("classifier.pt2", "NCHW", **changes)).problem
    assert all(word in problem for word in words), problem


def test_half_a_program_is_refused(tmp_path: Path, request_of: Asked, run_step: Runs) -> None:
    half = truncated("classifier.pt2", tmp_path)
    assert "not all of one" in run_step(STEP, request_of(half, "NCHW")).problem
