from typing import Any

import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment

STEP = "saved_model_to_tflite"


def test_an_archive_says_the_same_in_the_order_that_is_asked_for(
    request_of: Asked, run_step: Runs
) -> None:
    asked = request_of("saved_model.tar.gz", options={"outputs": ["scores", "logits"]})
    ran = run_step(STEP, asked)
    assert max(ran.noise_ratio(0), ran.noise_ratio(1)) < 1e-4
    scores, logits = (source for source, _ in ran.pairs())
    assert scores.sum(axis=1) == pytest.approx(1)
    assert logits.min() < 0
    assert ran.made["batch"] == -1


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("saved_model.tar.gz", {"signature": "train"}, ["train", "serving_default"]),
        ("saved_model.tar.gz", {"outputs": ["boxes"]}, ["nothing called boxes"]),
        ("frozen.pb", {}, ["frozen.pb", "not an archive"]),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    model: str, options: Any, words: list[str], request_of: Asked, run_step: Runs
) -> None:
    problem = run_step(STEP, request_of(model, options=options)).problem
    assert all(word in problem for word in words), problem
