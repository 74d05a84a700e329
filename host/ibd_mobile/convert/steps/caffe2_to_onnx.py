# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["onnx==1.23.2", "onnxruntime==1.31.1", "protobuf==7.36.2", "numpy"]
# ///
"""Caffe2 → ONNX: two NetDefs, init and predict, become one network.

Options: the lists "inputs" and "outputs" name blobs where the nets do not tell.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from ibd_mobile.convert.steps import step
from ibd_mobile.convert.steps.caffe2 import graph as caffe2_graph
from ibd_mobile.convert.steps.caffe2 import import_shape as caffe2_import_shape
from ibd_mobile.convert.steps.caffe2 import import_value as caffe2_import_value
from ibd_mobile.convert.steps.caffe2 import import_window as caffe2_import_window
from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.caffe2.importing import BATCH, IR_VERSION, OPSET, Import
from ibd_mobile.convert.steps.caffe2.window import TWO_DIMENSIONAL
from ibd_mobile.convert.steps.step import Refused

TRANSLATORS = {
    **caffe2_import_shape.TRANSLATORS,
    **caffe2_import_value.TRANSLATORS,
    **caffe2_import_window.TRANSLATORS,
}
_INNER_SAMPLES = 2  #: enough to see where two networks part


def convert(request: step.Request) -> step.Made:
    """Translate the network and run it beside the source.

    Raises:
        Refused: a net is damaged, or holds an operator that is not known.
    """
    if request.precision != "float32":
        raise Refused(f"a Caffe2 net is not made {request.precision} here",
                      "Make it float32 first, then go on from ONNX.")  # fmt: skip
    net = caffe2_graph.load(
        Path(request.source["init"]), Path(request.source["predict"]), request.options
    )
    x = step.samples(request)
    # a net may name the batch that it was exported with: one sample is what all can take
    source = caffe2_run.run_all(net, x, max(request.batch, 1))
    into, model = translate(net, [request.batch, *x.shape[1:]])
    request.target.write_bytes(model.SerializeToString())
    target = caffe2_session.outputs(caffe2_session.session(model), x, request.batch)
    step.write_compared(request, source, target)
    return step.Made(
        inputs=[step.TensorInfo(net.input, "float32", into.shape(net.input))],
        outputs=[step.TensorInfo(o, "float32", into.shape(o)) for o in net.outputs],
        layout=_layout(net),
        batch=request.batch,
        inner=_compare_inner(request, net, model) if request.is_to_locate else [],
        notes=[*net.notes, *into.notes],
    )


def translate(net: Net, shape: list[int]) -> tuple[Import, Any]:
    """Translate every operator; return the translation and the model (ModelProto).

    Args:
        net: the Caffe2 network.
        shape: of its input, with the batch; -1 there leaves it open.

    Raises:
        Refused: an operator is not known or does not fit; names it.
    """
    from onnx import TensorProto, helper

    open_shape = [BATCH if d == -1 else d for d in shape]
    taken = helper.make_tensor_type_proto(TensorProto.FLOAT, open_shape)
    into = Import(net, {net.input: taken})
    for op in net.ops:
        translator = TRANSLATORS.get(TWO_DIMENSIONAL.get(op.type, op.type))
        if translator is None:
            raise Refused(f"{op.where}: the operator {op.type} is not known here",
                          f"Known are {', '.join(sorted(TRANSLATORS))}.")  # fmt: skip
        translator(into, op)
    return into, _model(into)


def _model(into: Import) -> Any:
    import onnx
    from onnx import helper, numpy_helper

    def described(name: str) -> Any:
        return helper.make_value_info(name, into.types[name])

    net = into.net
    weights = [numpy_helper.from_array(a, name) for name, a in into.constants.items()]
    inner = [n for node in into.nodes for n in node.output if n not in net.outputs]
    graph = helper.make_graph(
        into.nodes, net.name, [described(net.input)], [described(o) for o in net.outputs],
        weights, value_info=[described(n) for n in inner],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise Refused(f"net {net.name!r} gives no valid ONNX network: {error}") from error
    return model


def _layout(net: Net) -> str:
    """Say how the picture lies: as the first operator with an order says."""
    ordered = (op for op in net.ops if "order" in op.args and net.input in op.inputs)
    first = next(ordered, None)
    return first.order() if first else "NCHW"


def _compare_inner(request: step.Request, net: Net, model: Any) -> list[str]:
    x = step.samples(request)[: max(request.batch, _INNER_SAMPLES)]
    names = {name for node in model.graph.node for name in node.output}
    wanted = [o for o in dict.fromkeys(op.outputs[0] for op in net.ops) if o in names]
    opened = caffe2_session.session(model, wanted)
    order = [output.name for output in opened.get_outputs()]
    made = dict(zip(order, caffe2_session.run(opened, net.input, x), strict=True))
    chunks = caffe2_session.chunks(len(x), max(request.batch, 1))
    runs = [caffe2_run.run(net, x[chunk], wanted) for chunk in chunks]
    source = {n: np.concatenate([run[n] for run in runs]) for n in wanted}
    kept = [n for n in wanted if source[n].shape == made[n].shape]
    step.write_inner(request, [source[n] for n in kept], [made[n] for n in kept])
    return kept


if __name__ == "__main__":
    sys.exit(step.main(convert, ["onnx", "onnxruntime", "protobuf", "numpy"]))
