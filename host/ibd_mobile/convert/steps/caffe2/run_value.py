"""Operators that compute: number by number, channel by channel, or as matrices."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.run_shape import Kernel, channels_first, of_first
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]


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
    y = x * factor.reshape(by_channel) + shift.reshape(by_channel)
    return np.asarray(y, np.float32)


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
    axis = 1 if op.order() == "NCHW" else x.ndim - 1
    if slope.size not in (1, x.shape[axis]):
        raise Refused(f"{op.where}: {slope.size} slopes do not fit an input of shape {x.shape}")
    along = slope.reshape([-1 if k == axis else 1 for k in range(x.ndim)])
    return np.where(x > 0, x, x * along)


def _fully_connected(is_transposed: bool) -> Kernel:
    def kernel(op: Op, inputs: list[Array]) -> Array:
        x, weights, bias = inputs
        axis = op.args.integer("axis", 1) % x.ndim
        matrix = _matrix(weights, op.args.integer("axis_w", 1))
        matrix = matrix if is_transposed else matrix.T
        if matrix.shape != (int(np.prod(x.shape[axis:])), bias.size) or bias.ndim != 1:
            raise Refused(
                f"{op.where}: weights {weights.shape} and bias {bias.shape} do not fit an input of"
                f" shape {x.shape}"
            )
        return np.asarray(_matrix(x, axis) @ matrix + bias).reshape(*x.shape[:axis], bias.size)

    return kernel


def _matrix(x: Array, axis: int) -> Array:
    """Lay all axes before `axis` into rows and the others into columns."""
    return x.reshape(int(np.prod(x.shape[: axis % x.ndim])), -1)


def _matmul(op: Op, inputs: list[Array]) -> Array:
    a = _matrix(inputs[0], op.args.integer("axis_a", 1))
    b = _matrix(inputs[1], op.args.integer("axis_b", 1))
    a = a.T if op.args.integer("trans_a", 0) else a
    return np.asarray(a @ (b.T if op.args.integer("trans_b", 0) else b))


def _batch_matmul(op: Op, inputs: list[Array]) -> Array:
    a, b = inputs
    a = a.swapaxes(-1, -2) if op.args.integer("trans_a", 0) else a
    return np.asarray(a @ (b.swapaxes(-1, -2) if op.args.integer("trans_b", 0) else b))


def _softmax(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    rows = _matrix(x, op.args.integer("axis", 1))
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape)


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
    return np.asarray(np.add.reduce(inputs))


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


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))), np.float32)


KERNELS: dict[str, Kernel] = {
    "Add": _binary(np.add),
    "BatchMatMul": _batch_matmul,
    "Clip": _clip,
    "Div": _binary(np.divide),
    "Dropout": _dropout,
    "FC": _fully_connected(is_transposed=False),
    "FCTransposed": _fully_connected(is_transposed=True),
    "LRN": channels_first(_lrn),
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "Mul": _binary(np.multiply),
    "PRelu": _prelu,
    "Relu": of_first(lambda x: np.maximum(x, 0)),
    "Sigmoid": of_first(_sigmoid),
    "Softmax": _softmax,
    "SpatialBN": channels_first(_spatial_bn),
    "Sub": _binary(np.subtract),
    "Sum": _sum,
    "Tanh": of_first(np.tanh),
}
