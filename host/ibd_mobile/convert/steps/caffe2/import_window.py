"""From Caffe2 operators to ONNX operators: convolutions and poolings."""

from typing import Any

from ibd_mobile.convert.steps.caffe2 import window as caffe2_window
from ibd_mobile.convert.steps.caffe2.importing import (
    Import,
    PictureTranslator,
    Translator,
    of_pictures,
)
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.window import Window
from ibd_mobile.convert.steps.step import Refused


def pads(w: Window, op: Op, size: list[int]) -> list[int]:
    """Write Caffe2's padding out as top, left, bottom, right.

    Args:
        w: the window.
        op: whose errors these are.
        size: height and width of the picture, pixels; -1 where not known.

    Raises:
        Refused: the rule needs a size that is not known, or cannot be written out.
    """
    if w.legacy_pad == caffe2_window.NOT_SET:
        return [*w.head, *w.tail]
    if w.legacy_pad == caffe2_window.VALID:
        return [0, 0, 0, 0]
    if min(size) < 0:
        raise Refused(f"{op.where}: its padding depends on the size of the picture")
    rule = _same if w.legacy_pad == caffe2_window.SAME else _caffe
    (top, bottom), (left, right) = (rule(w, k, size[k]) for k in (0, 1))
    if min(top, left, bottom, right) < 0:
        raise Refused(f"{op.where}: its padding comes out negative")
    return [top, left, bottom, right]


def _same(w: Window, axis: int, size: int) -> tuple[int, int]:
    missing = (size - 1) // w.stride[axis] * w.stride[axis] + w.kernel[axis] - size
    return missing // 2, missing - missing // 2


def _caffe(w: Window, axis: int, size: int) -> tuple[int, int]:
    """Pad behind so far that a last, incomplete window is a whole one, as Caffe rounds up."""
    head, stride, kernel = w.head[axis], w.stride[axis], w.kernel[axis]
    steps, rest = divmod(size + 2 * head - kernel, stride)
    steps += rest > 0
    if head and steps * stride >= size + head:
        steps -= 1
    return head, max(steps * stride + kernel - size - head, 0)


def _window(into: Import, op: Op, picture: str) -> dict[str, Any]:
    w = caffe2_window.window(op)
    size = into.shape(picture)
    if len(size) != 4:
        raise Refused(f"{op.where}: its input of shape {size} is no picture")
    return {
        "kernel_shape": list(w.kernel),
        "strides": list(w.stride),
        "pads": pads(w, op, size[2:]),
    }


def _conv(into: Import, op: Op, inputs: list[str], output: str) -> None:
    w = caffe2_window.window(op)
    if tuple(into.shape(inputs[1])[2:]) != w.kernel:
        raise Refused(f"{op.where}: its weights {into.shape(inputs[1])} do not fit {w.kernel}")
    attributes = _window(into, op, inputs[0]) | {"dilations": list(w.dilation)}
    into.add(op, "Conv", inputs, output, group=w.group, **attributes)


def _conv_transpose(into: Import, op: Op, inputs: list[str], output: str) -> None:
    w = caffe2_window.window(op)
    if w.legacy_pad == caffe2_window.CAFFE_POOLING:
        raise Refused(f"{op.where}: its padding rule is one of poolings")
    explicit = [*w.head, *w.tail] if w.legacy_pad == caffe2_window.NOT_SET else [0, 0, 0, 0]
    into.add(
        op, "ConvTranspose", inputs, output, group=w.group, kernel_shape=list(w.kernel),
        strides=list(w.stride), pads=explicit, output_padding=list(w.adjust),
    )  # fmt: skip


def _pool(kind: str) -> PictureTranslator:
    def translate(into: Import, op: Op, inputs: list[str], output: str) -> None:
        w = caffe2_window.window(op)
        if w.is_global:
            into.add(op, f"Global{kind}", inputs[:1], output)
            return
        if w.dilation != (1, 1):
            raise Refused(f"{op.where}: poolings of Caffe2 have no dilation")
        attributes = _window(into, op, inputs[0])
        if kind == "AveragePool":
            attributes["count_include_pad"] = op.args.integer("count_include_pad", 0)
        into.add(op, kind, inputs[:1], output, **attributes)

    return translate


TRANSLATORS: dict[str, Translator] = {
    "AveragePool": of_pictures(_pool("AveragePool")),
    "Conv": of_pictures(_conv, has_weights=True),
    "ConvTranspose": of_pictures(_conv_transpose, has_weights=True),
    "MaxPool": of_pictures(_pool("MaxPool")),
}
