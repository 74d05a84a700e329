# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "torch==2.13.0", "litert-torch==0.10.0", "ai-edge-litert==2.3.0", "ai-edge-quantizer==0.10.0",
#   "numpy==2.4.6",
# ]
# ///
"""PyTorch to TFLite: float32, float16 weights, int8 weights, or int8 throughout, by LiteRT Torch.

Pictures are NCHW in PyTorch and NHWC in what is made, at both ends: TFLite's convolutions are NHWC.
Options: `per_channel_dense` (false): scale int8 weights of dense layers per channel.
"""

import gc
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ibd_mobile.convert.steps import (
    batch,
    pytorch_source,
    step,
    tflite_batch,
    tflite_network,
    tflite_quantizer,
)


def convert(request: step.Request) -> step.Made:
    """Convert a program of torch.export.

    Raises:
        Refused: no such program, an op without a counterpart, a shape that does not fit, or int8
            without calibration pictures.
    """
    from ai_edge_litert.interpreter import Interpreter

    tflite_network.refuse_other_precisions(request)
    network = pytorch_source.read(request)
    shape = network.settle(request)
    said = [tflite_network.turned(a) for a in network.outputs(batch.samples(request))]
    is_int8 = request.precision == "int8"
    pictures = tflite_network.turned(batch.calibration(request)) if is_int8 else None
    with TemporaryDirectory(dir=request.folder) as folder:
        is_float32 = request.precision == "float32"
        plain = request.target if is_float32 else Path(folder) / "plain.tflite"
        _export(network, shape, plain)
        del network
        gc.collect()
        if not is_float32:
            tflite_quantizer.quantize(plain, request, pictures)
    return tflite_network.verified(request, said, {}, Interpreter, is_turned=len(shape) == 4)


def _export(network: pytorch_source.Network, shape: list[int | None], path: Path) -> None:
    """Write a float32 file.

    LiteRT Torch cannot lower a reshape with an open batch, which most networks have before their
    dense layer: an open batch is made of 1 afterwards.
    """
    import litert_torch
    import torch

    example = torch.zeros([1 if n is None else n for n in shape])
    if example.ndim == 4:
        example = example.permute(0, 2, 3, 1).contiguous()
    try:
        litert_torch.convert(_nhwc(_without_views(network.program.module())), (example,)).export(
            str(path)
        )
    except (RuntimeError, ValueError, NotImplementedError, KeyError, TypeError) as error:
        raise step.Refused(_reason(error)) from error
    if shape[0] is None:
        tflite_batch.open_up(path)


def _without_views(network: Any) -> Any:
    """Let views be reshapes: of maps whose memory is NHWC no view as a row is possible."""
    import torch

    for node in network.graph.nodes:
        if node.op == "call_function" and node.target == torch.ops.aten.view.default:
            node.target = torch.ops.aten.reshape.default
    network.recompile()
    return network


def _nhwc(network: Any) -> Any:
    """Wrap a network so that its pictures are NHWC."""
    import torch

    def turned(value: Any, order: tuple[int, ...]) -> Any:
        return value.permute(*order) if value.ndim == 4 else value

    class Turned(torch.nn.Module):  # type: ignore[misc]  # torch is not here
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, image: Any) -> Any:
            said = self.network(turned(image, (0, 3, 1, 2)))
            if isinstance(said, (tuple, list)):
                return tuple(turned(value, (0, 2, 3, 1)) for value in said)
            return turned(said, (0, 2, 3, 1))

    wrapped = Turned()
    wrapped.training = False  # eval() would ask the program inside, which knows no modes
    return wrapped


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"LiteRT Torch fails: {(lines or [type(error).__name__])[0].rstrip('.')[:300]}"


if __name__ == "__main__":
    tools = ["torch", "litert-torch", "ai-edge-litert", "ai-edge-quantizer", "numpy"]
    sys.exit(step.main(convert, tools))
