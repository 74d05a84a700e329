"""Slow: TensorFlow is started."""

from pathlib import Path

import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.steps import step

pytestmark = pytest.mark.timeout(1200)


def test_an_ssd_gives_a_row_of_codes_and_of_scores_for_each_of_its_anchors(tmp_path: Path) -> None:
    options = {
        "library": "ibd", "name": "ssd_mobilenet_v1", "seed": 1, "input_size": 300,
        "outputs_count": 21,
    }  # fmt: skip
    request = step.Request({}, str(tmp_path), "net.keras", options=options)
    made = program.run(program.STEPS / "build_keras.py", request, "net").made
    assert [(t.name, t.shape) for t in made.outputs] == [
        ("boxes", [-1, 1917, 4]),
        ("scores", [-1, 1917, 21]),
    ]
