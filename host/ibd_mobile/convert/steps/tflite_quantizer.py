"""Less precision for a float32 TFLite file, by LiteRT's own quantizer.

For files that TensorFlow's converter did not make: there quantizing is a part of converting.
"""

from collections.abc import Iterable
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
        ranges = None
        if pictures is not None:
            ranges = _ranges(made, source, batch.groups(pictures, max(request.batch, 1)))
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


def _ranges(made: Any, source: Path, groups: Iterable[Any]) -> Any:
    """Return each tensor's least and most, over all pictures.

    The quantizer's own `calibrate` forgets: it follows the pictures with a moving average, and cuts
    off what only a few of them reach.
    """
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    (signature, tensors), *_ = Interpreter(str(source)).get_signature_list().items()
    (name,) = tensors["inputs"]
    recipe = recipe_manager.RecipeManager()
    recipe.load_quantization_recipe(made.get_quantization_recipe())
    found = calibrator.Calibrator(str(source), qsv_update_func=qsv_utils.min_max_update)
    found.calibrate({signature: [{name: group} for group in groups]}, recipe)
    return found.get_model_qsvs()
