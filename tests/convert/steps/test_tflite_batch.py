import shutil
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from ibd_mobile.convert.steps import tflite_batch
from ibd_mobile.convert.steps.step import Refused
from ibd_mobile.convert.steps.tflite_network import Network

from .conftest import NETWORKS


def test_an_opened_batch_can_be_set_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.tflite"
    shutil.copyfile(NETWORKS / "classifier_batch_1.tflite", path)
    samples = np.random.default_rng(1).normal(size=(4, 16, 16, 3)).astype(np.float32)
    before = Network(path, Interpreter)
    assert before.inputs[0].shape == [1, 16, 16, 3]
    with pytest.raises(Refused, match="cannot be prepared for a batch of 2"):
        before.run(samples, 2)
    (expected,) = Network(path, Interpreter).run(samples, 1)
    tflite_batch.open_up(path)
    after = Network(path, Interpreter)
    assert after.inputs[0].shape == [-1, 16, 16, 3]
    assert after.outputs[0].shape == [-1, 10]
    for size in (1, 2, 4):
        assert np.allclose(after.run(samples, size)[0], expected, atol=1e-5)
