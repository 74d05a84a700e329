"""From ONNX operators to Caffe2 operators: what computes number by number, and matrices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2.onnx import Graph, Node
from ibd_mobile.convert.steps.caffe2.writer import NetWriter, Value
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]


@dataclass
class Export:
    """A translation under way."""

    graph: Graph
    writer: NetWriter
    done: set[str] = field(default_factory=set)  #: outputs that an earlier operator makes already
    written: set[str] = field(default_factory=set)  #: weights

    def emit(
        self, node: Node, kind: str, inputs: list[str] | None = None, /, **args: Value
    ) -> None:
        """Add an operator that makes the node's first output."""
        read = [self.blob(n) for n in node.inputs if n] if inputs is None else inputs
        self.writer.op(kind, read, [node.outputs[0]], **args)

    def blob(self, name: str) -> str:
        """Return the blob of an ONNX tensor; a constant becomes a weight when it is first read."""
        if name in self.graph.constants:
            return self.weight(name, self.graph.constants[name])
        return name

    def weight(self, name: str, values: Array) -> str:
        """Add weights under a name that nothing else has; twice the same is written once."""
        if name not in self.written:
            self.written.add(name)
            self.writer.weight(name, values)
        return name

    def shape(self, name: str) -> list[int]:
        """Return the shape of a tensor, as in `Graph.shapes`."""
        if name in self.graph.constants:
            return list(self.graph.constants[name].shape)
        return self.graph.shapes[name]


Translator = Callable[[Export, Node], None]


def simple(kind: str) -> Translator:
    """Make a translator for operators that differ in their name only."""

    def translate(export: Export, node: Node) -> None:
        export.emit(node, kind)

    return translate


def _batch_norm(export: Export, node: Node) -> None:
    if node.attributes.get("training_mode", 0) or len(export.shape(node.inputs[0])) < 3:
        raise Refused(f"{node.where}: only that of pictures, in inference, has a Caffe2 operator")
    for k in range(1, 5):
        export.graph.constant(node, k)
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    export.emit(node, "SpatialBN", is_test=1, epsilon=epsilon, order="NCHW")


def _clip(export: Export, node: Node) -> None:
    limits: dict[str, Value] = {}
    for k, name in enumerate(("min", "max"), start=1):
        limit = node.attributes.get(name, export.graph.constant(node, k))
        if limit is not None:
            limits[name] = float(limit)
    export.emit(node, "Clip", [node.inputs[0]], **limits)


def _leaky_relu(export: Export, node: Node) -> None:
    export.emit(node, "LeakyRelu", alpha=float(node.attributes.get("alpha", 0.01)))


def _prelu(export: Export, node: Node) -> None:
    slope, shape = export.graph.constant(node, 1), export.shape(node.inputs[0])
    by_channel = [shape[1], *[1] * len(shape[2:])]
    if slope is None or (slope.size != 1 and list(slope.shape) != by_channel):
        raise Refused(f"{node.where}: its slopes are not one per channel")
    name = export.weight(f"{node.inputs[1]}__flat", slope.ravel())
    export.emit(node, "PRelu", [node.inputs[0], name])


def _softmax(export: Export, node: Node) -> None:
    shape = export.shape(node.inputs[0])
    is_new = export.graph.opset >= 13
    axis = int(node.attributes.get("axis", -1 if is_new else 1)) % len(shape)
    if is_new and any(d != 1 for d in shape[axis + 1 :]):
        raise Refused(f"{node.where}: Caffe2 has it along the last axis only")
    export.emit(node, "Softmax", axis=axis)


def _lrn(export: Export, node: Node) -> None:
    a = node.attributes
    export.emit(
        node, "LRN", size=int(a["size"]), alpha=float(a.get("alpha", 1e-4)),
        beta=float(a.get("beta", 0.75)), bias=float(a.get("bias", 1.0)), order="NCHW",
    )  # fmt: skip


def _gemm(export: Export, node: Node) -> None:
    a = node.attributes
    weights, bias = export.graph.constant(node, 1), export.graph.constant(node, 2)
    if weights is None or a.get("transA", 0):
        raise Refused(f"{node.where}: its first matrix is transposed")
    alpha, beta = float(a.get("alpha", 1.0)), float(a.get("beta", 1.0))
    name, bias_name = node.inputs[1], node.inputs[2] if bias is not None else ""
    if not a.get("transB", 0) or alpha != 1:
        weights = (weights if a.get("transB", 0) else weights.T) * np.float32(alpha)
        name = f"{name}__fc"
    if bias is None or bias.shape != (len(weights),) or beta != 1:
        bias = np.broadcast_to(np.float32(beta) * (0 if bias is None else bias), (1, len(weights)))
        bias, bias_name = bias[0].astype(np.float32), f"{node.outputs[0]}__bias"
    blobs = [node.inputs[0], export.weight(name, weights), export.weight(bias_name, bias)]
    export.emit(node, "FC", blobs)


def _matmul(export: Export, node: Node) -> None:
    ranks = [len(export.shape(name)) for name in node.inputs]
    weights = export.graph.constants.get(node.inputs[1])
    if weights is None or weights.ndim != 2 or node.inputs[0] in export.graph.constants:
        if min(ranks) < 2 or ranks[0] != ranks[1]:
            raise Refused(f"{node.where}: it multiplies tensors of {ranks} dimensions")
        export.emit(node, "MatMul" if ranks == [2, 2] else "BatchMatMul")
        return
    output, bias = _added(export, node, weights.shape[1])
    blobs = [
        node.inputs[0],
        export.weight(f"{node.inputs[1]}__fc", np.ascontiguousarray(weights.T)),
        export.weight(f"{output}__bias", bias),
    ]
    args: dict[str, Value] = {} if ranks[0] == 2 else {"axis": ranks[0] - 1}
    export.writer.op("FC", blobs, [output], **args)


def _added(export: Export, node: Node, count: int) -> tuple[str, Array]:
    """Find the addition of a bias behind a product; return whose output it is, and the bias."""
    product = node.outputs[0]
    readers = export.graph.readers.get(product, [])
    if len(readers) == 1 and readers[0].type == "Add" and product not in export.graph.outputs:
        for name in readers[0].inputs:
            bias = export.graph.constants.get(name)
            if bias is not None and bias.size == count and bias.shape[-1] == count:
                export.done.add(readers[0].outputs[0])
                return readers[0].outputs[0], bias.reshape(count)
    return product, np.zeros(count, np.float32)


def _binary(kind: str, is_commutative: bool) -> Translator:
    def translate(export: Export, node: Node) -> None:
        a, b = node.inputs
        if is_commutative and a in export.graph.constants:
            a, b = b, a
        constant = export.graph.constants.get(b)
        if constant is not None and a not in export.graph.constants:
            _with_constant(export, node, kind, (a, b))
        elif kind == "Add" and export.shape(a) == export.shape(b):
            export.emit(node, "Sum", [a, b])
        else:
            export.emit(node, kind, [export.blob(a), export.blob(b)])

    return translate


def _with_constant(export: Export, node: Node, kind: str, names: tuple[str, str]) -> None:
    """Emit the old form (broadcast = 1), which all versions of Caffe2 read, where it can say it."""
    a, b = names
    constant, shape = export.graph.constants[b], export.shape(a)
    axis = len(shape) - constant.ndim
    inner = list(constant.shape)
    while inner and inner[0] == 1:
        inner, axis = inner[1:], axis + 1
    while inner and inner[-1] == 1:
        inner = inner[:-1]
    if axis < 0 or (inner and inner != shape[axis : axis + len(inner)]):
        export.emit(node, kind, [a, export.blob(b)])
        return
    name = export.weight(f"{b}__flat", constant.reshape(inner or [1]))
    export.emit(node, kind, [a, name], broadcast=1, **({"axis": axis} if inner else {}))


TRANSLATORS: dict[str, Translator] = {
    "Add": _binary("Add", is_commutative=True),
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Div": _binary("Div", is_commutative=False),
    "Gemm": _gemm,
    "Identity": simple("Copy"),
    "LRN": _lrn,
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "Mul": _binary("Mul", is_commutative=True),
    "PRelu": _prelu,
    "Relu": simple("Relu"),
    "Sigmoid": simple("Sigmoid"),
    "Softmax": _softmax,
    "Sub": _binary("Sub", is_commutative=False),
    "Sum": simple("Sum"),
    "Tanh": simple("Tanh"),
}
