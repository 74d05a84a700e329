import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment


def test_the_source_is_run_in_groups_of_any_size(request_of: Asked, run_step: Runs) -> None:
    said = {
        batch: run_step("keras_to_tflite", request_of("classifier.keras", batch=batch)).pairs()
        for batch in (-1, 1, 5)
    }
    for batch in (1, 5):
        assert said[batch][0][0] == pytest.approx(said[-1][0][0], abs=1e-5)
