"""Runs a Caffe2 network on NumPy: what its operators mean, by their definitions.

Written apart from the importer, so that the two can be compared with each other.
"""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps import caffe2_run_shape, caffe2_run_window, caffe2_session
from ibd_mobile.convert.steps.caffe2_graph import Net
from ibd_mobile.convert.steps.caffe2_op import Op
from ibd_mobile.convert.steps.caffe2_weights import Blobs
from ibd_mobile.convert.steps.caffe2_window import TWO_DIMENSIONAL
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
#: what an operator makes of its inputs; a list where it has several outputs
Kernel = Callable[[Op, list[Array]], Array | list[Array]]


def run(net: Net, x: Array, keep: Collection[str] = ()) -> Blobs:
    """Run a network.

    Args:
        net: the network.
        x: (n, …) float32, what its input takes.
        keep: names of further blobs that are wanted.

    Returns:
        The outputs, and what `keep` names.

    Raises:
        Refused: an operator is not known or does not fit its inputs; names it.
    """
    readers = Counter(blob for op in net.ops for blob in op.inputs)
    readers.update([*net.outputs, *keep])
    blobs: Blobs = {**net.weights, net.input: x}
    for op in net.ops:
        made = _run_one(op, [blobs[blob] for blob in op.inputs])
        blobs.update(zip(op.outputs, made, strict=False))
        readers.subtract(op.inputs)
        for blob in (*op.inputs, *op.outputs):
            if readers[blob] <= 0:
                blobs.pop(blob, None)
    missing = [blob for blob in net.outputs if blob not in blobs]
    if missing:
        raise Refused(f"net {net.name!r}: its output {missing[0]!r} cannot be computed here")
    return {blob: blobs[blob] for blob in (*net.outputs, *keep) if blob in blobs}


def run_all(net: Net, x: Array, batch: int) -> list[Array]:
    """Run all samples and return the outputs, each (n, …).

    Args:
        net: the network.
        x: (n, …) float32 samples.
        batch: what the network takes at once; -1: anything, and then several sizes are tried.

    Raises:
        Refused: as `run`.
    """
    parts = [run(net, x[chunk]) for chunk in caffe2_session.chunks(len(x), batch)]
    return [np.concatenate([part[name] for part in parts])[: len(x)] for name in net.outputs]


def _run_one(op: Op, inputs: list[Array]) -> list[Array]:
    kernel = KERNELS.get(TWO_DIMENSIONAL.get(op.type, op.type))
    if kernel is None:
        raise Refused(
            f"{op.where}: the operator {op.type} is not known here",
            "Take a network without it; docs/measuring.md lists the operators that are known.",
        )
    try:
        made = kernel(op, inputs)
    except (ValueError, IndexError, TypeError) as error:
        shapes = ", ".join(str(x.shape) for x in inputs)
        raise Refused(f"{op.where}: it does not fit its inputs {shapes}: {error}") from error
    return made if isinstance(made, list) else [made]


def _channels_first(kernel: Kernel, has_weights: bool = False) -> Kernel:
    """Let a kernel that knows only channels first run on pictures of either order."""

    def either(op: Op, inputs: list[Array]) -> Array | list[Array]:
        if op.order() == "NCHW":
            return kernel(op, inputs)
        turned = 2 if has_weights else 1
        turned_inputs = [x.transpose(0, 3, 1, 2) for x in inputs[:turned]]
        made = kernel(op, [*turned_inputs, *inputs[turned:]])
        first, *others = made if isinstance(made, list) else [made]
        return [first.transpose(0, 2, 3, 1), *others]

    return either


def _conv(op: Op, inputs: list[Array]) -> Array:
    x, weights, *bias = inputs
    return caffe2_run_window.convolve(op, x, weights, bias[0] if bias else None)


def _conv_transpose(op: Op, inputs: list[Array]) -> Array:
    x, weights, *bias = inputs
    return caffe2_run_window.spread(op, x, weights, bias[0] if bias else None)


def _spatial_bn(op: Op, inputs: list[Array]) -> Array:
    if not op.args.integer("is_test", 0):
        raise Refused(
            f"{op.where}: it normalises by the batch at hand (is_test is not set)",
            "Take the net that was exported for inference.",
        )
    x, scale, bias, mean, variance = inputs
    if any(w.shape != (x.shape[1],) for w in inputs[1:]):
        raise Refused(f"{op.where}: its statistics do not fit an input of shape {x.shape}")
    by_channel = (-1, *[1] * (x.ndim - 2))
    factor = scale / np.sqrt(variance.astype(np.float64) + op.args.real("epsilon", 1e-5))
    shift = bias - mean * factor
    return (x * factor.reshape(by_channel) + shift.reshape(by_channel)).astype(np.float32)


def _dropout(op: Op, inputs: list[Array]) -> list[Array]:
    if not op.args.integer("is_test", 0):
        raise Refused(
            f"{op.where}: it drops numbers at random (is_test is not set)",
            "Take the net that was exported for inference.",
        )
    return [inputs[0]]


def _lrn(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    size, alpha = op.args.integer("size", 0), op.args.real("alpha", 0)
    if size < 1 or size % 2 == 0:
        raise Refused(f"{op.where}: its size {size} is not odd")
    squares = np.pad(x.astype(np.float64) ** 2, [(0, 0), (size // 2,) * 2, (0, 0), (0, 0)])
    near = sum(squares[:, k : k + x.shape[1]] for k in range(size))
    base = op.args.real("bias", 1) + alpha / size * near
    return np.asarray(x * base ** -op.args.real("beta", 0), np.float32)


def _prelu(op: Op, inputs: list[Array]) -> Array:
    x, slope = inputs
    if slope.size not in (1, x.shape[1]):
        raise Refused(f"{op.where}: {slope.size} slopes do not fit an input of shape {x.shape}")
    return np.where(x > 0, x, x * slope.reshape(-1, *[1] * (x.ndim - 2)))


def _prelu_either(op: Op, inputs: list[Array]) -> Array:
    if op.order() == "NCHW":
        return _prelu(op, inputs)
    made = _prelu(op, [np.moveaxis(inputs[0], -1, 1), inputs[1]])
    return np.moveaxis(made, 1, -1)


def _fully_connected(op: Op, inputs: list[Array], is_transposed: bool) -> Array:
    x, weights, bias = inputs
    axis, split = op.args.integer("axis", 1) % x.ndim, op.args.integer("axis_w", 1) % weights.ndim
    inner = int(np.prod(x.shape[axis:]))
    matrix = weights.reshape(int(np.prod(weights.shape[:split])), -1)
    matrix = matrix if is_transposed else matrix.T
    if matrix.shape != (inner, bias.size) or bias.ndim != 1:
        raise Refused(
            f"{op.where}: weights {weights.shape} and bias {bias.shape} do not fit an input of"
            f" shape {x.shape}"
        )
    return (x.reshape(-1, inner) @ matrix + bias).reshape(*x.shape[:axis], bias.size)


def _matmul(op: Op, inputs: list[Array]) -> Array:
    a, b = (
        x.reshape(int(np.prod(x.shape[: op.args.integer(axis, 1) % x.ndim])), -1)
        for x, axis in zip(inputs, ("axis_a", "axis_b"), strict=True)
    )
    a = a.T if op.args.integer("trans_a", 0) else a
    return a @ (b.T if op.args.integer("trans_b", 0) else b)


def _batch_matmul(op: Op, inputs: list[Array]) -> Array:
    a, b = inputs
    a = a.swapaxes(-1, -2) if op.args.integer("trans_a", 0) else a
    return a @ (b.swapaxes(-1, -2) if op.args.integer("trans_b", 0) else b)


def _softmax(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    axis = op.args.integer("axis", 1) % x.ndim
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape)


def _clip(op: Op, inputs: list[Array]) -> Array:
    most = float(np.finfo(np.float32).max)
    return np.clip(inputs[0], np.float32(op.args.real("min", -most)),
                   np.float32(op.args.real("max", most)))  # fmt: skip


def _leaky_relu(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    return np.where(x >= 0, x, x * np.float32(op.args.real("alpha", 0.01)))


def _sum(op: Op, inputs: list[Array]) -> Array:
    if len({x.shape for x in inputs}) > 1:
        raise Refused(f"{op.where}: it adds shapes {[x.shape for x in inputs]}")
    return np.add.reduce(inputs)


def _binary(function: Callable[[Array, Array], Array]) -> Kernel:
    def kernel(op: Op, inputs: list[Array]) -> Array:
        a, b = inputs
        if op.args.integer("broadcast", 0):
            b = _beside(op, a, b)
        return function(a, b)

    return kernel


def _beside(op: Op, a: Array, b: Array) -> Array:
    """Lay the smaller tensor along the larger one as the argument broadcast = 1 means it."""
    if b.size == 1:
        return b.reshape(())
    axis = op.args.integer("axis", -1)
    letter = op.args.text("axis_str", "")
    if axis == -1:
        axis = op.order().index(letter) if letter else a.ndim - b.ndim
    if not 0 <= axis <= a.ndim - b.ndim:
        raise Refused(f"{op.where}: {b.shape} cannot lie along axis {axis} of {a.shape}")
    return b.reshape(*b.shape, *[1] * (a.ndim - b.ndim - axis))


def _relu(op: Op, inputs: list[Array]) -> Array:
    return np.maximum(inputs[0], 0)


def _sigmoid(op: Op, inputs: list[Array]) -> Array:
    return np.asarray(1 / (1 + np.exp(-inputs[0].astype(np.float64))), np.float32)


def _same(op: Op, inputs: list[Array]) -> Array:
    return inputs[0]


KERNELS: dict[str, Kernel] = {
    "Add": _binary(np.add),
    "Alias": _same,
    "AveragePool": _channels_first(lambda op, x: caffe2_run_window.pool_mean(op, x[0])),
    "BatchMatMul": _batch_matmul,
    "Clip": _clip,
    "Conv": _channels_first(_conv, has_weights=True),
    "ConvTranspose": _channels_first(_conv_transpose, has_weights=True),
    "Copy": _same,
    "Div": _binary(np.divide),
    "Dropout": _dropout,
    "FC": lambda op, x: _fully_connected(op, x, is_transposed=False),
    "FCTransposed": lambda op, x: _fully_connected(op, x, is_transposed=True),
    "LRN": _channels_first(_lrn),
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "MaxPool": _channels_first(lambda op, x: caffe2_run_window.pool_most(op, x[0])),
    "Mul": _binary(np.multiply),
    "PRelu": _prelu_either,
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Softmax": _softmax,
    "SpatialBN": _channels_first(_spatial_bn),
    "StopGradient": _same,
    "Sub": _binary(np.subtract),
    "Sum": _sum,
    "Tanh": lambda op, x: np.tanh(x[0]),
    **caffe2_run_shape.KERNELS,
}
