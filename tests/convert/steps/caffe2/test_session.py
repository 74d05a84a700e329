from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random


def model(batch: int | str, kind: str = "Tanh") -> Any:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node(kind, ["a"], ["y"])]
    graph = helper.make_graph(nodes, "g", [value], [out])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_an_open_batch_is_tried_with_several_sizes() -> None:
    assert [len(c) for c in caffe2_session.chunks(10, -1)] == [1, 4, 4, 1]


def test_a_fixed_batch_is_filled_up() -> None:
    chunks = list(caffe2_session.chunks(5, 3))
    assert [c.tolist() for c in chunks] == [[0, 1, 2], [3, 4, 4]]


@pytest.mark.parametrize(("declared", "batch"), [("N", -1), (4, 4), (3, 3)])
def test_all_samples_come_out_in_order(declared: int | str, batch: int) -> None:
    x = random(10, 3)
    (y,) = caffe2_session.outputs(caffe2_session.session(model(declared)), x, batch)
    np.testing.assert_allclose(y, np.tanh(np.maximum(x, 0)), rtol=1e-6)


def test_inner_tensors_become_outputs_without_a_change_of_the_model() -> None:
    made = model("N")
    opened = caffe2_session.session(made, ["a", "y"])
    assert [o.name for o in opened.get_outputs()] == ["y", "a"]
    assert [o.name for o in made.graph.output] == ["y"]


def test_a_network_that_the_runtime_does_not_take_is_refused() -> None:
    with pytest.raises(Refused, match="ONNX Runtime does not take the network"):
        caffe2_session.session(model("N", "NoSuchOperator"))


def test_a_batch_that_is_not_open_is_found_out() -> None:
    opened = caffe2_session.session(model(1))
    with pytest.raises(Refused, match="stopped with 4 samples at once"):
        caffe2_session.outputs(opened, random(10, 3), -1)
