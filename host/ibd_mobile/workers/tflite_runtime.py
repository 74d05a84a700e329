"""Measured process of TensorFlow Lite's interpreter, from the tflite-runtime wheel."""

import argparse
import sys
from typing import Any

from ibd_mobile.workers import loop


class Engine:
    """An interpreter with its tensors made."""

    #: every op has a kernel for the CPU, in XNNPACK or in the interpreter itself
    fully_accelerated: bool | None = True

    def __init__(self, args: argparse.Namespace) -> None:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        if args.accelerator != "cpu":
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"tflite-runtime on a host runs on the cpu, not on the {args.accelerator}",
            )
        try:
            self._interpreter = Interpreter(args.model, num_threads=args.threads)
            _set_batch(self._interpreter, args.batch)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise loop.failure(error, loop.Status.MODEL_REFUSED) from error
        self.inputs = _describe(self._interpreter.get_input_details())
        self.outputs = _describe(self._interpreter.get_output_details())
        self._invoke = self._interpreter.invoke

    def write(self, data: bytes) -> None:
        """Fill the inputs."""
        import numpy as np

        at = 0
        for detail, tensor in zip(self._interpreter.get_input_details(), self.inputs, strict=True):
            part = np.frombuffer(data, np.uint8, tensor.bytes, at).view(tensor.dtype)
            self._interpreter.set_tensor(detail["index"], part.reshape(tensor.shape))
            at += tensor.bytes

    def infer(self) -> None:
        """Run once."""
        try:
            self._invoke()
        except RuntimeError as error:
            raise loop.failure(error, loop.Status.INFERENCE_FAILED) from error

    def read(self) -> bytes:
        """Return the outputs."""
        details = self._interpreter.get_output_details()
        return b"".join(self._interpreter.get_tensor(d["index"]).tobytes() for d in details)


def _set_batch(interpreter: Any, batch: int) -> None:
    """Set a dynamic leading dimension; one that is fixed is not bent."""
    for detail in interpreter.get_input_details():
        shape = [int(d) for d in detail["shape"]]
        if not shape or shape[0] == batch:
            continue
        try:
            interpreter.resize_tensor_input(detail["index"], [batch, *shape[1:]], strict=True)
        except (RuntimeError, ValueError) as error:
            raise ValueError(
                f'input "{detail["name"]}" has a fixed leading dimension of {shape[0]};'
                f" a batch of {batch} was asked for"
            ) from error


def _describe(details: list[dict[str, Any]]) -> list[loop.TensorInfo]:
    import numpy as np

    tensors = []
    for detail in details:
        shape = [int(d) for d in detail["shape"]]
        dtype = np.dtype(detail["dtype"])
        size = int(np.prod(shape)) * dtype.itemsize
        tensors.append(loop.TensorInfo(str(detail["name"]), dtype.name, shape, size))
    return tensors


if __name__ == "__main__":
    sys.exit(loop.main("tflite_runtime", loop.version("tflite-runtime"), Engine))
