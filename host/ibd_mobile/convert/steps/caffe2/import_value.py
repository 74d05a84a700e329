"""From Caffe2 operators to ONNX operators: number by number, by channel, and matrices."""

import math

import numpy as np

from ibd_mobile.convert.steps.caffe2.importing import Import, Translator, of_pictures
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.step import Refused

_INFERENCE = "Take the net that was exported for inference."


def simple(kind: str) -> Translator:
    """Make a translator for operators that differ in their name only."""

    def translate(into: Import, op: Op) -> None:
        into.add(op, kind, [into.blob(name) for name in op.inputs], op.outputs[0])

    return translate


def _spatial_bn(into: Import, op: Op, inputs: list[str], output: str) -> None:
    if not op.args.integer("is_test", 0) or len(inputs) != 5:
        raise Refused(f"{op.where}: it normalises by the batch at hand (is_test is not set)",
                      _INFERENCE)  # fmt: skip
    channels = into.shape(inputs[0])[1]
    if any(into.shape(name) != [channels] for name in inputs[1:]):
        raise Refused(f"{op.where}: its statistics do not fit {channels} channels")
    into.add(op, "BatchNormalization", inputs, output, epsilon=op.args.real("epsilon", 1e-5))


def _dropout(into: Import, op: Op) -> None:
    if not op.args.integer("is_test", 0):
        raise Refused(f"{op.where}: it drops numbers at random (is_test is not set)", _INFERENCE)
    into.add(op, "Identity", [into.blob(op.inputs[0])], op.outputs[0])


def _lrn(into: Import, op: Op, inputs: list[str], output: str) -> None:
    size = op.args.integer("size", 0)
    if size < 1 or size % 2 == 0:
        raise Refused(f"{op.where}: its size {size} is not odd")
    into.add(
        op, "LRN", inputs, output, size=size, alpha=op.args.real("alpha", 0),
        beta=op.args.real("beta", 0), bias=op.args.real("bias", 1),
    )  # fmt: skip


def _prelu(into: Import, op: Op) -> None:
    picture = into.blob(op.inputs[0])
    slope, rank = into.weight(op, 1), len(into.shape(picture))
    behind = rank - 2 if op.order() == "NCHW" and slope.size > 1 else 0
    along = slope.reshape(-1, *[1] * behind)
    name = into.constant(f"{op.inputs[1]}__along{behind}", along)
    into.add(op, "PRelu", [picture, name], op.outputs[0])


def _leaky_relu(into: Import, op: Op) -> None:
    alpha = op.args.real("alpha", 0.01)
    into.add(op, "LeakyRelu", [into.blob(op.inputs[0])], op.outputs[0], alpha=alpha)


def _clip(into: Import, op: Op) -> None:
    limits = [
        into.constant(f"{op.outputs[0]}__{name}", np.array(op.args.real(name, 0), np.float32))
        if name in op.args
        else ""
        for name in ("min", "max")
    ]
    into.add(op, "Clip", [into.blob(op.inputs[0]), *limits], op.outputs[0])


def _fully_connected(is_transposed: bool) -> Translator:
    def translate(into: Import, op: Op) -> None:
        x, weights = into.blob(op.inputs[0]), into.weight(op, 1)
        rank = len(into.shape(x))
        axis, split = op.args.integer("axis", 1) % rank, op.args.integer("axis_w", 1)
        matrix = weights.reshape(math.prod(weights.shape[: split % weights.ndim]), -1)
        into.weight(op, 2)
        bias = into.blob(op.inputs[2])
        if axis > 1 or axis == 0:
            _product(into, op, x, matrix if is_transposed else matrix.T)
            return
        same = matrix.shape == weights.shape
        name = into.constant(op.inputs[1] if same else f"{op.inputs[1]}__matrix", matrix)
        if rank > 2:
            x = into.add(op, "Flatten", [x], f"{op.outputs[0]}__flat", axis=1)
        into.add(op, "Gemm", [x, name, bias], op.outputs[0], transB=int(not is_transposed))

    return translate


def _product(into: Import, op: Op, x: str, matrix: np.ndarray) -> None:  # type: ignore[type-arg]
    """Multiply what lies behind the axis; what lies before it stays as it is."""
    axis, output = op.args.integer("axis", 1) % len(into.shape(x)), op.outputs[0]
    if axis < len(into.shape(x)) - 1:
        shape = into.integers(op, "rows", [*[0] * axis, matrix.shape[0]])
        x = into.add(op, "Reshape", [x, shape], f"{output}__flat")
    name = into.constant(f"{op.inputs[1]}__columns", matrix)
    product = into.add(op, "MatMul", [x, name], f"{output}__product")
    into.add(op, "Add", [product, into.blob(op.inputs[2])], output)


def _matmul(into: Import, op: Op) -> None:
    factors = []
    for side, name in zip("ab", op.inputs, strict=True):
        factor = into.blob(name)
        axis = op.args.integer(f"axis_{side}", 1)
        if len(into.shape(factor)) != 2 or axis != 1:
            made = f"{op.outputs[0]}__{side}"
            factor = into.add(op, "Flatten", [factor], made, axis=axis)
        factors.append(factor)
    _multiplied(into, op, factors)


def _batch_matmul(into: Import, op: Op) -> None:
    _multiplied(into, op, [into.blob(name) for name in op.inputs])


def _multiplied(into: Import, op: Op, factors: list[str]) -> None:
    for k, side in enumerate("ab"):
        if op.args.integer(f"trans_{side}", 0):
            *others, rows, columns = range(len(into.shape(factors[k])))
            made = f"{op.outputs[0]}__{side}t"
            perm = [*others, columns, rows]
            factors[k] = into.add(op, "Transpose", [factors[k]], made, perm=perm)
    into.add(op, "MatMul", factors, op.outputs[0])


def _softmax(into: Import, op: Op) -> None:
    """Translate the softmax over all axes from one on."""
    x, output = into.blob(op.inputs[0]), op.outputs[0]
    shape = into.shape(x)
    axis = op.args.integer("axis", 1) % len(shape)
    if all(d == 1 for d in shape[axis + 1 :]):
        into.add(op, "Softmax", [x], output, axis=axis)
        return
    rows = into.add(op, "Flatten", [x], f"{output}__rows", axis=axis)
    soft = into.add(op, "Softmax", [rows], f"{output}__soft", axis=1)
    old = into.add(op, "Shape", [x], f"{output}__shape")
    into.add(op, "Reshape", [soft, old], output)


def _binary(kind: str) -> Translator:
    def translate(into: Import, op: Op) -> None:
        a, b = (into.blob(name) for name in op.inputs)
        if op.args.integer("broadcast", 0):
            b = _along(into, op, a, b)
        into.add(op, kind, [a, b], op.outputs[0])

    return translate


def _along(into: Import, op: Op, a: str, b: str) -> str:
    """Give the smaller tensor the ones that lay it where the argument broadcast = 1 means."""
    shape, rank = into.shape(b), len(into.shape(a))
    axis = op.args.integer("axis", -1)
    letter = op.args.text("axis_str", "")
    if axis == -1 and letter:
        axis = op.order().find(letter)
    elif axis == -1:
        axis = rank - len(shape)
    if all(d == 1 for d in shape):
        new = [1]
    elif 0 <= axis <= rank - len(shape):
        new = [*shape, *[1] * (rank - len(shape) - axis)]
    else:
        raise Refused(f"{op.where}: {shape} cannot lie along axis {axis} of {rank}")
    if new == shape:
        return b
    if b in into.net.weights:
        name = f"{b}__{'x'.join(str(d) for d in new)}"
        return into.constant(name, into.net.weights[b].reshape(new))
    axes = into.integers(op, "axes", list(range(len(shape), len(new))))
    return into.add(op, "Unsqueeze", [b, axes], f"{op.outputs[0]}__b")


TRANSLATORS: dict[str, Translator] = {
    "Add": _binary("Add"),
    "Alias": simple("Identity"),
    "BatchMatMul": _batch_matmul,
    "Clip": _clip,
    "Copy": simple("Identity"),
    "Div": _binary("Div"),
    "Dropout": _dropout,
    "FC": _fully_connected(is_transposed=False),
    "FCTransposed": _fully_connected(is_transposed=True),
    "LRN": of_pictures(_lrn),
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "Mul": _binary("Mul"),
    "PRelu": _prelu,
    "Relu": simple("Relu"),
    "Sigmoid": simple("Sigmoid"),
    "Softmax": _softmax,
    "SpatialBN": of_pictures(_spatial_bn),
    "StopGradient": simple("Identity"),
    "Sub": _binary("Sub"),
    "Sum": simple("Sum"),
    "Tanh": simple("Tanh"),
}
