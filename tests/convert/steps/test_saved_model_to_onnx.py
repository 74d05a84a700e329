import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment


def test_an_archive_says_the_same(request_of: Asked, run_step: Runs) -> None:
    ran = run_step("saved_model_to_onnx", request_of("saved_model.tar.gz"))
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < 1e-4
    assert ran.made["inputs"][0]["shape"] == [-1, 3, 16, 16]
