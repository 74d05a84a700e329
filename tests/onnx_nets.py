"""Small ONNX networks for tests of what reads them."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ibd_mobile.convert.steps.caffe2 import graph as caffe2_graph
from ibd_mobile.convert.steps.caffe2 import onnx as caffe2_onnx
from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.onnx_to_caffe2 import translate
from tests.caffe2_nets import agree

Array = NDArray[Any]


def model(
    nodes: Sequence[Any],
    constants: dict[str, Array],
    shape: Sequence[int | str],
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
) -> Any:
    """Build a ModelProto that takes `x` of that shape."""
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    made = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs]
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    graph = helper.make_graph(nodes, "net", [taken], made, weights)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def node(kind: str, inputs: Sequence[str], output: str = "y", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], **attributes)


def exported(made: Any, sample: Sequence[int]) -> Net:
    """Translate, write and read back."""
    writer = translate(caffe2_onnx.graph(made, list(sample)))
    with tempfile.TemporaryDirectory() as folder:
        init, predict = Path(folder) / "init.pb", Path(folder) / "predict.pb"
        caffe2_schema.write(init, writer.init)
        caffe2_schema.write(predict, writer.predict)
        return caffe2_graph.load(init, predict, {})


def returns(made: Any, x: Array, tolerance: float = 2e-5) -> Net:
    """Export, and import again: all three networks must say the same."""
    net = exported(made, x.shape[1:])
    expected = caffe2_session.run(caffe2_session.session(made), "x", x)
    there = caffe2_run.run(net, x)
    for name, array in zip(net.outputs, expected, strict=True):
        assert there[name].shape == array.shape, name
        np.testing.assert_allclose(there[name], array, rtol=tolerance, atol=tolerance)
    agree(net, x, tolerance)
    return net
