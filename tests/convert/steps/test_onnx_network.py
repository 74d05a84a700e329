from pathlib import Path

import numpy as np
import onnx
import pytest

from ibd_mobile.convert.steps import onnx_network
from ibd_mobile.convert.steps.step import Refused

from .conftest import onnx_classifier


def test_weights_in_another_file_are_not_followed(tmp_path: Path) -> None:
    model = onnx.load(onnx_classifier(tmp_path / "whole.onnx"))
    onnx.save(
        model, tmp_path / "split.onnx", save_as_external_data=True, size_threshold=0,
        location="weights.bin",
    )  # fmt: skip
    with pytest.raises(Refused, match=r"split\.onnx keeps the tensor stem_w in another file"):
        onnx_network.read(tmp_path / "split.onnx")


def test_weights_among_the_inputs_are_not_fed(tmp_path: Path) -> None:
    path = onnx_classifier(tmp_path / "old.onnx")
    model = onnx.load(path)
    kind = onnx.TensorProto.FLOAT
    model.graph.input.insert(0, onnx.helper.make_tensor_value_info("dense_b", kind, [10]))
    assert onnx_network.only_input(model, path).name == "picture"
    model.graph.input.append(onnx.helper.make_tensor_value_info("mask", kind, [1]))
    with pytest.raises(Refused, match=r"old\.onnx has 2 inputs"):
        onnx_network.only_input(model, path)


def test_a_batch_that_is_not_really_open_shows(tmp_path: Path) -> None:
    path = onnx_classifier(tmp_path / "stuck.onnx")
    model = onnx.load(path)
    flatten = next(node for node in model.graph.node if node.op_type == "Flatten")
    flatten.op_type = "Reshape"
    flatten.input.append("one")
    model.graph.initializer.append(
        onnx.numpy_helper.from_array(np.array([1, 512], np.int64), "one")
    )
    del flatten.attribute[:]
    onnx.save(model, path)
    samples = np.zeros((4, 3, 16, 16), np.float32)
    with pytest.raises(Refused, match="does not run with a batch of 3"):
        onnx_network.Network(path).run(samples, 3)


def test_inner_tensors_are_those_of_the_graph_in_its_order(tmp_path: Path) -> None:
    model = onnx.load(onnx_classifier(tmp_path / "net.onnx"))
    found = onnx_network.inner(model, np.ones((2, 3, 16, 16), np.float32))
    assert list(found) == ["stem", "stem_relu", "deep", "sum", "sum_relu", "flat", "logits"]
    assert np.array_equal(found["stem_relu"], np.maximum(found["stem"], 0))
