"""Convolutions and poolings on NumPy arrays, by Caffe2's definition of each.

Pictures are (n, channels, height, width) here; the caller turns those of the other order.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import window as caffe2_window
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.run_shape import Kernel, channels_first
from ibd_mobile.convert.steps.caffe2.window import Window
from ibd_mobile.convert.steps.step import Refused

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Side:
    """Where the windows lie along one side of the picture."""

    kernel: int
    stride: int
    dilation: int
    head: int
    count: int  #: windows

    def span(self) -> int:
        """Return the length from the first to the end of the last window."""
        return (self.count - 1) * self.stride + self.dilation * (self.kernel - 1) + 1

    def at(self, offset: int) -> slice:
        """Return where the windows' element number `offset` lies, from the padding's begin."""
        first = offset * self.dilation
        return slice(first, first + (self.count - 1) * self.stride + 1, self.stride)


def _sides(op: Op, size: tuple[int, ...]) -> tuple[_Side, _Side]:
    w = caffe2_window.window(op)
    rows, columns = (_side(op, w, axis, size[axis]) for axis in (0, 1))
    return rows, columns


def _side(op: Op, w: Window, axis: int, size: int) -> _Side:
    if w.is_global:
        return _Side(size, 1, 1, 0, 1)
    kernel, stride, head, tail = w.kernel[axis], w.stride[axis], w.head[axis], w.tail[axis]
    reach = w.dilation[axis] * (kernel - 1) + 1
    if w.legacy_pad == caffe2_window.CAFFE_POOLING:
        # Caffe rounds up, but no window may begin in the padding behind the picture
        count = math.ceil((size + 2 * head - kernel) / stride) + 1
        if head > 0 and (count - 1) * stride >= size + head:
            count -= 1
    elif w.legacy_pad == caffe2_window.SAME:
        count = -(-size // stride)
        needed = (count - 1) * stride + kernel - size
        if needed < 0:
            raise Refused(f"{op.where}: its stride skips pixels, which no padding rule allows for")
        head = needed // 2
    else:
        if size + head + tail < reach:
            raise Refused(f"{op.where}: its window is larger than the picture with its padding")
        count = (size + head + tail - reach) // stride + 1
    return _Side(kernel, stride, w.dilation[axis], head, count)


def _laid_out(x: Floats, sides: tuple[_Side, _Side], fill: float) -> Floats:
    """Put the picture where the windows expect it, cut or filled up behind."""
    rows, columns = sides
    shape = (*x.shape[:2], rows.span(), columns.span())
    canvas = np.full(shape, fill, x.dtype)
    part = x[:, :, : shape[2] - rows.head, : shape[3] - columns.head]
    canvas[:, :, rows.head :, columns.head :][:, :, : part.shape[2], : part.shape[3]] = part
    return canvas


def convolve(op: Op, x: Floats, weights: Floats, bias: Floats | None) -> Floats:
    """Convolve; weights are (outputs, channels / group, height, width).

    Raises:
        Refused: weights or bias do not fit.
    """
    w = caffe2_window.window(op)
    outputs, inner, *kernel = weights.shape
    if x.ndim != 4 or tuple(kernel) != w.kernel or inner * w.group != x.shape[1]:
        raise Refused(
            f"{op.where}: weights of shape {weights.shape} do not fit the kernel {w.kernel},"
            f" {w.group} groups and an input of shape {x.shape}"
        )
    if outputs % w.group or (bias is not None and bias.shape != (outputs,)):
        raise Refused(f"{op.where}: {outputs} outputs do not fit {w.group} groups or the bias")
    sides = _sides(op, x.shape[2:])
    y = np.stack([_one(_laid_out(one[None], sides, 0)[0], weights, sides, w.group) for one in x])
    return y if bias is None else y + bias[:, None, None]


def _one(x: Floats, weights: Floats, sides: tuple[_Side, _Side], group: int) -> Floats:
    rows, columns = sides
    outputs, inner = weights.shape[:2]
    offsets = [(i, j) for i in range(rows.kernel) for j in range(columns.kernel)]
    if inner == 1:
        y = np.zeros((outputs, rows.count, columns.count), np.float32)
        x = np.repeat(x, outputs // group, axis=0)
        for i, j in offsets:
            y += weights[:, 0, i, j, None, None] * x[:, rows.at(i), columns.at(j)]
        return y
    patches = np.empty((x.shape[0], len(offsets), rows.count, columns.count), np.float32)
    for k, (i, j) in enumerate(offsets):
        patches[:, k] = x[:, rows.at(i), columns.at(j)]
    by_group = patches.reshape(group, inner * len(offsets), -1)
    y = weights.reshape(group, outputs // group, -1) @ by_group
    return y.reshape(outputs, rows.count, columns.count)


def spread(op: Op, x: Floats, weights: Floats, bias: Floats | None) -> Floats:
    """Convolve transposed; weights are (channels, outputs / group, height, width).

    Raises:
        Refused: weights or bias do not fit.
    """
    w = caffe2_window.window(op)
    channels, inner, *kernel = weights.shape
    outputs = inner * w.group
    if x.ndim != 4 or tuple(kernel) != w.kernel or channels != x.shape[1] or channels % w.group:
        raise Refused(
            f"{op.where}: weights of shape {weights.shape} do not fit the kernel {w.kernel},"
            f" {w.group} groups and an input of shape {x.shape}"
        )
    if w.legacy_pad == caffe2_window.CAFFE_POOLING or (
        bias is not None and bias.shape != (outputs,)
    ):
        raise Refused(f"{op.where}: its padding rule or its bias does not fit")
    y = np.stack([_spread_one(one, weights, w) for one in x])
    return y if bias is None else y + bias[:, None, None]


def _spread_one(x: Floats, weights: Floats, w: Window) -> Floats:
    channels, inner, *kernel = weights.shape
    size = [(n - 1) * s + k + a for n, s, k, a in
            zip(x.shape[1:], w.stride, kernel, w.adjust, strict=True)]  # fmt: skip
    canvas = np.zeros((inner * w.group, *size), np.float32)
    flat = x.reshape(w.group, channels // w.group, -1)
    by_group = weights.reshape(w.group, channels // w.group, -1).transpose(0, 2, 1) @ flat
    patches = by_group.reshape(inner * w.group, *kernel, *x.shape[1:])
    for i in range(kernel[0]):
        rows = slice(i, i + (x.shape[1] - 1) * w.stride[0] + 1, w.stride[0])
        for j in range(kernel[1]):
            columns = slice(j, j + (x.shape[2] - 1) * w.stride[1] + 1, w.stride[1])
            canvas[:, rows, columns] += patches[:, i, j]
    top, left = w.head
    return canvas[:, top : size[0] - w.tail[0], left : size[1] - w.tail[1]]


def pool_most(op: Op, x: Floats) -> Floats:
    """Take the largest number of each window."""
    sides = _pool_sides(op, x)
    canvas = _laid_out(x, sides, -np.inf)
    rows, columns = sides
    y = np.full((*x.shape[:2], rows.count, columns.count), -np.inf, np.float32)
    for i in range(rows.kernel):
        for j in range(columns.kernel):
            np.maximum(y, canvas[:, :, rows.at(i), columns.at(j)], out=y)
    if np.isneginf(y).any() and np.isfinite(x).all():
        raise Refused(f"{op.where}: one of its windows lies wholly outside the picture")
    return y


def pool_mean(op: Op, x: Floats) -> Floats:
    """Take the mean of each window; what lies outside the picture counts only if asked for."""
    sides = _pool_sides(op, x)
    rows, columns = sides
    total = _window_sum(x, sides)
    if op.args.integer("count_include_pad", 0):
        return total / np.float32(rows.kernel * columns.kernel)
    counted = _window_sum(np.ones((1, 1, *x.shape[2:]), np.float32), sides)
    if not counted.all():
        raise Refused(f"{op.where}: one of its windows lies wholly outside the picture")
    return total / counted


def _window_sum(x: Floats, sides: tuple[_Side, _Side]) -> Floats:
    rows, columns = sides
    canvas = _laid_out(x, sides, 0)
    y = np.zeros((*x.shape[:2], rows.count, columns.count), np.float32)
    for i in range(rows.kernel):
        for j in range(columns.kernel):
            y += canvas[:, :, rows.at(i), columns.at(j)]
    return y


def _pool_sides(op: Op, x: Floats) -> tuple[_Side, _Side]:
    w = caffe2_window.window(op)
    if x.ndim != 4 or w.dilation != (1, 1):
        raise Refused(
            f"{op.where}: it pools an input of shape {x.shape} with {w.dilation} dilation"
        )
    if w.is_global or all(p < k for p, k in zip(w.head + w.tail, w.kernel * 2, strict=True)):
        return _sides(op, x.shape[2:])
    raise Refused(f"{op.where}: its padding is not smaller than its kernel")


def _conv(op: Op, inputs: list[Floats]) -> Floats:
    x, weights, *bias = inputs
    return convolve(op, x, weights, bias[0] if bias else None)


def _conv_transpose(op: Op, inputs: list[Floats]) -> Floats:
    x, weights, *bias = inputs
    return spread(op, x, weights, bias[0] if bias else None)


KERNELS: dict[str, Kernel] = {
    "AveragePool": channels_first(lambda op, inputs: pool_mean(op, inputs[0])),
    "Conv": channels_first(_conv, has_weights=True),
    "ConvTranspose": channels_first(_conv_transpose, has_weights=True),
    "MaxPool": channels_first(lambda op, inputs: pool_most(op, inputs[0])),
}
