"""Measured process of ONNX Runtime: its CPU, CUDA, TensorRT or QNN provider, and none instead."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ibd_mobile.workers import loop

#: ONNX Runtime's name of an element type -> ours
_DTYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(bfloat16)": "bfloat16",
    "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}  # fmt: skip
_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "qnn_htp": "QNNExecutionProvider",
}
#: float32 must be float32, not NVIDIA's tf32 with ten bits of mantissa
_CUDA_OPTIONS = {"device_id": "0", "use_tf32": "0", "cudnn_conv_algo_search": "EXHAUSTIVE"}
_BFLOAT16 = 16  #: ONNX's number of the type, which numpy lacks
#: on x86-64 without VNNI the library multiplies eight bits in pairs whose sums it clamps to 16
#: bits, unless it is told not to; told so, it would not use VNNI either
_EXACT_SUMS = "session.x64quantprecision"


class Engine:
    """A session with its inputs and outputs bound."""

    def __init__(self, args: argparse.Namespace) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
        self._ort = onnxruntime
        usual = "cuda" if args.accelerator == "gpu" else "cpu"
        self._kind = args.options.get("provider", usual)
        self._check_accelerator(args.accelerator)
        self._sums_exactly = self._kind == "cpu" and clamps_sums(_processor())
        try:
            self._session = self._open(args)
            self.inputs = [_describe(a, args.batch) for a in self._session.get_inputs()]
            self.outputs = self._describe_outputs(args.batch)
            self._check_nodes(args.accelerator)
            self._bind()
            # It plans its memory in the first run and takes it in the second: MobileNet v1 took a
            # quarter longer in both. That is initialisation, and the warm-up is but one run.
            self.infer()
        except loop.Failure:
            raise
        except Exception as error:  # each fault of the library has a class of its own
            raise loop.failure(error, loop.Status.MODEL_REFUSED) from error

    @property
    def has_own_memory(self) -> bool:
        """Whether data must be brought to the processor."""
        return self._device == "cuda"

    def write(self, data: bytes) -> None:
        """Fill the inputs."""
        for value, array in zip(self._inputs, _arrays(data, self.inputs), strict=True):
            value.update_inplace(array)

    def infer(self) -> None:
        """Run once; returns when the device is done."""
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:
            raise loop.failure(error, loop.Status.INFERENCE_FAILED) from error

    def read(self) -> bytes:
        """Return the outputs."""
        import numpy as np

        values = self._binding.get_outputs()
        return b"".join(np.ascontiguousarray(v.numpy()).tobytes() for v in values)

    @property
    def _device(self) -> str:
        return "cuda" if self._kind in ("cuda", "tensorrt") else "cpu"

    def _check_accelerator(self, accelerator: str) -> None:
        runs_on = "gpu" if self._device == "cuda" else "cpu"
        if self._kind not in _PROVIDERS or accelerator != runs_on:
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"ONNX Runtime's {self._kind} provider does not run on the {accelerator}",
            )
        is_there = _PROVIDERS[self._kind] in self._ort.get_available_providers()
        if self._kind != "qnn_htp" and not is_there:
            there = ", ".join(self._ort.get_available_providers())
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"this ONNX Runtime has no {_PROVIDERS[self._kind]} (it has {there})",
            )

    def _open(self, args: argparse.Namespace) -> Any:
        options = self._options(args)
        if self._kind == "qnn_htp":
            _add_qnn(self._ort, options)
            return self._ort.InferenceSession(args.model, options)
        providers: list[Any] = [_PROVIDERS["cpu"]]
        if self._device == "cuda":
            if hasattr(self._ort, "preload_dlls"):
                self._ort.preload_dlls()  # those of the wheels that NVIDIA gives
            providers = [(_PROVIDERS["cuda"], _CUDA_OPTIONS), *providers]
        if self._kind == "tensorrt":
            providers = [(_PROVIDERS["tensorrt"], _tensorrt_options(args)), *providers]
        return self._ort.InferenceSession(args.model, options, providers=providers)

    def _options(self, args: argparse.Namespace) -> Any:
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = args.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        if self._sums_exactly:
            options.add_session_config_entry(_EXACT_SUMS, "1")
        if self._kind == "qnn_htp":
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
            for symbol in self._symbols(args.model):  # this compiler takes fixed shapes only
                options.add_free_dimension_override_by_name(symbol, args.batch)
        return options

    def _symbols(self, model: str) -> set[str]:
        """Name the leading dimensions that are left open."""
        options = self._ort.SessionOptions()
        level = self._ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
        plain = self._ort.InferenceSession(model, options, providers=[_PROVIDERS["cpu"]])
        return {a.shape[0] for a in plain.get_inputs() if isinstance(a.shape[0], str)}

    def _describe_outputs(self, batch: int) -> list[loop.TensorInfo]:
        """Describe the outputs; where the file leaves a shape open, from one run on zeros."""
        symbols = {a.shape[0] for a in self._session.get_inputs() if a.shape}
        told = self._session.get_outputs()
        if all(_is_told(a, symbols) for a in told):
            return [_describe(a, batch) for a in told]
        zeros = bytes(sum(t.bytes for t in self.inputs))
        feeds = dict(zip([t.name for t in self.inputs], _arrays(zeros, self.inputs), strict=True))
        found = self._session.run(None, feeds)
        return [
            loop.TensorInfo(a.name, _DTYPES[a.type], list(array.shape), array.nbytes)
            for a, array in zip(told, found, strict=True)
        ]

    def _check_nodes(self, accelerator: str) -> None:
        """Find out where each node runs: a provider that cannot be loaded is left out silently."""
        wanted = _PROVIDERS[self._kind]
        if wanted not in self._session.get_providers():
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"ONNX Runtime could not load its {wanted}; nothing was run on the cpu instead",
            )
        nodes = _nodes(self._session)
        self.fully_accelerated: bool | None = None
        if nodes:
            self.fully_accelerated = set(nodes) == {wanted}
        if nodes and wanted not in nodes:
            raise loop.Failure(
                loop.Status.ACCELERATOR_UNAVAILABLE,
                f"no node of the network runs on the {accelerator}: {dict(nodes)}",
            )
        self.witness: dict[str, object] = {"nodes": dict(nodes)} if nodes else {}
        if self._kind == "qnn_htp":
            self.witness["is_emulated"] = True
        if self._sums_exactly:
            self.witness["note"] = f"int8 sums are exact ({_EXACT_SUMS}): this CPU has no VNNI"

    def _bind(self) -> None:
        self._binding = self._session.io_binding()
        zeros = bytes(sum(t.bytes for t in self.inputs))
        self._inputs = []
        for tensor, array in zip(self.inputs, _arrays(zeros, self.inputs), strict=True):
            value = self._value(tensor, array)
            self._inputs.append(value)
            self._binding.bind_ortvalue_input(tensor.name, value)
        for tensor in self.outputs:
            self._binding.bind_output(tensor.name, self._device)

    def _value(self, tensor: loop.TensorInfo, array: Any) -> Any:
        make = self._ort.OrtValue
        if tensor.dtype == "bfloat16":
            return make.ortvalue_from_numpy_with_onnx_type(array, _BFLOAT16)
        return make.ortvalue_from_numpy(array, self._device, 0)


def clamps_sums(cpuinfo: str) -> bool:
    """Whether the library's usual int8 kernels clamp on this processor.

    Args:
        cpuinfo: the kernel's account of it.
    """
    told = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    return bool(told) and "vnni" not in told


def _processor() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def _add_qnn(ort: Any, options: Any) -> None:
    try:
        import onnxruntime_qnn
    except ImportError as error:
        raise loop.Failure(loop.Status.ENGINE_UNAVAILABLE, str(error)) from error
    name = onnxruntime_qnn.get_ep_name()
    ort.register_execution_provider_library(name, onnxruntime_qnn.get_library_path())
    devices = [d for d in ort.get_ep_devices() if d.ep_name == name]
    if not devices:
        raise loop.Failure(
            loop.Status.ACCELERATOR_UNAVAILABLE, "onnxruntime-qnn offers no device here"
        )
    backend = {"backend_path": onnxruntime_qnn.get_qnn_htp_path()}
    options.add_provider_for_devices(devices[:1], backend)


def _tensorrt_options(args: argparse.Namespace) -> dict[str, str]:
    precision = args.options.get("precision", "float32")
    options = {
        "device_id": "0",
        "trt_fp16_enable": str(int(precision == "float16")),
        "trt_bf16_enable": str(int(precision == "bfloat16")),
        "trt_int8_enable": str(int(precision == "int8")),
    }
    if "cache" in args.options:
        options |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": args.options["cache"],
            "trt_engine_cache_prefix": args.model_sha256[:16],
        }
        Path(args.options["cache"]).mkdir(parents=True, exist_ok=True)
    return options


def _nodes(session: Any) -> Counter[str]:
    """Count the nodes by provider; empty where this version does not tell."""
    nodes: Counter[str] = Counter()
    if hasattr(session, "get_provider_graph_assignment_info"):
        for part in session.get_provider_graph_assignment_info():
            nodes[part.ep_name] += len(part.get_nodes())
    return nodes


def _is_told(tensor: Any, symbols: set[Any]) -> bool:
    """Whether an output's shape is known but for a leading dimension that an input has too."""
    first, rest = tensor.shape[:1], tensor.shape[1:]
    return all(isinstance(d, int) for d in rest) and all(
        isinstance(d, int) or d in symbols for d in first
    )


def _describe(tensor: Any, batch: int) -> loop.TensorInfo:
    """Describe a tensor with its leading dimension set.

    Raises:
        ValueError: that dimension is fixed to another number, or the shape is open elsewhere.
    """
    import numpy as np

    if tensor.type not in _DTYPES:
        raise ValueError(f'"{tensor.name}" is a {tensor.type}, which cannot be measured')
    shape = [batch if k == 0 and not isinstance(d, int) else d for k, d in enumerate(tensor.shape)]
    if not all(isinstance(d, int) for d in shape):
        raise ValueError(f'"{tensor.name}" has the open shape {tensor.shape}')
    if shape and shape[0] != batch:
        raise ValueError(
            f'input "{tensor.name}" has a fixed leading dimension of {shape[0]};'
            f" a batch of {batch} was asked for"
        )
    dtype = _DTYPES[tensor.type]
    itemsize = 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize
    return loop.TensorInfo(tensor.name, dtype, shape, int(np.prod(shape)) * itemsize)


def _arrays(data: bytes, tensors: list[loop.TensorInfo]) -> list[Any]:
    import numpy as np

    found, at = [], 0
    for tensor in tensors:
        dtype = "uint16" if tensor.dtype == "bfloat16" else tensor.dtype
        part = np.frombuffer(data, np.uint8, tensor.bytes, at).view(dtype)
        found.append(part.reshape(tensor.shape))
        at += tensor.bytes
    return found


if __name__ == "__main__":
    sys.exit(loop.main("onnxruntime", loop.version("onnxruntime", "onnxruntime-gpu"), Engine))
