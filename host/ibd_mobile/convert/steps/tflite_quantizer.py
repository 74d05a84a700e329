"""Less precision for a float32 TFLite file, by LiteRT's own quantizer.

For files that TensorFlow's converter did not make: there quantizing is a part of converting.
"""

from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, step


def quantize(source: Path, request: step.Request, pictures: Any) -> None:
    """Make the request's file from a float32 one.

    Options: `per_channel_dense` (false): scale int8 weights of dense layers per channel.

    Args:
        source: float32.
        request: says which precision, and where to.
        pictures: calibration, (n, …) as the file takes it; None where the precision needs none.

    Raises:
        Refused: an operator cannot be quantized.
    """
    from ai_edge_quantizer import quantizer

    made = quantizer.Quantizer(str(source))
    _set(made, request)
    try:
        ranges = made.calibrate(_fed(source, request, pictures)) if pictures is not None else None
        content = made.quantize(ranges).quantized_model
    except (ValueError, RuntimeError, KeyError) as error:
        raise step.Refused(
            f"the quantizer fails at {request.precision}: {str(error).splitlines()[0][:300]}"
        ) from error
    request.target.write_bytes(content)


def _set(made: Any, request: step.Request) -> None:
    from ai_edge_quantizer import algorithm_manager, qtyping

    op, grain = qtyping.TFLOperationName, qtyping.QuantGranularity
    # TFLite before 2.15 and most phone accelerators refuse dense weights scaled per channel.
    is_per_channel = bool(request.options.get("per_channel_dense", False))
    grains = {
        op.ALL_SUPPORTED: grain.CHANNELWISE,
        op.FULLY_CONNECTED: grain.CHANNELWISE if is_per_channel else grain.TENSORWISE,
    }
    if request.precision == "float16":
        for name in (op.CONV_2D, op.DEPTHWISE_CONV_2D, op.CONV_2D_TRANSPOSE, op.FULLY_CONNECTED):
            made.add_weight_only_config(
                ".*", name, 16, algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING
            )
        return
    for name, fine in grains.items():
        if request.precision == "int8":
            made.add_static_config(".*", name, 8, 8, weight_granularity=fine)
        else:
            made.add_dynamic_config(".*", name, 8, granularity=fine)


def _fed(source: Path, request: step.Request, pictures: Any) -> dict[str, Any]:
    """Return the calibration pictures as the quantizer asks for them: by signature and input."""
    from ai_edge_litert.interpreter import Interpreter

    (signature, tensors), *_ = Interpreter(str(source)).get_signature_list().items()
    (name,) = tensors["inputs"]
    size = max(request.batch, 1)
    return {signature: [{name: group} for group in batch.groups(pictures, size)]}
