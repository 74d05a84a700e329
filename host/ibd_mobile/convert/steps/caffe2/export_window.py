"""From ONNX operators to Caffe2 operators: convolutions and poolings."""

from typing import Any

import numpy as np

from ibd_mobile.convert.steps.caffe2.exporting import Export, Translator
from ibd_mobile.convert.steps.caffe2.onnx import Node
from ibd_mobile.convert.steps.caffe2.writer import Value
from ibd_mobile.convert.steps.step import Refused


def _pair(node: Node, name: str, default: int) -> list[int]:
    values = [int(v) for v in node.attributes.get(name, [default, default])]
    if len(values) != 2:
        raise Refused(f"{node.where}: only windows of two dimensions have a Caffe2 operator here")
    return values


def _written(name: str, values: list[int]) -> dict[str, Value]:
    if values[0] == values[1]:
        return {name: values[0]}
    return {f"{name}_h": values[0], f"{name}_w": values[1]}


def _written_pads(pads: list[int]) -> dict[str, Value]:
    if len(set(pads)) == 1:
        return {"pad": pads[0]}
    return dict(zip(("pad_t", "pad_l", "pad_b", "pad_r"), pads, strict=True))


def _pads(export: Export, node: Node, kernel: list[int]) -> list[int]:
    """Return explicit padding that gives the shape that the ONNX operator gives."""
    size, made = export.shape(node.inputs[0])[2:], export.shape(node.outputs[0])[2:]
    strides, dilations = _pair(node, "strides", 1), _pair(node, "dilations", 1)
    rule = node.attributes.get("auto_pad", b"NOTSET").decode()
    pads = [int(p) for p in node.attributes.get("pads", [0, 0, 0, 0])]
    for k in range(2):
        reach = (made[k] - 1) * strides[k] + dilations[k] * (kernel[k] - 1) + 1
        needed = max(reach - size[k], 0)
        if rule == "SAME_UPPER":
            pads[k], pads[k + 2] = needed // 2, needed - needed // 2
        elif rule == "SAME_LOWER":
            pads[k], pads[k + 2] = needed - needed // 2, needed // 2
        elif node.attributes.get("ceil_mode", 0):
            pads[k + 2] = max(pads[k + 2], reach - size[k] - pads[k])
    return pads


def _conv(export: Export, node: Node) -> None:
    weights = export.graph.constant(node, 1)
    if weights is None or weights.ndim != 4:
        raise Refused(f"{node.where}: only that of pictures has a Caffe2 operator here")
    kernel, group = list(weights.shape[2:]), int(node.attributes.get("group", 1))
    export.emit(
        node, "Conv", **_written("kernel", kernel), **_stride(node),
        **_dilation(node), **_written_pads(_pads(export, node, kernel)),
        **({"group": group} if group > 1 else {}), order="NCHW",
    )  # fmt: skip


def _stride(node: Node) -> dict[str, Value]:
    return _written("stride", _pair(node, "strides", 1))


def _dilation(node: Node) -> dict[str, Value]:
    dilation = _pair(node, "dilations", 1)
    return _written("dilation", dilation) if dilation != [1, 1] else {}


def _conv_transpose(export: Export, node: Node) -> None:
    weights = export.graph.constant(node, 1)
    if weights is None or weights.ndim != 4 or _pair(node, "dilations", 1) != [1, 1]:
        raise Refused(f"{node.where}: only that of pictures, undilated, has a Caffe2 operator here")
    if "output_shape" in node.attributes or node.attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise Refused(f"{node.where}: its padding is not written out")
    group = int(node.attributes.get("group", 1))
    bias = export.graph.constant(node, 2)
    blobs = [export.blob(name) for name in node.inputs if name]
    if bias is None:  # old versions of Caffe2 want one
        bias = np.zeros(weights.shape[1] * group, np.float32)
        blobs.append(export.weight(f"{node.outputs[0]}__bias", bias))
    export.emit(
        node, "ConvTranspose", blobs, **_written("kernel", list(weights.shape[2:])),
        **_stride(node),
        **_written_pads([int(p) for p in node.attributes.get("pads", [0, 0, 0, 0])]),
        **_written("adj", _pair(node, "output_padding", 0)),
        **({"group": group} if group > 1 else {}), order="NCHW",
    )  # fmt: skip


def _pool(kind: str) -> Translator:
    def translate(export: Export, node: Node) -> None:
        kernel = _pair(node, "kernel_shape", 0)
        pads = _pads(export, node, kernel)
        if _pair(node, "dilations", 1) != [1, 1] or len([o for o in node.outputs if o]) > 1:
            raise Refused(f"{node.where}: dilation and places of maxima have no Caffe2 operator")
        args: dict[str, Value] = {}
        if kind == "AveragePool" and node.attributes.get("count_include_pad", 0) and any(pads):
            if node.attributes.get("ceil_mode", 0):
                raise Refused(f"{node.where}: rounding up while padding counts has no Caffe2 form")
            args["count_include_pad"] = 1
        export.emit(node, kind, **_written("kernel", kernel), **_stride(node),
                    **_written_pads(pads), **args, order="NCHW")  # fmt: skip

    return translate


def _global_pool(kind: str) -> Translator:
    def translate(export: Export, node: Node) -> None:
        export.emit(node, kind, global_pooling=1, order="NCHW")

    return translate


def _reduce_mean(export: Export, node: Node) -> None:
    """Translate the mean over height and width, whichever order the picture has."""
    rank = len(export.shape(node.inputs[0]))
    given: Any = node.attributes.get("axes", export.graph.constant(node, 1))
    axes = sorted(int(a) % rank for a in given) if given is not None else []
    order = "NCHW" if axes == [2, 3] else "NHWC"
    if rank != 4 or axes not in ([1, 2], [2, 3]):
        raise Refused(f"{node.where}: only the mean over height and width has a Caffe2 operator")
    if node.attributes.get("keepdims", 1):
        export.emit(node, "AveragePool", [node.inputs[0]], global_pooling=1, order=order)
        return
    pooled = f"{node.outputs[0]}__pooled"
    export.writer.op("AveragePool", [node.inputs[0]], [pooled], global_pooling=1, order=order)
    export.emit(node, "Squeeze", [pooled], dims=axes)


TRANSLATORS: dict[str, Translator] = {
    "AveragePool": _pool("AveragePool"),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "GlobalAveragePool": _global_pool("AveragePool"),
    "GlobalMaxPool": _global_pool("MaxPool"),
    "MaxPool": _pool("MaxPool"),
    "ReduceMean": _reduce_mean,
}
