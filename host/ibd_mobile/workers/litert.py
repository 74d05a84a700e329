"""Measured process of LiteRT's compiled model on a host."""

import argparse
import sys
from typing import Any

from ibd_mobile.workers import loop


class Engine:
    """A model compiled for the CPU, with its buffers made."""

    def __init__(self, args: argparse.Namespace) -> None:
        try:
            from ai_edge_litert.compiled_model import CompiledModel
            from ai_edge_litert.hardware_accelerator import HardwareAccelerator
            from ai_edge_litert.options import CpuOptions, Options
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        if args.accelerator != "cpu":
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"LiteRT on a host runs on the cpu, not on the {args.accelerator}",
            )
        options = Options(
            hardware_accelerators=HardwareAccelerator.CPU,
            cpu_options=CpuOptions(num_threads=args.threads),
        )
        try:
            self._model = CompiledModel.from_file(args.model, options=options)
            _set_batch(self._model, args.batch)
            self._inputs = self._model.create_input_buffers(0)
            self._outputs = self._model.create_output_buffers(0)
        except (RuntimeError, ValueError) as error:
            raise loop.Failure(loop.Status.MODEL_REFUSED, str(error)) from error
        self.inputs = _describe(self._model, "inputs")
        self.outputs = _describe(self._model, "outputs")
        self.fully_accelerated: bool | None = bool(self._model.is_fully_accelerated())

    def write(self, data: bytes) -> None:
        """Fill the inputs."""
        import numpy as np

        at = 0
        for buffer, tensor in zip(self._inputs, self.inputs, strict=True):
            part = np.frombuffer(data, np.uint8, tensor.bytes, at).view(tensor.dtype)
            buffer.write(part.reshape(tensor.shape))
            at += tensor.bytes

    def infer(self) -> None:
        """Run once."""
        try:
            self._model.run_by_index(0, self._inputs, self._outputs)
        except RuntimeError as error:
            raise loop.Failure(loop.Status.INFERENCE_FAILED, str(error)) from error

    def read(self) -> bytes:
        """Return the outputs."""
        import numpy as np

        parts = []
        for buffer, tensor in zip(self._outputs, self.outputs, strict=True):
            dtype = np.dtype(tensor.dtype)
            parts.append(buffer.read(tensor.bytes // dtype.itemsize, dtype.type).tobytes())
        return b"".join(parts)


def _details(model: Any, side: str) -> list[dict[str, Any]]:
    key = next(iter(model.get_signature_list()))
    names = model.get_signature_list()[key][side]
    ask = model.get_input_tensor_details if side == "inputs" else model.get_output_tensor_details
    details = ask(key)
    return [details[name] | {"name": name} for name in names]


def _set_batch(model: Any, batch: int) -> None:
    """Set a dynamic leading dimension; it must be done before buffers are made.

    A dynamic dimension is told as 1, so whether one may be set is known only by trying.
    """
    for index, detail in enumerate(_details(model, "inputs")):
        shape = [int(d) for d in detail["shape"]]
        if not shape or shape[0] == batch:
            continue
        try:
            model.resize_input_tensor(index, [batch, *shape[1:]])
        except RuntimeError as error:
            raise ValueError(
                f'input "{detail["name"]}" has a fixed leading dimension of {shape[0]};'
                f" a batch of {batch} was asked for"
            ) from error


def _describe(model: Any, side: str) -> list[loop.TensorInfo]:
    import numpy as np

    tensors = []
    for detail in _details(model, side):
        shape = [int(d) for d in detail["shape"]]
        dtype = np.dtype(detail["dtype"])
        size = int(np.prod(shape)) * dtype.itemsize
        tensors.append(loop.TensorInfo(str(detail["name"]), dtype.name, shape, size))
    return tensors


if __name__ == "__main__":
    sys.exit(loop.main("litert", loop.version("ai-edge-litert"), Engine))
