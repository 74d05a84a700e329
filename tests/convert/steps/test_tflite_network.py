from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from ibd_mobile.convert.steps import tflite_network
from ibd_mobile.convert.steps.step import Refused, Request

from .conftest import ROOT

MINI = ROOT / "models" / "mini"


def classifier(precision: str, **options: Any) -> tflite_network.Network:
    path = MINI / f"shapes_classifier_pytorch_{precision}.tflite"
    return tflite_network.Network(path, Interpreter, **options)


@pytest.fixture
def samples() -> Any:
    info = classifier("float32").inputs[0]
    return np.random.default_rng(1).uniform(size=(4, *info.shape[1:])).astype(np.float32)


def test_integers_are_fed_and_read_as_real_numbers(samples: Any) -> None:
    plain, rounded = classifier("float32"), classifier("int8")
    assert rounded.inputs[0].dtype == "int8"
    assert rounded.inputs[0].scale is not None
    (exact,), (near,) = plain.run(samples, 2), rounded.run(samples, 2)
    assert near.dtype == np.float32
    assert abs(near - exact).max() < 0.3 * np.ptp(exact)


def test_the_size_of_groups_changes_nothing(samples: Any) -> None:
    one, all_at_once = (classifier("float32").run(samples, size)[0] for size in (1, 4))
    assert np.allclose(one, all_at_once, atol=1e-5)


def test_inner_tensors_come_in_the_order_in_which_they_are_made(samples: Any) -> None:
    inner = classifier("float32", is_kept=True).inner(samples[:2])
    (logits,) = classifier("float32").run(samples[:2], 2)
    assert np.allclose(list(inner.values())[-1], logits, atol=1e-5)
    assert len(inner) > 5


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    content = (MINI / "shapes_classifier_pytorch_float32.tflite").read_bytes()
    (tmp_path / "half.tflite").write_bytes(content[: len(content) // 2])
    with pytest.raises(Refused, match=r"half\.tflite cannot be loaded"):
        tflite_network.Network(tmp_path / "half.tflite", Interpreter)


def test_a_precision_that_tflite_lacks_is_refused() -> None:
    with pytest.raises(Refused, match="no bfloat16"):
        tflite_network.refuse_other_precisions(Request({}, "", "", precision="bfloat16"))
