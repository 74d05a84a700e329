"""TensorFlow's networks as ONNX, by tf2onnx."""

import gc
import logging
from collections.abc import Callable
from typing import Any

from ibd_mobile.convert.steps import batch, onnx_network, step
from ibd_mobile.convert.steps.tensorflow_network import Network

OPSET = 18  #: as from PyTorch; tf2onnx writes up to 18


def make(read: Callable[[step.Request], Network], request: step.Request) -> step.Made:
    """Convert a TensorFlow network, and run both.

    Pictures are NHWC in TensorFlow and NCHW in what is made, at both ends: convolutions of ONNX are
    NCHW, and transposes at the ends would be measured with the network.

    Args:
        read: gives the source network; called here, so that nobody else holds it meanwhile.
        request: what is to be made.

    Raises:
        Refused: the network cannot be read or converted, or does not run.
    """
    if request.precision != "float32":
        raise step.Refused(
            f"tf2onnx makes float32, not {request.precision}",
            f"Convert to float32, and from there to {request.precision}.",
        )
    network = read(request)
    shape = network.settle(request)
    said = [_turned(a) for a in network.outputs(batch.samples(request))]
    model = _converted(network.function(shape), request)
    del network
    gc.collect()
    if shape[0] is None:
        for value in [*model.graph.input, *model.graph.output]:
            value.type.tensor_type.shape.dim[0].dim_param = "batch"
    request.target.write_bytes(model.SerializeToString())
    del model
    gc.collect()
    onnx_network.read(request.target)
    return onnx_network.verified(request, said, {}, is_turned=len(shape) == 4)


def _turned(array: Any) -> Any:
    """Return pictures as NCHW, and anything else as it is."""
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


def _converted(function: Any, request: step.Request) -> Any:
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.WARNING)
    concrete = function.get_concrete_function()
    pictures = [t.name for t in concrete.inputs if t.shape.rank == 4 and t.dtype.is_floating]
    outputs = [t.name for t in concrete.outputs if t.shape.rank == 4]
    try:
        model, _ = tf2onnx.convert.from_function(
            function,
            function.input_signature,
            opset=int(request.options.get("opset", OPSET)),
            inputs_as_nchw=pictures,
            outputs_as_nchw=outputs,
        )
    except (ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        raise step.Refused(f"tf2onnx fails: {str(error).strip().splitlines()[0][:300]}") from error
    return model
