import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment


def test_a_graph_of_tensorflow_1_says_the_same(request_of: Asked, run_step: Runs) -> None:
    ends = {"inputs": ["picture:0"], "outputs": ["Identity:0"]}
    ran = run_step("frozen_to_onnx", request_of("frozen.pb", options=ends))
    assert ran.noise_ratio() < 1e-4
    assert ran.made["inputs"][0]["shape"] == [-1, 3, 16, 16]
