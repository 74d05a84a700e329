"""Measured process of TensorRT: an engine built from ONNX for the card that runs it.

Written from NVIDIA's published Python interface (TensorRT 8.6 to 10) and tried on a stand-in of
it only: no card was at hand.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from ibd_mobile.workers import loop

#: TensorRT's name of an element type -> ours and its size in bytes
_DTYPES = {
    "FLOAT": ("float32", 4), "HALF": ("float16", 2), "BF16": ("bfloat16", 2), "INT8": ("int8", 1),
    "UINT8": ("uint8", 1), "INT32": ("int32", 4), "INT64": ("int64", 8),
}  # fmt: skip
#: before strongly typed networks, a precision was allowed by a flag of the builder
_FLAGS = {"float16": "FP16", "bfloat16": "BF16", "int8": "INT8"}


class Engine:
    """An engine with its context, stream and memory on the card."""

    fully_accelerated: bool | None = True  #: TensorRT builds all of a network or nothing
    has_own_memory = True

    def __init__(self, args: argparse.Namespace) -> None:
        try:
            import tensorrt
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        if args.accelerator != "gpu":
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"TensorRT runs on the gpu, not on the {args.accelerator}",
            )
        self._cuda = _Cuda()
        card = self._cuda.card()
        logger = tensorrt.Logger(tensorrt.Logger.ERROR)
        try:
            plan, self.note = _plan(tensorrt, logger, args, card)
            self._engine = tensorrt.Runtime(logger).deserialize_cuda_engine(plan)
            if self._engine is None:
                raise RuntimeError("the engine cannot be loaded on this card")
            self._context = self._engine.create_execution_context()
            names = [self._engine.get_tensor_name(k) for k in range(self._engine.num_io_tensors)]
            ins = [n for n in names if self._is_input(tensorrt, n)]
            for name in ins:
                shape = list(self._engine.get_tensor_shape(name))
                self._context.set_input_shape(name, (args.batch, *shape[1:]))
            self.inputs = [self._describe(n) for n in ins]
            self.outputs = [self._describe(n) for n in names if n not in ins]
            self._memory = {t.name: self._cuda.memory(t.bytes) for t in self._tensors}
            for name, address in self._memory.items():
                self._context.set_tensor_address(name, address)
        except loop.Failure:
            raise
        except Exception as error:  # the library raises what it likes
            raise loop.failure(error, loop.Status.MODEL_REFUSED) from error
        self._host = {t.name: bytearray(t.bytes) for t in self.outputs}
        self.witness = {"device": card, "note": self.note}

    def write(self, data: bytes) -> None:
        """Bring the inputs to the card."""
        at = 0
        for tensor in self.inputs:
            part = data[at : at + tensor.bytes]
            self._cuda.to_card(self._memory[tensor.name], part)
            at += tensor.bytes
        self._cuda.synchronize()

    def infer(self) -> None:
        """Run once; returns when the card is done."""
        self._cuda.mark(0)
        if not self._context.execute_async_v3(self._cuda.stream):
            raise loop.Failure(loop.Status.INFERENCE_FAILED, "TensorRT could not run the engine")
        self._cuda.mark(1)
        self._cuda.synchronize()

    def device_ns(self) -> int:
        """Return how long the last inference took by the card's events, ns."""
        return self._cuda.between_ns()

    def read(self) -> bytes:
        """Fetch the outputs."""
        for name, content in self._host.items():
            self._cuda.from_card(content, self._memory[name])
        self._cuda.synchronize()
        return b"".join(self._host.values())

    @property
    def _tensors(self) -> list[loop.TensorInfo]:
        return [*self.inputs, *self.outputs]

    def _is_input(self, tensorrt: Any, name: str) -> bool:
        return bool(self._engine.get_tensor_mode(name) == tensorrt.TensorIOMode.INPUT)

    def _describe(self, name: str) -> loop.TensorInfo:
        dtype, size = _dtype(self._engine.get_tensor_dtype(name), name)
        shape = [int(d) for d in self._context.get_tensor_shape(name)]
        for d in shape:
            size *= d
        return loop.TensorInfo(name, dtype, shape, size)


class _Cuda:
    """The few calls of CUDA's runtime that are needed, each checked."""

    def __init__(self) -> None:
        try:
            from cuda.bindings import runtime
        except ImportError:
            try:
                from cuda import cudart as runtime
            except ImportError as error:
                raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        self._cuda = runtime
        count = self._call("cudaGetDeviceCount", absent=True)
        if not count:
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE, "CUDA finds no card on this computer"
            )
        self.stream = self._call("cudaStreamCreate")
        self._events = [self._call("cudaEventCreate") for _ in range(2)]

    def card(self) -> str:
        """Return name and compute capability of the card."""
        facts = self._call("cudaGetDeviceProperties", 0)
        name = facts.name.decode() if isinstance(facts.name, bytes) else str(facts.name)
        return f"{name.partition(chr(0))[0]} sm_{facts.major}{facts.minor}"

    def memory(self, size_bytes: int) -> int:
        """Take memory on the card and return its address."""
        return int(self._call("cudaMalloc", size_bytes))

    def to_card(self, address: int, content: bytes) -> None:
        """Copy to the card, in the stream."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call("cudaMemcpyAsync", address, content, len(content), kind, self.stream)

    def from_card(self, content: bytearray, address: int) -> None:
        """Copy from the card, in the stream."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call("cudaMemcpyAsync", content, address, len(content), kind, self.stream)

    def mark(self, which: int) -> None:
        """Put an event into the stream."""
        self._call("cudaEventRecord", self._events[which], self.stream)

    def between_ns(self) -> int:
        """Return the time between both events, ns."""
        elapsed_ms: float = self._call("cudaEventElapsedTime", *self._events)
        return round(elapsed_ms * 1e6)

    def synchronize(self) -> None:
        """Wait until all in the stream is done."""
        self._call("cudaStreamSynchronize", self.stream)

    def _call(self, name: str, *words: Any, absent: bool = False) -> Any:
        """Call and return the value; with `absent` an error counts as None."""
        status, *values = getattr(self._cuda, name)(*words)
        if int(status) != 0:
            if absent:
                return None
            error = RuntimeError(f"{name}: CUDA failure {int(status)}: {status.name}")
            raise loop.failure(error, loop.Status.INFERENCE_FAILED)
        return values[0] if values else None


def _plan(tensorrt: Any, logger: Any, args: argparse.Namespace, card: str) -> tuple[bytes, str]:
    """Return an engine's bytes and where they are from; only our own cache is read.

    An engine fits one card, one TensorRT, one file, batch and precision; its name in the cache is
    made of all of them.
    """
    precision = args.options.get("precision", "float32")
    facts = [args.model_sha256, tensorrt.__version__, card, args.batch, precision]
    name = hashlib.sha256(repr(facts).encode()).hexdigest()
    path = Path(args.options["cache"]) / f"{name}.engine" if "cache" in args.options else None
    if path is not None and path.is_file():
        return path.read_bytes(), "engine from the cache"
    plan = _build(tensorrt, logger, args, precision)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{args.nonce}")
        part.write_bytes(plan)
        part.replace(path)
    return plan, "engine built in this initialisation"


def _build(tensorrt: Any, logger: Any, args: argparse.Namespace, precision: str) -> bytes:
    builder = tensorrt.Builder(logger)
    kinds = tensorrt.NetworkDefinitionCreationFlag
    is_typed = hasattr(kinds, "STRONGLY_TYPED")  # then the file alone says which precision is used
    kind = kinds.STRONGLY_TYPED if is_typed else kinds.EXPLICIT_BATCH
    network = builder.create_network(1 << int(kind))
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse_from_file(args.model):
        told = "; ".join(str(parser.get_error(k)) for k in range(parser.num_errors))
        raise ValueError(f"TensorRT cannot read the network: {told}")
    config = builder.create_builder_config()
    config.clear_flag(tensorrt.BuilderFlag.TF32)  # float32 must be float32
    if not is_typed and precision in _FLAGS:
        config.set_flag(getattr(tensorrt.BuilderFlag, _FLAGS[precision]))
    profile = builder.create_optimization_profile()
    for k in range(network.num_inputs):
        tensor = network.get_input(k)
        shape = _batched(tensor.name, list(tensor.shape), args.batch)
        profile.set_shape(tensor.name, shape, shape, shape)
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise RuntimeError("TensorRT could not build an engine of the network")
    return bytes(plan)


def _batched(name: str, shape: list[int], batch: int) -> tuple[int, ...]:
    if shape[0] not in (-1, batch):
        raise ValueError(
            f'input "{name}" has a fixed leading dimension of {shape[0]};'
            f" a batch of {batch} was asked for"
        )
    return (batch, *shape[1:])


def _dtype(dtype: Any, name: str) -> tuple[str, int]:
    if dtype.name not in _DTYPES:
        raise ValueError(f'"{name}" is {dtype.name}, which cannot be measured')
    return _DTYPES[dtype.name]


if __name__ == "__main__":
    sys.exit(loop.main("tensorrt", loop.version("tensorrt"), Engine))
