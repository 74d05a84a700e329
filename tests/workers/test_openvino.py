"""The worker of OpenVINO."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from . import small_net
from .conftest import Start


@pytest.fixture
def openvino(launched: Callable[..., Start]) -> Start:
    return launched("openvino")


def test_the_scores_are_those_of_the_arithmetic(openvino: Start) -> None:
    ended = openvino("--seed", "5", "--batch", "3", model=small_net.file("small.onnx"))
    assert ended.status == 0, ended.stderr
    expected = small_net.scores(small_net.seeded(3, 5))
    np.testing.assert_allclose(small_net.as_scores(ended.outputs, 3), expected, rtol=1e-5)


def test_a_float32_network_is_computed_in_float32(openvino: Start) -> None:
    ready = openvino("--batch", "1", model=small_net.file("small.onnx")).journal.ready
    assert ready is not None
    assert ready.note.startswith("nodes by precision: f32 ")
    assert "16" not in ready.note
    assert ready.nodes["CPU"] >= 2


def test_an_int8_network_is_computed_in_integers(openvino: Start) -> None:
    ended = openvino("--seed", "5", "--batch", "2", model=small_net.file("small_int8.onnx"))
    ready = ended.journal.ready
    assert ready is not None
    assert "8" in ready.note.split("precision: ")[1]
    scores = small_net.as_scores(ended.outputs, 2)
    expected = small_net.scores(small_net.seeded(2, 5))
    np.testing.assert_allclose(scores, expected, atol=0.05 * np.abs(expected).max())


def test_a_data_set_is_inferred_record_by_record(openvino: Start, tmp_path: Path) -> None:
    images = small_net.seeded(4, 8)
    (tmp_path / "set").write_bytes(images.tobytes())
    ended = openvino("--count", "4", model=small_net.file("small.onnx"), dataset=tmp_path / "set")
    scores = small_net.as_scores(ended.outputs, 4)
    np.testing.assert_allclose(scores, small_net.scores(images), rtol=1e-5)


def test_what_it_cannot_do_is_named(openvino: Start, tmp_path: Path) -> None:
    ended = openvino("--batch", "3", model=small_net.file("fixed.onnx"))
    assert "fixed leading dimension of 2; a batch of 3 was asked for" in ended.error[1]
    assert openvino("--accelerator", "gpu").error[0] == "ACCELERATOR_UNAVAILABLE"
    (tmp_path / "not.onnx").write_bytes(b"not really a model")
    assert openvino(model=tmp_path / "not.onnx").error[0] == "MODEL_REFUSED"
