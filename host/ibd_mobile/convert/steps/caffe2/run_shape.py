"""Operators that move numbers without computing: shapes, orders, sizes of pictures."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import window as caffe2_window
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
_LARGEST_SCALE = 64  #: what is larger comes from damage and would fill the memory
#: what an operator makes of its inputs; a list where it has several outputs
Kernel = Callable[[Op, list[Array]], Array | list[Array]]


def of_first(function: Callable[[Array], Array]) -> Kernel:
    """Make a kernel of what needs neither arguments nor further inputs."""

    def kernel(op: Op, inputs: list[Array]) -> Array:  # noqa: ARG001 - all kernels are called so
        return function(inputs[0])

    return kernel


def channels_first(kernel: Kernel, has_weights: bool = False) -> Kernel:
    """Let a kernel that knows only channels first run on pictures of either order.

    Args:
        kernel: takes pictures as (n, channels, height, width).
        has_weights: the second input lies as the picture does.
    """

    def either(op: Op, inputs: list[Array]) -> Array | list[Array]:
        if op.order() == "NCHW":
            return kernel(op, inputs)
        count = 2 if has_weights else 1
        turned = [x.transpose(0, 3, 1, 2) for x in inputs[:count]]
        made = kernel(op, [*turned, *inputs[count:]])
        first, *others = made if isinstance(made, list) else [made]
        return [first.transpose(0, 2, 3, 1), *others]

    return either


def _reshape(op: Op, inputs: list[Array]) -> list[Array]:
    x = inputs[0]
    shape = inputs[1].tolist() if len(inputs) == 2 else op.args.integers("shape")
    if not shape and "shape" not in op.args and len(inputs) == 1:
        raise Refused(f"{op.where}: it has no shape")
    wanted = [x.shape[k] if d == 0 else d for k, d in enumerate(shape)]
    return [x.reshape(wanted), np.array(x.shape, np.int64)]


def _flatten(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    axis = op.args.integer("axis", 1)
    if not 0 <= axis <= x.ndim:
        raise Refused(f"{op.where}: an input of shape {x.shape} has no axis {axis}")
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


def _transpose(op: Op, inputs: list[Array]) -> Array:
    return inputs[0].transpose(op.args.integers("axes") or None)


def _squeeze(op: Op, inputs: list[Array]) -> Array:
    return inputs[0].squeeze(tuple(sorted(set(op.args.integers("dims")))))


def _expand_dims(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    for axis in sorted(set(op.args.integers("dims"))):
        x = np.expand_dims(x, axis)
    return x


def channel_axis(op: Op, rank: int) -> int:
    """Return along which axis Concat and Split work."""
    if "axis" in op.args:
        return op.args.integer("axis", 1) % rank
    return 1 if op.order() == "NCHW" else rank - 1


def _concat(op: Op, inputs: list[Array]) -> list[Array]:
    if op.args.integer("add_axis", 0):
        axis = op.args.integer("axis", 1)
        return [np.stack(inputs, axis), np.ones(len(inputs), np.int32)]
    axis = channel_axis(op, inputs[0].ndim)
    lengths = np.array([x.shape[axis] for x in inputs], np.int32)
    return [np.concatenate(inputs, axis), lengths]


def _split(op: Op, inputs: list[Array]) -> list[Array]:
    x = inputs[0]
    axis = channel_axis(op, x.ndim)
    lengths = inputs[1].tolist() if len(inputs) == 2 else op.args.integers("split")
    if not lengths and x.shape[axis] % len(op.outputs) == 0:
        lengths = [x.shape[axis] // len(op.outputs)] * len(op.outputs)
    if len(lengths) != len(op.outputs) or sum(lengths) != x.shape[axis]:
        raise Refused(f"{op.where}: {x.shape[axis]} cannot be split into {lengths}")
    return list(np.split(x, np.cumsum(lengths)[:-1], axis))


def _pad_image(op: Op, inputs: list[Array]) -> Array:
    if op.args.text("mode", "constant") != "constant":
        raise Refused(f"{op.where}: of its modes only «constant» is known here")
    top, left, bottom, right = caffe2_window.pads(op)
    sides = [(0, 0), (top, bottom), (left, right)]
    sides.insert(1 if op.order() == "NCHW" else 3, (0, 0))
    return np.pad(inputs[0], sides, constant_values=op.args.real("value", 0))


def _shuffle(op: Op, inputs: list[Array]) -> Array:
    is_first = op.order() == "NCHW"
    x = inputs[0] if is_first else np.moveaxis(inputs[0], -1, 1)
    n, channels, *size = x.shape
    group = op.args.integer("group", 1)
    y = x.reshape(n, group, channels // group, *size).swapaxes(1, 2).reshape(x.shape)
    return y if is_first else np.moveaxis(y, 1, -1)


def _scales(op: Op, inputs: list[Array]) -> tuple[float, float]:
    """Return the factors of height and width."""
    if len(inputs) == 2:
        scales = (float(inputs[1][0]), float(inputs[1][1]))
    else:
        scales = (op.args.real("height_scale", 1), op.args.real("width_scale", 1))
    if not all(0 < scale <= _LARGEST_SCALE for scale in scales):
        raise Refused(f"{op.where}: it resizes a picture {scales} times")
    return scales


def _resize_nearest(op: Op, inputs: list[Array]) -> Array:
    x, axis = inputs[0], 2 if op.order() == "NCHW" else 1
    for k, scale in enumerate(_scales(op, inputs)):
        old = x.shape[axis + k]
        source = np.arange(int(np.float32(old) * np.float32(scale))) / np.float32(scale)
        x = x.take(np.minimum(source.astype(np.int64), old - 1), axis + k)
    return x


def _upsample_bilinear(op: Op, inputs: list[Array]) -> Array:
    x = inputs[0]
    for axis, scale in zip((2, 3), _scales(op, inputs), strict=True):
        old = x.shape[axis]
        new = int(np.float32(old) * np.float32(scale))
        at = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0)
        low = np.minimum(at.astype(np.int64), old - 1)
        share = (at - low).reshape([-1 if k == axis else 1 for k in range(4)])
        high = np.minimum(low + 1, old - 1)
        x = x.take(low, axis) * (1 - share) + x.take(high, axis) * share
    return x.astype(np.float32)


def _same(x: Array) -> Array:
    return x


KERNELS: dict[str, Kernel] = {
    "Alias": of_first(_same),
    "ChannelShuffle": _shuffle,
    "Concat": _concat,
    "Copy": of_first(_same),
    "DepthConcat": _concat,
    "DepthSplit": _split,
    "ExpandDims": _expand_dims,
    "Flatten": _flatten,
    "FlattenToVec": of_first(lambda x: x.reshape(-1)),
    "NCHW2NHWC": of_first(lambda x: x.transpose(0, 2, 3, 1)),
    "NHWC2NCHW": of_first(lambda x: x.transpose(0, 3, 1, 2)),
    "PadImage": _pad_image,
    "Reshape": _reshape,
    "ResizeNearest": _resize_nearest,
    "Split": _split,
    "StopGradient": of_first(_same),
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "UpsampleBilinear": _upsample_bilinear,
}
