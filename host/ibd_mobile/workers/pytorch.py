"""Measured process of PyTorch: a program of torch.export, node by node or compiled."""

import argparse
import os
import sys
import zipfile
from typing import Any

from ibd_mobile.workers import loop

_DTYPES = ("float32", "float16", "bfloat16", "int8", "uint8", "int32", "int64")
#: members of an archive that could only be read by running what is in them
_CODE = ("custom_obj_", "opaque_obj_")
#: torch.load reads such an archive as tensors and nothing else
_FORCE_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


class Engine:
    """A program with its weights and inputs on the processor."""

    fully_accelerated: bool | None = True

    def __init__(self, args: argparse.Namespace) -> None:
        os.environ[_FORCE_WEIGHTS_ONLY] = "1"
        try:
            import torch
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        self._torch = torch
        self._device = _device(torch, args.accelerator)
        self.has_own_memory = self._device.type == "cuda"
        torch.set_num_threads(args.threads)
        torch.set_num_interop_threads(1)
        _ask_for_full_precision(torch)
        try:
            program = _load(torch, args.model)
            self.inputs = _inputs(program, args.batch)
            self._module = _module(program, self._device)
            self._host = [self._empty(t, "cpu") for t in self.inputs]
            self._data = [self._empty(t, self._device) for t in self.inputs]
            self._guard = torch.inference_mode()
            self._guard.__enter__()
            if args.options.get("mode") == "compiled":
                self._module = torch.compile(self._module, dynamic=False)
            self._outputs = _flat(self._module(*self._data))  # compiles, and tells the shapes
            self._synchronize()
        except Exception as error:  # compilers and loaders raise what they like
            raise loop.failure(error, loop.Status.MODEL_REFUSED) from error
        self.outputs = [_describe(f"output{k}", o) for k, o in enumerate(self._outputs)]
        self.witness: dict[str, object] = {"nodes": {self._device.type: _count(program)}}
        if self.has_own_memory:
            self.witness["device"] = torch.cuda.get_device_name(self._device)
            self._events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
            self.device_ns = self._device_ns

    def write(self, data: bytes) -> None:
        """Bring the inputs to the processor."""
        import numpy as np

        at = 0
        for tensor, host, there in zip(self.inputs, self._host, self._data, strict=True):
            content = np.frombuffer(data, np.uint8, tensor.bytes, at)
            host.view(-1).view(self._torch.uint8).numpy()[:] = content
            there.copy_(host, non_blocking=True)
            at += tensor.bytes
        self._synchronize()

    def infer(self) -> None:
        """Run once; returns when the device is done."""
        try:
            if self.has_own_memory:
                self._events[0].record()
                self._outputs = self._module(*self._data)
                self._events[1].record()
                self._events[1].synchronize()
            else:
                self._outputs = self._module(*self._data)
        except Exception as error:
            raise loop.failure(error, loop.Status.INFERENCE_FAILED) from error

    def read(self) -> bytes:
        """Fetch the outputs."""
        parts = []
        for output in _flat(self._outputs):
            host = output.detach().to("cpu").contiguous()
            parts.append(host.view(-1).view(self._torch.uint8).numpy().tobytes())
        return b"".join(parts)

    def _device_ns(self) -> int:
        elapsed_ms: float = self._events[0].elapsed_time(self._events[1])
        return round(elapsed_ms * 1e6)

    def _empty(self, tensor: loop.TensorInfo, device: Any) -> Any:
        dtype = getattr(self._torch, tensor.dtype)
        is_pinned = self.has_own_memory and device == "cpu"
        return self._torch.zeros(tensor.shape, dtype=dtype, device=device, pin_memory=is_pinned)

    def _synchronize(self) -> None:
        if self.has_own_memory:
            self._torch.cuda.synchronize(self._device)


def _device(torch: Any, accelerator: str) -> Any:
    if accelerator == "cpu":
        return torch.device("cpu")
    if accelerator != "gpu" or not torch.cuda.is_available():
        raise loop.Failure(
            loop.Status.ACCELERATOR_UNAVAILABLE,
            f"PyTorch {torch.__version__} finds no {accelerator} here; nothing was run on the cpu"
            " instead",
        )
    return torch.device("cuda", 0)


def _ask_for_full_precision(torch: Any) -> None:
    """Keep float32 from being NVIDIA's tf32 with ten bits of mantissa, or bf16 on CPUs."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True  # the shapes stay, and the warm-up is for that


def _load(torch: Any, path: str) -> Any:
    """Read a program, but nothing that could only be read by running it.

    Raises:
        ValueError: it holds such a thing, or is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.rpartition("/")[2] for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no archive of torch.export: {error}") from error
    held = [name for name in names if name.startswith(_CODE)]
    if held:
        raise ValueError(f"{path} holds {held[0]}, which cannot be read without running it")
    return torch.export.load(path)


def _module(program: Any, device: Any) -> Any:
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    return program.module()


def _inputs(program: Any, batch: int) -> list[loop.TensorInfo]:
    """Describe the inputs with their leading dimension set.

    Raises:
        ValueError: that dimension is fixed to another number, or bounded below the batch.
    """
    values = {n.name: n.meta["val"] for n in program.graph.nodes if n.op == "placeholder"}
    found = []
    for name in program.graph_signature.user_inputs:
        shape = list(values[name].shape)
        if shape and isinstance(shape[0], int) and shape[0] != batch:
            raise ValueError(
                f'input "{name}" has a fixed leading dimension of {shape[0]};'
                f" a batch of {batch} was asked for"
            )
        shape = [batch if k == 0 else d for k, d in enumerate(shape)]
        if not all(isinstance(d, int) for d in shape):
            raise ValueError(f'input "{name}" has the open shape {list(values[name].shape)}')
        found.append(_describe(name, values[name].new_empty(shape)))
    return found


def _describe(name: str, tensor: Any) -> loop.TensorInfo:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _DTYPES:
        raise ValueError(f'"{name}" is {dtype}, which cannot be measured')
    shape = [int(d) for d in tensor.shape]
    return loop.TensorInfo(name, dtype, shape, tensor.numel() * tensor.element_size())


def _flat(outputs: Any) -> list[Any]:
    """Lay out nested tuples, lists and dicts of tensors in their order."""
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if isinstance(outputs, list | tuple):
        return [tensor for each in outputs for tensor in _flat(each)]
    return [outputs]


def _count(program: Any) -> int:
    return sum(node.op == "call_function" for node in program.graph.nodes)


if __name__ == "__main__":
    sys.exit(loop.main("pytorch", loop.version("torch"), Engine))
