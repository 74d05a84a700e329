# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["onnx==1.23.2", "onnxruntime==1.31.1", "protobuf==7.36.2", "numpy"]
# ///
"""ONNX → Caffe2: two NetDefs, one that makes the weights and one that computes.

The file to make ends in `_init.pb`; its companion, role "predict", ends in `_predict.pb`.
"""

import sys
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import step
from ibd_mobile.convert.steps.caffe2 import export_shape as caffe2_export_shape
from ibd_mobile.convert.steps.caffe2 import export_window as caffe2_export_window
from ibd_mobile.convert.steps.caffe2 import exporting as caffe2_export
from ibd_mobile.convert.steps.caffe2 import graph as caffe2_graph
from ibd_mobile.convert.steps.caffe2 import onnx as caffe2_onnx
from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.caffe2.exporting import Export
from ibd_mobile.convert.steps.caffe2.onnx import Graph
from ibd_mobile.convert.steps.caffe2.writer import NetWriter
from ibd_mobile.convert.steps.step import Refused

INIT, PREDICT = "_init.pb", "_predict.pb"
TRANSLATORS = {
    **caffe2_export.TRANSLATORS,
    **caffe2_export_shape.TRANSLATORS,
    **caffe2_export_window.TRANSLATORS,
}
_INNER_SAMPLES = 2  #: enough to see where two networks part


def convert(request: step.Request) -> step.Made:
    """Write both nets and run them beside the source.

    Raises:
        Refused: the source is no whole ONNX network, or has an operator that Caffe2 lacks.
    """
    if request.precision != "float32":
        raise Refused(f"a Caffe2 net in {request.precision} cannot be made", "Ask for float32.")
    if not request.file.endswith(INIT):
        raise Refused(f"the file {request.file} does not end in {INIT}")
    model = caffe2_onnx.read(Path(request.source["model"]))
    graph = caffe2_onnx.graph(model, list(step.samples(request).shape[1:]))
    predict = request.file.removesuffix(INIT) + PREDICT
    writer = translate(graph)
    caffe2_schema.write(request.target, writer.init)
    caffe2_schema.write(request.target.with_name(predict), writer.predict)
    net = caffe2_graph.load(request.target, request.target.with_name(predict), {})
    _compare(request, model, net)
    return step.Made(
        inputs=[_info(graph, graph.input)],
        outputs=[_info(graph, name) for name in graph.outputs],
        layout=_layout(graph),
        batch=graph.batch,
        companions={"predict": predict},
        inner=_compare_inner(request, model, net) if request.is_to_locate else [],
        notes=net.notes,
    )


def translate(graph: Graph) -> NetWriter:
    """Translate every operator.

    Raises:
        Refused: one has no Caffe2 counterpart; names it.
    """
    export = Export(graph, NetWriter(graph.name))
    for node in graph.nodes:
        if node.outputs[0] in export.done:
            continue
        translator = TRANSLATORS.get(node.type)
        if translator is None:
            raise Refused(f"{node.where}: the operator {node.type} has no Caffe2 counterpart here")
        translator(export, node)
    export.writer.close(graph.input, graph.outputs)
    return export.writer


def _compare(request: step.Request, model: Any, net: caffe2_graph.Net) -> None:
    x = step.samples(request)
    batch = _fixed_batch(model)
    source = caffe2_session.outputs(caffe2_session.session(model), x, batch)
    step.write_compared(request, source, caffe2_run.run_all(net, x, batch))


def _fixed_batch(model: Any) -> int:
    weights = {tensor.name for tensor in model.graph.initializer}
    taken = next(i for i in model.graph.input if i.name not in weights)
    dims = taken.type.tensor_type.shape.dim
    return int(dims[0].dim_value) if dims and dims[0].HasField("dim_value") else -1


def _compare_inner(request: step.Request, model: Any, net: caffe2_graph.Net) -> list[str]:
    blobs = list(dict.fromkeys(op.outputs[0] for op in net.ops))
    names = {name for node in model.graph.node for name in node.output}
    batch = _fixed_batch(model)
    x = step.samples(request)[: max(batch, _INNER_SAMPLES)]
    shared = [blob for blob in blobs if blob in names]
    opened = caffe2_session.session(model, shared)
    order = [output.name for output in opened.get_outputs()]
    source = dict(
        zip(order, caffe2_session.run(opened, opened.get_inputs()[0].name, x), strict=True)
    )
    target = caffe2_run.run(net, x, shared)
    kept = [name for name in shared if source[name].shape == target[name].shape]
    step.write_inner(request, [source[n] for n in kept], [target[n] for n in kept])
    return kept


def _info(graph: Graph, name: str) -> step.TensorInfo:
    return step.TensorInfo(name, "float32", graph.shapes[name])


def _layout(graph: Graph) -> str:
    """Say how the picture lies; networks of TensorFlow begin by turning it."""
    first = graph.readers[graph.input][0]
    is_turned = list(first.attributes.get("perm", [])) == [0, 3, 1, 2]
    return "NHWC" if is_turned else "NCHW"


if __name__ == "__main__":
    sys.exit(step.main(convert, ["onnx", "onnxruntime", "protobuf", "numpy"]))
