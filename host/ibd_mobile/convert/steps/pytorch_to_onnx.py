# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "torch==2.13.0", "onnxscript==0.7.2", "onnx==1.23.2", "onnxruntime==1.31.1", "numpy==2.4.6",
# ]
# ///
"""PyTorch to ONNX, float32: opset 18, the oldest that PyTorch's exporter writes by itself.

Options: `opset` (18): another one; below 18 the network is taken back op by op, which may fail.
"""

import sys
from typing import Any

from ibd_mobile.convert.steps import batch, onnx_network, pytorch_source, step

OPSET = 18


def convert(request: step.Request) -> step.Made:
    """Convert a program of torch.export; its pictures are NCHW and stay so.

    Raises:
        Refused: no such program, an op without a counterpart, or a shape that does not fit.
    """
    if request.precision != "float32":
        raise step.Refused(
            f"PyTorch's exporter makes float32, not {request.precision}",
            f"Convert to float32, and from there to {request.precision}.",
        )
    network = pytorch_source.read(request)
    shape = network.settle(request)
    said = network.outputs(batch.samples(request))
    exported = _exported(network, request)
    model = _tidy(exported.model_proto, shape)
    request.target.write_bytes(model.SerializeToString())
    onnx_network.read(request.target)
    inside = {}
    if request.is_to_locate:
        samples = batch.samples(request)[: onnx_network.INNER_SAMPLES_COUNT]
        inside = network.inner(exported.exported_program, samples)
    return onnx_network.verified(request, said, inside)


def _exported(network: pytorch_source.Network, request: step.Request) -> Any:
    import torch
    from torch.onnx.errors import OnnxExporterError

    opset = int(request.options.get("opset", OPSET))
    try:
        exported = torch.onnx.export(
            network.program, (), dynamo=True, opset_version=opset, verbose=False
        )
    except OnnxExporterError as error:
        raise step.Refused(_unconverted(error)) from error
    found = exported.model.opset_imports[""]
    if found != opset:
        raise step.Refused(f"the network cannot be written in opset {opset}; {found} is the oldest")
    return exported


def _unconverted(error: BaseException) -> str:
    """Return the innermost cause: that is where the op is named."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"the exporter fails: {str(error).strip().splitlines()[0].rstrip('.')[:300]}"


def _tidy(model: Any, shape: list[int | None]) -> Any:
    """Name the open batch, or set it, and drop what the exporter noted about its own work."""
    for value in [*model.graph.input, *model.graph.output]:
        dim = value.type.tensor_type.shape.dim[0]
        if shape[0] is None:
            dim.dim_param = "batch"
        else:
            dim.dim_value = shape[0]
    del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
    return model


if __name__ == "__main__":
    sys.exit(step.main(convert, ["torch", "onnxscript", "onnx", "onnxruntime", "numpy"]))
