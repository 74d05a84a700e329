"""From ONNX operators to Caffe2 operators: what moves numbers without computing."""

from typing import Any

from ibd_mobile.convert.steps.caffe2.exporting import Export, Translator
from ibd_mobile.convert.steps.caffe2.onnx import Node
from ibd_mobile.convert.steps.step import Refused


def _reshape(export: Export, node: Node) -> None:
    """Say the new shape so that the batch stays open."""
    old, new = export.shape(node.inputs[0]), export.shape(node.outputs[0])
    shape = list(new)
    if old and new and old[0] == new[0] < 0:
        shape[0] = 0  # as it was
    if sum(d < 0 for d in shape) > 1:
        raise Refused(f"{node.where}: its shape depends on the batch in more than one place")
    shape = [-1 if d < 0 else d for d in shape]
    export.writer.op(
        "Reshape", [node.inputs[0]], [node.outputs[0], f"{node.outputs[0]}__old"], shape=shape
    )


def _flatten(export: Export, node: Node) -> None:
    rank = len(export.shape(node.inputs[0]))
    axis = int(node.attributes.get("axis", 1))
    export.emit(node, "Flatten", axis=axis + rank if axis < 0 else axis)


def _transpose(export: Export, node: Node) -> None:
    axes = node.attributes.get("perm") or range(len(export.shape(node.inputs[0])))[::-1]
    export.emit(node, "Transpose", axes=[int(a) for a in axes])


def _axes(export: Export, node: Node, rank: int) -> list[int]:
    given: Any = node.attributes.get("axes", export.graph.constant(node, 1))
    return sorted(int(a) % rank for a in given) if given is not None else []


def _squeeze(export: Export, node: Node) -> None:
    shape = export.shape(node.inputs[0])
    dims = _axes(export, node, len(shape)) or [k for k, d in enumerate(shape) if d == 1]
    export.emit(node, "Squeeze", [node.inputs[0]], dims=dims)


def _unsqueeze(export: Export, node: Node) -> None:
    dims = _axes(export, node, len(export.shape(node.outputs[0])))
    export.emit(node, "ExpandDims", [node.inputs[0]], dims=dims)


def _concat(export: Export, node: Node) -> None:
    axis = int(node.attributes["axis"]) % len(export.shape(node.outputs[0]))
    blobs = [export.blob(name) for name in node.inputs]
    export.writer.op("Concat", blobs, [node.outputs[0], f"{node.outputs[0]}__split"], axis=axis)


def _split(export: Export, node: Node) -> None:
    axis = int(node.attributes.get("axis", 0)) % len(export.shape(node.inputs[0]))
    lengths = [export.shape(name)[axis] for name in node.outputs]
    if min(lengths) < 0:
        raise Refused(f"{node.where}: it splits the batch")
    export.writer.op("Split", [node.inputs[0]], node.outputs, axis=axis, split=lengths)


def _dropout(export: Export, node: Node) -> None:
    is_training = export.graph.constant(node, 2)
    if is_training is not None and bool(is_training):
        raise Refused(f"{node.where}: it is in training mode")
    # the mask is never filled in inference, but old versions of Caffe2 want its name
    output = node.outputs[0]
    export.writer.op("Dropout", [node.inputs[0]], [output, f"{output}__mask"], is_test=1)


def _pad(export: Export, node: Node) -> None:
    if node.attributes.get("mode", b"constant") != b"constant" or len(node.inputs) > 3:
        raise Refused(f"{node.where}: only padding with a constant, of all axes, is known here")
    given: Any = node.attributes.get("pads", export.graph.constant(node, 1))
    pads = [int(p) for p in given] if given is not None else []
    value = export.graph.constant(node, 2)
    fill = float(node.attributes.get("value", 0.0) if value is None else value)
    padded = {k % 4 for k, p in enumerate(pads) if p}
    order = "NCHW" if padded <= {2, 3} else "NHWC"
    if len(pads) != 8 or not (padded <= {2, 3} or padded <= {1, 2}) or min(pads) < 0:
        raise Refused(f"{node.where}: only padding of height and width has a Caffe2 operator")
    first = 2 if order == "NCHW" else 1
    top, left, bottom, right = (pads[k] for k in (first, first + 1, first + 4, first + 5))
    export.emit(
        node, "PadImage", [node.inputs[0]], mode="constant", value=fill, order=order,
        pad_t=top, pad_l=left, pad_b=bottom, pad_r=right,
    )  # fmt: skip


def _resize(export: Export, node: Node) -> None:
    old, new = export.shape(node.inputs[0]), export.shape(node.outputs[0])
    mode = node.attributes.get("mode", b"nearest").decode()
    places = node.attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    rounding = node.attributes.get("nearest_mode", b"round_prefer_floor").decode()
    if node.type == "Upsample":
        places, rounding = "asymmetric", "floor"
    if len(old) != 4 or old[:2] != new[:2]:
        raise Refused(f"{node.where}: only height and width of pictures are resized by Caffe2")
    is_whole = all(n % o == 0 for o, n in zip(old[2:], new[2:], strict=True))
    # enlarged a whole number of times, the nearest is the same by both rules
    if mode == "nearest" and (
        (places, rounding) == ("asymmetric", "floor")
        or (is_whole and (places, rounding) == ("half_pixel", "round_prefer_floor"))
    ):
        kind = "ResizeNearest"
    elif mode == "linear" and places == "align_corners":
        kind = "UpsampleBilinear"
    else:
        raise Refused(f"{node.where}: {mode} with {places} has no Caffe2 operator")
    export.emit(node, kind, [node.inputs[0]], height_scale=new[2] / old[2],
                width_scale=new[3] / old[3])  # fmt: skip


TRANSLATORS: dict[str, Translator] = {
    "Concat": _concat,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Pad": _pad,
    "Reshape": _reshape,
    "Resize": _resize,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
}
