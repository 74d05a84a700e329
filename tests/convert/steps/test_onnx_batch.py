from pathlib import Path

import numpy as np
import onnx

from ibd_mobile.convert.steps import onnx_batch, onnx_network

from .conftest import onnx_classifier


def test_a_batch_that_is_set_is_set_at_both_ends_and_inside(tmp_path: Path) -> None:
    model = onnx.load(onnx_classifier(tmp_path / "net.onnx"))
    onnx_batch.settle(model, "picture", [4, 3, 16, 16])
    ends = [*model.graph.input, *model.graph.output]
    assert [onnx_network.shape(value) for value in ends] == [[4, 3, 16, 16], [4, 10]]
    inside = {value.name: onnx_network.shape(value) for value in model.graph.value_info}
    assert inside["flat"] == [4, 512]


def test_an_opened_batch_runs_with_any(tmp_path: Path) -> None:
    path = onnx_classifier(tmp_path / "net.onnx", batch=2)
    model = onnx.load(path)
    onnx_batch.open_up(model, "picture")
    samples = np.random.default_rng(1).normal(size=(4, 3, 16, 16)).astype(np.float32)
    opened = onnx_network.Network(model.SerializeToString())
    assert opened.inputs[0].shape == [-1, 3, 16, 16]
    (expected,) = onnx_network.Network(path).run(samples, 2)
    assert np.allclose(opened.run(samples, 4)[0], expected, atol=1e-5)
