# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "numpy==2.4.6"]
# ///
"""PyTorch to PyTorch: a published program as it is, or one that works with 16 bits.

A program of 16 bits takes and gives float32, as ONNX files of float16 do. There is no int8: a
quantized program of torch.export has float32 kernels between rounding steps, until a compiler makes
others of them, and its time would not be that of int8.
"""

import shutil
import sys
from dataclasses import replace
from typing import Any

from ibd_mobile.convert.steps import batch, pytorch_source, step

_NARROW = ("float16", "bfloat16")


def convert(request: step.Request) -> step.Made:
    """Copy a program, or export it anew with its weights and arithmetic in 16 bits.

    Raises:
        Refused: no such program, another precision, a shape that does not fit, or an op that does
            not work with 16 bits.
    """
    if request.precision not in ("float32", *_NARROW):
        raise step.Refused(
            f"programs of torch.export are made in float32, float16 and bfloat16, not in"
            f" {request.precision}",
            "Quantized networks are to be had as ONNX or TFLite.",
        )
    network = pytorch_source.read(request)
    shape = network.settle(request)
    samples = batch.samples(request)
    said = network.outputs(samples)
    if request.precision == "float32" and shape == network.shape:
        shutil.copyfile(request.source["model"], request.target)
    else:
        _export(network, shape, request)
    made = pytorch_source.read(replace(request, source={"model": str(request.target)}))
    answers = made.outputs(samples)
    step.write_compared(request, said, answers)
    signature = made.program.graph_signature
    leading = request.batch
    return step.Made(
        inputs=[step.TensorInfo(made.input_name, "float32", [leading, *request.input_shape])],
        outputs=[
            step.TensorInfo(str(name), "float32", [leading, *answer.shape[1:]])
            for name, answer in zip(signature.user_outputs, answers, strict=True)
        ],
        layout="NCHW",
        batch=leading,
    )


def _export(
    network: pytorch_source.Network, shape: list[int | None], request: step.Request
) -> None:
    import torch

    inside = network.program.module()
    dtype = getattr(torch, request.precision)

    class Narrow(torch.nn.Module):  # type: ignore[misc]
        """Takes and gives float32, and works with less between."""

        def __init__(self) -> None:
            super().__init__()
            self.inside = inside.to(dtype)

        def forward(self, picture: Any) -> Any:
            made = self.inside(picture.to(dtype))
            if isinstance(made, (tuple, list)):
                return tuple(each.float() for each in made)
            return made.float()

    picture = torch.zeros(shape[0] or 2, *request.input_shape)
    free = ({0: torch.export.Dim("batch", min=1)},) if shape[0] is None else None
    try:
        program = torch.export.export(Narrow(), (picture,), dynamic_shapes=free)
    except Exception as error:  # the exporter and each op raise what they like
        why = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")[:300]
        raise step.Refused(f"it does not work in {request.precision}: {why}") from error
    for node in program.graph.nodes:  # where this program lies is nobody's business
        node.meta.pop("stack_trace", None)
    torch.export.save(program, request.target)


if __name__ == "__main__":
    sys.exit(step.main(convert, ["torch", "numpy"]))
