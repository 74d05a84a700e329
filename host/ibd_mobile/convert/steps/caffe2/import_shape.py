"""From Caffe2 operators to ONNX operators: what moves numbers without computing."""

import math

import numpy as np

from ibd_mobile.convert.steps.caffe2 import window as caffe2_window
from ibd_mobile.convert.steps.caffe2.importing import (
    FIRST,
    LAST,
    Import,
    PictureTranslator,
    Translator,
    of_pictures,
)
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.step import Refused


def _reshape(into: Import, op: Op) -> None:
    x, output = into.blob(op.inputs[0]), op.outputs[0]
    if len(op.inputs) == 2 and op.inputs[1] not in into.net.weights:
        shape = op.inputs[1]
    else:
        given = into.weight(op, 1).tolist() if len(op.inputs) == 2 else op.args.integers("shape")
        shape = into.integers(op, "shape", _open(into, op, x, [int(d) for d in given]))
    into.add(op, "Reshape", [x, shape], output)
    if len(op.outputs) > 1 and any(op.outputs[1] in o.inputs for o in into.net.ops):
        into.add(op, "Shape", [x], op.outputs[1])


def _open(into: Import, op: Op, x: str, wanted: list[int]) -> list[int]:
    """Leave the batch open where a net says the size that it was exported with."""
    old = into.shape(x)
    is_open = bool(old) and old[0] == -1 and min(old[1:], default=1) > 0
    if is_open and wanted and wanted[0] > 0 and math.prod(wanted[1:]) == math.prod(old[1:]):
        into.notes.append(
            f"{op.where}: its shape {wanted} names a batch of {wanted[0]}; it was left open"
        )
        return [0, *wanted[1:]]
    return wanted


def _flatten(into: Import, op: Op) -> None:
    axis = op.args.integer("axis", 1)
    into.add(op, "Flatten", [into.blob(op.inputs[0])], op.outputs[0], axis=axis)


def _flatten_to_vector(into: Import, op: Op) -> None:
    shape = into.integers(op, "shape", [-1])
    into.add(op, "Reshape", [into.blob(op.inputs[0]), shape], op.outputs[0])


def _turned(into: Import, op: Op, axes: tuple[int, ...] | list[int]) -> None:
    attributes = {"perm": list(axes)} if axes else {}
    into.add(op, "Transpose", [into.blob(op.inputs[0])], op.outputs[0], **attributes)


def _transpose(into: Import, op: Op) -> None:
    _turned(into, op, op.args.integers("axes"))


def _channels_last(into: Import, op: Op) -> None:
    _turned(into, op, LAST)


def _channels_first(into: Import, op: Op) -> None:
    _turned(into, op, FIRST)


def _with_axes(kind: str) -> Translator:
    def translate(into: Import, op: Op) -> None:
        axes = into.integers(op, "axes", sorted(set(op.args.integers("dims"))))
        into.add(op, kind, [into.blob(op.inputs[0]), axes], op.outputs[0])

    return translate


def _channel_axis(into: Import, op: Op) -> int:
    if "axis" in op.args:
        return op.args.integer("axis", 1)
    return 1 if op.order() == "NCHW" else len(into.shape(into.blob(op.inputs[0]))) - 1


def _concat(into: Import, op: Op) -> None:
    axis = _channel_axis(into, op)
    names = [into.blob(name) for name in op.inputs]
    if op.args.integer("add_axis", 0):
        axes = into.integers(op, "axes", [axis])
        names = [
            into.add(op, "Unsqueeze", [name, axes], f"{op.outputs[0]}__{k}")
            for k, name in enumerate(names)
        ]
    into.add(op, "Concat", names, op.outputs[0], axis=axis)


def _split(into: Import, op: Op) -> None:
    x, axis = into.blob(op.inputs[0]), _channel_axis(into, op)
    lengths = op.args.integers("split")
    if len(op.inputs) == 2:
        lengths = [int(n) for n in into.weight(op, 1)]
    if not lengths:
        length, rest = divmod(into.shape(x)[axis], len(op.outputs))
        if rest or length < 1:
            raise Refused(f"{op.where}: {into.shape(x)} has no {len(op.outputs)} equal parts")
        lengths = [length] * len(op.outputs)
    if sum(lengths) != into.shape(x)[axis] or len(lengths) != len(op.outputs):
        raise Refused(f"{op.where}: {into.shape(x)} cannot be split into {lengths}")
    parts = into.integers(op, "split", lengths)
    into.add(op, "Split", [x, parts], list(op.outputs), axis=axis)


def _pad_image(into: Import, op: Op, inputs: list[str], output: str) -> None:
    if op.args.text("mode", "constant") != "constant":
        raise Refused(f"{op.where}: of its modes only «constant» is known here")
    top, left, bottom, right = caffe2_window.pads(op)
    sides = into.integers(op, "pads", [0, 0, top, left, 0, 0, bottom, right])
    fill = np.array(op.args.real("value", 0), np.float32)
    value = into.constant(f"{op.outputs[0]}__value", fill)
    into.add(op, "Pad", [inputs[0], sides, value], output, mode="constant")


def _shuffle(into: Import, op: Op, inputs: list[str], output: str) -> None:
    _, channels, *size = into.shape(inputs[0])
    group = op.args.integer("group", 1)
    if min(channels, *size) < 1 or group < 1 or channels % group:
        raise Refused(f"{op.where}: {channels} channels cannot be shuffled in {group} groups")
    apart = into.integers(op, "apart", [0, group, channels // group, -1])
    together = into.integers(op, "together", [0, channels, *size])
    rows = into.add(op, "Reshape", [inputs[0], apart], f"{output}__rows")
    columns = into.add(op, "Transpose", [rows], f"{output}__columns", perm=[0, 2, 1, 3])
    into.add(op, "Reshape", [columns, together], output)


def _resize(**attributes: str) -> PictureTranslator:
    def translate(into: Import, op: Op, inputs: list[str], output: str) -> None:
        if len(op.inputs) == 2:
            height, width = (float(s) for s in into.weight(op, 1))
        else:
            height, width = op.args.real("height_scale", 1), op.args.real("width_scale", 1)
        factors = np.array([1, 1, height, width], np.float32)
        scales = into.constant(f"{op.outputs[0]}__scales", factors)
        into.add(op, "Resize", [inputs[0], "", scales], output, **attributes)

    return translate


_NEAREST = _resize(
    mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
)
_BILINEAR = _resize(mode="linear", coordinate_transformation_mode="align_corners")

TRANSLATORS: dict[str, Translator] = {
    "ChannelShuffle": of_pictures(_shuffle),
    "Concat": _concat,
    "DepthConcat": _concat,
    "DepthSplit": _split,
    "ExpandDims": _with_axes("Unsqueeze"),
    "Flatten": _flatten,
    "FlattenToVec": _flatten_to_vector,
    "NCHW2NHWC": _channels_last,
    "NHWC2NCHW": _channels_first,
    "PadImage": of_pictures(_pad_image),
    "Reshape": _reshape,
    "ResizeNearest": of_pictures(_NEAREST),
    "Split": _split,
    "Squeeze": _with_axes("Squeeze"),
    "Transpose": _transpose,
    "UpsampleBilinear": of_pictures(_BILINEAR),
}
