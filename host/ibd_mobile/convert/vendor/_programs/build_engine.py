# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "tensorrt-cu12==10.13.3.9",
#   "cuda-bindings==12.9.4",
#   "onnxruntime==1.31.1",
#   "numpy",
# ]
# ///
"""ONNX → TensorRT engine, on the machine and the GPU that will run it.

An engine serves one GPU and one version of TensorRT. No GPU was at hand: names of the library are
from its own bindings (10.13), behaviour is tested against a stand-in.

TensorRT 10 takes precision as a wish and calibrates int8 itself; TensorRT 11 takes what the ONNX
file says. A file that holds QuantizeLinear is int8 in both, without calibration.
"""

import json
import sys
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, step
from ibd_mobile.convert.vendor._programs import run_onnx
from ibd_mobile.convert.vendor._programs._cuda import Cuda, gpu_name

_WORKSPACE_BYTES = 4 << 30
_LARGEST_BATCH = 32  #: of an engine whose batch is left open


def facts() -> dict[str, str]:
    """Say what an engine made here depends on, besides the network and its precision."""
    import tensorrt

    return {"tensorrt": tensorrt.__version__, "gpu": gpu_name()}


def convert(request: step.Request) -> step.Made:
    """Build an engine, load it, and lay its outputs beside those of the ONNX file.

    Options: `largest_batch` of an open batch; `workspace_bytes`; `is_tf32`, which lets float32
    drop mantissa bits; `calibration_cache`, read where it is there.

    Raises:
        step.Refused: TensorRT cannot build or load it; the text has TensorRT's own words.
    """
    import tensorrt as trt

    log = _log(trt)
    plan, notes = _build(trt, log, request)
    request.target.write_bytes(plan)
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    if engine is None:
        raise step.Refused(f"the engine cannot be loaded: {log.last}")
    if request.samples:
        step.write_compared(request, run_onnx.said(request), _said(trt, engine, request))
    cache = _cache_file(request)
    return step.Made(
        inputs=_tensors(trt, engine, trt.TensorIOMode.INPUT),
        outputs=_tensors(trt, engine, trt.TensorIOMode.OUTPUT),
        layout=request.options.get("layout", "NCHW"),
        batch=request.batch,
        companions={"calibration": cache.name} if cache.is_file() else {},
        notes=notes,
    )


def _build(trt: Any, log: Any, request: step.Request) -> tuple[bytes, list[str]]:
    builder = trt.Builder(log)
    # TensorRT 8 must be told that the batch is a dimension; later ones know nothing else
    flag = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if flag is None else 1 << int(flag))
    parser = trt.OnnxParser(network, log)
    if not parser.parse_from_file(request.source["model"]):
        why = "; ".join(parser.get_error(k).desc() for k in range(parser.num_errors)) or log.last
        raise step.Refused(
            f"TensorRT cannot read the network: {why}", "Change or replace the op named."
        )
    config = builder.create_builder_config()
    size = int(request.options.get("workspace_bytes", _WORKSPACE_BYTES))
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, size)
    profile = _profile(builder, network, request)
    config.add_optimization_profile(profile)
    notes = _set_precision(trt, network, config, profile, request)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise step.Refused(f"TensorRT cannot build the engine: {log.last}")
    return bytes(plan), notes


def _profile(builder: Any, network: Any, request: step.Request) -> Any:
    """Say which shapes the engine must take; without one an open batch cannot be built."""
    least = max(request.batch, 1)
    most = least
    if request.batch == -1:
        most = int(request.options.get("largest_batch", _LARGEST_BATCH))
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        leading, *rest = tensor.shape
        if any(size < 1 for size in rest):
            raise step.Refused(
                f"input {tensor.name} has an open dimension beside its batch: {list(tensor.shape)}",
                "Export the network for one size.",
            )
        if leading != -1 and (leading != least or most != least):
            raise step.Refused(
                f"input {tensor.name} has the batch {leading}, and {request.batch} is asked for",
                "Export the network with an open batch.",
            )
        if request.batch != -1:
            tensor.shape = (least, *rest)
        profile.set_shape(tensor.name, (least, *rest), (least, *rest), (most, *rest))
    return profile


def _set_precision(
    trt: Any, network: Any, config: Any, profile: Any, request: step.Request
) -> list[str]:
    flags = trt.BuilderFlag
    if not request.options.get("is_tf32", False):
        config.clear_flag(flags.TF32)  # else "float32" has ten bits of mantissa on newer GPUs
    if request.precision == "float32":
        return []
    is_quantized = any(
        network.get_layer(k).type == trt.LayerType.QUANTIZE for k in range(network.num_layers)
    )
    if not hasattr(flags, "FP16"):
        return _taken_from_file(trt, network, is_quantized, request)
    if request.precision == "float16":
        config.set_flag(flags.FP16)
        return []
    config.set_flag(flags.INT8)
    if is_quantized:
        return ["int8 as the ONNX file says, without calibration"]
    if not request.calibration:
        raise step.Refused(
            "int8 needs calibration inputs or an ONNX file with QuantizeLinear, and has neither",
            "Give calibration inputs.",
        )
    config.int8_calibrator = _calibrator(trt, request)
    config.set_calibration_profile(profile)
    return ["int8 calibrated by TensorRT (entropy); layers without an int8 form stay float32"]


def _taken_from_file(
    trt: Any, network: Any, is_quantized: bool, request: step.Request
) -> list[str]:
    """Check that the ONNX file is of the precision asked for: TensorRT 11 changes none."""
    is_half = any(
        network.get_layer(k).get_output(0).dtype == trt.float16 for k in range(network.num_layers)
    )
    if not (is_quantized if request.precision == "int8" else is_half):
        raise step.Refused(
            f"TensorRT {trt.__version__} takes precisions from the ONNX file, and this one is not"
            f" {request.precision}",
            "Convert the ONNX file first, or use TensorRT 10.",
        )
    return [f"{request.precision} as the ONNX file says"]


def _log(trt: Any) -> Any:
    class Log(trt.ILogger):  # type: ignore[misc]
        """Says all to the output and keeps the last error, which TensorRT returns nowhere."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.last = "it gives no reason"

        def log(self, severity: Any, message: str) -> None:
            print(f"[{severity}] {message}", flush=True)
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.last = message

    return Log()


def _cache_file(request: step.Request) -> Path:
    return request.target.with_suffix(".calibration")


def _calibrator(trt: Any, request: step.Request) -> Any:
    import numpy as np

    cuda = Cuda()
    inputs = np.load(request.calibration, allow_pickle=False)
    size = max(request.batch, 1)
    known = Path(request.options.get("calibration_cache", "") or "/nowhere")

    class Calibrator(trt.IInt8EntropyCalibrator2):  # type: ignore[misc]
        """Feeds the calibration inputs once, or the ranges that they gave before."""

        def __init__(self) -> None:
            trt.IInt8EntropyCalibrator2.__init__(self)
            self.at = 0
            self.place = cuda.reserve(inputs[:size].nbytes)

        def get_batch_size(self) -> int:
            return size

        def get_batch(self, names: list[str]) -> list[int] | None:
            del names  # networks here have one input
            chunk = inputs[self.at : self.at + size]
            self.at += size
            if len(chunk) < size:
                return None
            cuda.put(self.place, chunk)
            return [self.place]

        def read_calibration_cache(self) -> bytes | None:
            return known.read_bytes() if known.is_file() else None

        def write_calibration_cache(self, cache: Any) -> None:
            _cache_file(request).write_bytes(bytes(cache))

    return Calibrator()


def _said(trt: Any, engine: Any, request: step.Request) -> list[Any]:
    """Return what the engine says to the samples: each output, (n, …) float32."""
    import numpy as np

    cuda, context = Cuda(), engine.create_execution_context()
    (source,) = _names(engine, trt.TensorIOMode.INPUT)
    samples = step.samples(request).astype(trt.nptype(engine.get_tensor_dtype(source)))
    size = batch.fed(request.batch)
    place = cuda.reserve(samples[:1].nbytes * size)
    context.set_input_shape(source, (size, *samples.shape[1:]))
    context.set_tensor_address(source, place)
    answers = {}
    for name in _names(engine, trt.TensorIOMode.OUTPUT):
        shape, dtype = context.get_tensor_shape(name), engine.get_tensor_dtype(name)
        answer = np.empty(tuple(shape), trt.nptype(dtype))
        answers[name] = (answer, cuda.reserve(answer.nbytes))
        context.set_tensor_address(name, answers[name][1])

    def run(group: Any) -> list[Any]:
        cuda.put(place, group)
        if not context.execute_async_v3(0):
            raise step.Refused("the engine cannot be run")
        cuda.wait()
        for answer, address in answers.values():
            cuda.get(answer, address)
        return [answer.astype(np.float32) for answer, _ in answers.values()]

    return batch.outputs(run, samples, size)


def _names(engine: Any, mode: Any) -> list[str]:
    names = [engine.get_tensor_name(k) for k in range(engine.num_io_tensors)]
    return [name for name in names if engine.get_tensor_mode(name) == mode]


def _tensors(trt: Any, engine: Any, mode: Any) -> list[step.TensorInfo]:
    import numpy as np

    return [
        step.TensorInfo(
            name,
            np.dtype(trt.nptype(engine.get_tensor_dtype(name))).name,
            list(engine.get_tensor_shape(name)),
        )
        for name in _names(engine, mode)
    ]


def _tell_facts() -> int:
    try:
        print(json.dumps(facts()))
    except step.Refused as refusal:
        print(f"Error: {refusal.problem}")
        return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--facts"]:
        sys.exit(_tell_facts())
    sys.exit(step.main(convert, ["tensorrt-cu12", "cuda-bindings", "onnxruntime", "numpy"]))
