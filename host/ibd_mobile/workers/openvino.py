"""Measured process of OpenVINO on a CPU."""

import argparse
import sys
from collections import Counter
from typing import Any

from ibd_mobile.workers import loop

#: OpenVINO's name of an element type -> ours
_DTYPES = {
    "f32": "float32", "f16": "float16", "bf16": "bfloat16", "i8": "int8", "u8": "uint8",
    "i32": "int32", "i64": "int64",
}  # fmt: skip
#: where a CPU has bf16 or f16 units, OpenVINO would use them for float32 networks unasked
_PRECISION_HINTS = {"float16": "f16", "bfloat16": "bf16"}


class Engine:
    """A network compiled for the CPU, with one request."""

    fully_accelerated: bool | None = True

    def __init__(self, args: argparse.Namespace) -> None:
        try:
            import openvino
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        if args.accelerator != "cpu":
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"OpenVINO is used on the cpu here, not on the {args.accelerator}",
            )
        hint = _PRECISION_HINTS.get(args.options.get("precision", ""), "f32")
        try:
            core = openvino.Core()
            model = core.read_model(args.model)
            _set_batch(model, args.batch)
            compiled = core.compile_model(model, "CPU", _config(args.threads, hint))
            self._request = compiled.create_infer_request()
            self.inputs = [_describe(port) for port in compiled.inputs]
            self.outputs = [_describe(port) for port in compiled.outputs]
            self._tensors = [openvino.Tensor(p.element_type, p.shape) for p in compiled.inputs]
            for index, tensor in enumerate(self._tensors):
                self._request.set_input_tensor(index, tensor)
        except (RuntimeError, ValueError) as error:
            raise loop.failure(error, loop.Status.MODEL_REFUSED) from error
        precisions = _precisions(compiled)
        told = ", ".join(f"{name} {count}" for name, count in precisions.most_common())
        self.witness = {
            "nodes": {"CPU": sum(precisions.values())},
            "note": f"nodes by precision: {told}",
        }
        self._infer = self._request.infer

    def write(self, data: bytes) -> None:
        """Fill the inputs."""
        import numpy as np

        at = 0
        for tensor in self._tensors:
            content = np.frombuffer(data, np.uint8, tensor.byte_size, at)
            tensor.data.reshape(-1).view(np.uint8)[:] = content
            at += tensor.byte_size

    def infer(self) -> None:
        """Run once; outputs stay where they are."""
        try:
            self._infer(share_outputs=True)
        except RuntimeError as error:
            raise loop.failure(error, loop.Status.INFERENCE_FAILED) from error

    def read(self) -> bytes:
        """Return the outputs."""
        tensors = (self._request.get_output_tensor(k) for k in range(len(self.outputs)))
        return b"".join(tensor.data.tobytes() for tensor in tensors)


def _config(threads: int, hint: str) -> dict[str, object]:
    return {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        "ENABLE_CPU_PINNING": False,  # the worker has pinned itself
    }


def _set_batch(model: Any, batch: int) -> None:
    """Set an open leading dimension; one that is fixed is not bent."""
    shapes = {}
    for port in model.inputs:
        shape = port.get_partial_shape()
        if not len(shape):
            continue
        if shape[0].is_static and shape[0].get_length() != batch:
            raise ValueError(
                f'input "{port.any_name}" has a fixed leading dimension of'
                f" {shape[0].get_length()}; a batch of {batch} was asked for"
            )
        shape[0] = batch
        shapes[port] = shape
    model.reshape(shapes)


def _describe(port: Any) -> loop.TensorInfo:
    name = port.element_type.get_type_name()
    if name not in _DTYPES or port.get_partial_shape().is_dynamic:
        raise ValueError(
            f'"{port.any_name}" is {name} {port.get_partial_shape()}, which cannot be measured'
        )
    shape = [int(d) for d in port.shape]
    count = 1
    for d in shape:
        count *= d
    return loop.TensorInfo(port.any_name, _DTYPES[name], shape, count * port.element_type.size)


def _precisions(compiled: Any) -> Counter[str]:
    """Count the nodes that compute, by the precision in which they were compiled."""
    found: Counter[str] = Counter()
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        if "layerType" not in info or "runtimePrecision" not in info:
            continue
        if info["layerType"].astype(str) not in ("Input", "Output", "Const"):
            found[info["runtimePrecision"].astype(str)] += 1
    return found


if __name__ == "__main__":
    sys.exit(loop.main("openvino", loop.version("openvino"), Engine))
