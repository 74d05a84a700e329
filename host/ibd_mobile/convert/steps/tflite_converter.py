"""TensorFlow's converter to TFLite: its settings for each precision, and what it makes."""

import gc
import re
import tempfile
from collections.abc import Callable
from typing import Any

from ibd_mobile.convert.steps import batch, step, tflite_network
from ibd_mobile.convert.steps.tensorflow_network import Network


def make(read: Callable[[step.Request], Network], request: step.Request) -> step.Made:
    """Convert a TensorFlow network, and run both.

    Args:
        read: gives the source network; called here, so that nobody else holds it meanwhile.
        request: what is to be made.

    Raises:
        Refused: the network cannot be read or converted, or does not run.
    """
    import tensorflow as tf

    tflite_network.refuse_other_precisions(request)
    pictures = batch.calibration(request) if request.precision == "int8" else None
    network = read(request)
    shape, samples = network.settle(request), batch.samples(request)
    said = network.outputs(samples)
    few = samples[: tflite_network.INNER_SAMPLES_COUNT]
    inside = network.inner(few) if request.is_to_locate else {}
    with tempfile.TemporaryDirectory(dir=request.folder) as folder:
        save(network, shape, folder)
        del network
        convert(folder, request, pictures)
    return tflite_network.verified(request, said, inside, tf.lite.Interpreter)


def save(network: Network, shape: list[int | None], folder: str) -> None:
    """Write a SavedModel: from one, the converter takes half the memory that it takes otherwise.

    Args:
        network: whose variables are written.
        shape: of the input, batch first, None where open.
        folder: to write into.
    """
    import tensorflow as tf

    module = tf.Module()
    module.variables_of_network = network.variables
    tf.saved_model.save(
        module,
        folder,
        signatures={"serving_default": _named(network, shape).get_concrete_function()},
    )


def convert(folder: str, request: step.Request, pictures: Any) -> None:
    """Make the request's file of what `save` wrote.

    Args:
        folder: that was written.
        request: says which precision, and where to.
        pictures: calibration, (n, …) as the network takes it; None where the precision needs none.

    Raises:
        Refused: an op cannot be converted.
    """
    import tensorflow as tf

    gc.collect()
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    _set(converter, request, pictures)
    request.target.write_bytes(_converted(converter, request))
    del converter
    gc.collect()


def _named(network: Network, shape: list[int | None]) -> Any:
    """Return the network with named outputs, whose alphabet is their order."""
    import tensorflow as tf

    function = network.function(shape)

    def serve(x: Any) -> dict[str, Any]:
        return {f"output_{k:03d}": output for k, output in enumerate(function(x))}

    signature = [tf.TensorSpec(shape, tf.float32, name=network.input_name)]
    return tf.function(serve, input_signature=signature)


def _set(converter: Any, request: step.Request, pictures: Any) -> None:
    import tensorflow as tf

    if request.precision == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # TFLite before 2.15 and most phone accelerators refuse dense weights scaled per channel.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = (
        not request.options.get("per_channel_dense", False)
    )
    if request.precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif request.precision == "int8":
        converter.representative_dataset = lambda: (
            [group] for group in batch.groups(pictures, max(request.batch, 1))
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8


def _converted(converter: Any, request: step.Request) -> bytes:
    from tensorflow.lite.python.convert import ConverterError

    try:
        return bytes(converter.convert())
    except (ConverterError, RuntimeError, ValueError) as error:
        raise step.Refused(_reason(str(error), request)) from error


def _reason(text: str, request: step.Request) -> str:
    """Return what a converter's page of errors comes to, with the op's name."""
    lacking = re.search(r"(?:Select|Custom) ops: ([^\n]+)", text)
    if lacking:
        return f"TFLite has no such op: {lacking[1].strip().rstrip('.')}"
    lines = [line.strip() for line in text.split("\n") if "error:" in line] or [text.strip()]
    return f"the converter fails at {request.precision}: {lines[0].rstrip('.')[:300]}"
