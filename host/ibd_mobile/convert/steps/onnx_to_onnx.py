# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["onnx==1.23.2", "onnxruntime==1.31.1", "protobuf==7.36.2", "numpy"]
# ///
"""ONNX to ONNX of less precision: float16, int8 (QDQ), int8_dynamic.

An int8 network takes and gives float32, as is the custom in ONNX: QuantizeLinear and
DequantizeLinear are nodes of the graph. Options: `per_channel` (true): scale weights of int8 per
output channel; `keep_io_types` (true): a float16 network takes and gives float32; `is_percentile`
(false): int8 ranges leave out the rarest values instead of reaching from least to most.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ibd_mobile.convert.steps import batch, onnx_batch, onnx_network, step

#: of ONNX Runtime's dynamic quantizer; convolutions with signed weights have no kernel there
_DYNAMIC_OPS = ["MatMul", "Gemm", "Conv"]


def convert(request: step.Request) -> step.Made:
    """Make a network of less precision from a float32 one, whose layout stays.

    Raises:
        Refused: no such network, an op that the runtime lacks, a shape that does not fit, or int8
            without calibration pictures.
    """
    path = Path(request.source["model"])
    make = _MAKERS.get(request.precision)
    if make is None:
        raise step.Refused(
            f"there is nothing to do for {request.precision}: the source is float32",
            f"Choose {', '.join(_MAKERS)}.",
        )
    model = onnx_network.read(path)
    image = onnx_network.only_input(model, path)
    own = onnx_network.shape(image)
    shape = batch.settled(own, image.name, request)
    samples = batch.samples(request)
    said = onnx_network.Network(path).run(samples, batch.fed(own[0] or -1))
    inside = {}
    if request.is_to_locate:
        inside = onnx_network.inner(model, samples[: onnx_network.INNER_SAMPLES_COUNT])
    if own != shape:
        onnx_batch.settle(model, image.name, shape)
    with TemporaryDirectory(dir=request.folder) as folder:
        make(model, request, Path(folder))
    return onnx_network.verified(request, said, _activated(inside, model, request.target))


def _activated(inside: dict[str, Any], model: Any, target: Path) -> dict[str, Any]:
    """Put activations in the place of their inputs where the quantizer made one tensor of both.

    It drops a Relu or Clip whose bounds are those of the integers before it.
    """
    if not inside:
        return inside
    made = {name for node in onnx_network.read(target).graph.node for name in node.output}
    for node in model.graph.node:
        before, after = node.input[:1], node.output[0]
        is_dropped = node.op_type in ("Relu", "Clip") and after not in made
        if is_dropped and after in inside and before[0] in inside:
            inside[before[0]] = inside.pop(after)
    return inside


def _float16(model: Any, request: step.Request, _: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    is_kept = bool(request.options.get("keep_io_types", True))
    made = OnnxModel(convert_float_to_float16(model, keep_io_types=is_kept))
    made.topological_sort()  # the converter appends its casts
    onnx.save(made.model, request.target)


def _int8(model: Any, request: step.Request, folder: Path) -> None:
    from onnxruntime import quantization

    pictures = batch.calibration(request)
    image = onnx_network.only_input(model, request.target)
    groups = _Groups(image.name, pictures, max(request.batch, 1))
    method = quantization.CalibrationMethod
    is_percentile = bool(request.options.get("is_percentile", False))
    quantization.quantize_static(
        _prepared(model, folder),
        request.target,
        groups,
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=bool(request.options.get("per_channel", True)),
        # signed both: unsigned inputs overflow in the 16-bit sums of older x86 processors
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
        calibrate_method=method.Percentile if is_percentile else method.MinMax,
        extra_options={"WeightSymmetric": True, "ActivationSymmetric": False},
    )


def _int8_dynamic(model: Any, request: step.Request, folder: Path) -> None:
    from onnxruntime import quantization

    quantization.quantize_dynamic(
        _prepared(model, folder),
        request.target,
        op_types_to_quantize=_DYNAMIC_OPS,
        # ConvInteger has a kernel for unsigned weights alone
        weight_type=quantization.QuantType.QUInt8,
    )


_MAKERS: dict[str, Callable[[Any, step.Request, Path], None]] = {
    "float16": _float16,
    "int8": _int8,
    "int8_dynamic": _int8_dynamic,
}


def _prepared(model: Any, folder: Path) -> Path:
    """Fold what can be folded and infer shapes: without them tensors are left in float."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    plain, path = folder / "plain.onnx", folder / "prepared.onnx"
    onnx.save(model, plain)  # the function also takes models, and then stumbles over its own files
    # symbolic shapes need sympy, and no network with one open dimension needs them
    quant_pre_process(plain, path, skip_symbolic_shape=True)
    return path


class _Groups:
    """Calibration pictures in full groups, as ONNX Runtime asks for them.

    Args:
        name: of the input.
        pictures: (n, …)
        size: of a group.
    """

    def __init__(self, name: str, pictures: Any, size: int) -> None:
        self._groups: Iterator[Any] = batch.groups(pictures, size)
        self._name = name

    def get_next(self) -> dict[str, Any] | None:
        """Return the next group, or None after the last."""
        group = next(self._groups, None)
        return None if group is None else {self._name: group}


if __name__ == "__main__":
    sys.exit(step.main(convert, ["onnx", "onnxruntime", "numpy"]))
