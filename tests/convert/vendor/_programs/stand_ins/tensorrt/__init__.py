"""The part of TensorRT that `build_engine.py` uses; a plan is JSON that tells how it was made."""

import ctypes
import enum
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

__version__ = os.environ.get("STAND_IN_TENSORRT", "10.13.3.9")
_IS_TYPED = __version__.startswith("11.")

DataType = enum.Enum("DataType", ["FLOAT", "HALF", "INT8"])
float32, float16, int8 = DataType
LayerType = enum.Enum("LayerType", ["CONVOLUTION", "QUANTIZE"])
TensorIOMode = enum.Enum("TensorIOMode", ["NONE", "INPUT", "OUTPUT"])
MemoryPoolType = enum.Enum("MemoryPoolType", ["WORKSPACE"])
BuilderFlag = enum.Enum("BuilderFlag", ["TF32"] if _IS_TYPED else ["TF32", "FP16", "INT8"])
NetworkDefinitionCreationFlag = enum.IntEnum(
    "NetworkDefinitionCreationFlag",
    ["STRONGLY_TYPED"] if _IS_TYPED else ["EXPLICIT_BATCH", "STRONGLY_TYPED"],
    start=0,
)


def nptype(dtype: DataType) -> Any:
    return {float32: np.float32, float16: np.float16, int8: np.int8}[dtype]


class ILogger:
    Severity = enum.Enum("Severity", ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"])

    def __init__(self) -> None:
        self.is_ready = True


if not _IS_TYPED:

    class IInt8EntropyCalibrator2:
        def __init__(self) -> None:
            self.is_ready = True


class _Tensor:
    def __init__(self, name: str, shape: list[int], dtype: DataType = float32) -> None:
        self.name, self.shape, self.dtype = name, tuple(shape), dtype


class _Network:
    def __init__(self) -> None:
        self.model: dict[str, Any] = {}
        self.inputs: list[_Tensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> _Tensor:
        return self.inputs[index]

    @property
    def num_layers(self) -> int:
        return len(self.model["layers"])

    def get_layer(self, index: int) -> Any:
        kind, dtype = self.model["layers"][index]
        tensor = _Tensor("x", [1], DataType[dtype])
        return SimpleNamespace(type=LayerType[kind], get_output=lambda k: (tensor,)[k])


class OnnxParser:
    def __init__(self, network: _Network, logger: ILogger) -> None:
        self._network = network
        self._errors: list[str] = []

    def parse_from_file(self, path: str) -> bool:
        model = json.loads(Path(path).read_text())
        if "unknown" in model:
            self._errors = [f"No importer registered for op: {model['unknown']}"]
            return False
        self._network.model = model
        self._network.inputs = [_Tensor("input", model["shape"])]
        return True

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> Any:
        return SimpleNamespace(desc=lambda: self._errors[index])


class _Config:
    def __init__(self) -> None:
        self.flags = {BuilderFlag.TF32}
        self.profiles: list[Any] = []
        self.int8_calibrator: Any = None
        self.calibration_profile: Any = None
        self.workspace = 0

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        self.workspace = size

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def add_optimization_profile(self, profile: Any) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def set_calibration_profile(self, profile: Any) -> bool:
        self.calibration_profile = profile
        return True


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}

    def set_shape(self, name: str, least: Any, best: Any, most: Any) -> None:
        assert len(least) == len(best) == len(most)
        self.shapes[name] = [list(least), list(best), list(most)]


class Builder:
    def __init__(self, logger: ILogger) -> None:
        assert logger.is_ready
        self._logger = logger

    def create_network(self, flags: int) -> _Network:
        assert flags == (0 if _IS_TYPED else 1)
        return _Network()

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: _Network, config: _Config) -> Any:
        if "too_large" in network.model:
            message = "Could not find any implementation for node conv1"
            self._logger.log(ILogger.Severity.ERROR, message)  # type: ignore[attr-defined]
            return None
        (shapes,) = config.profiles[0].shapes.values()
        plan = {
            "flags": sorted(flag.name for flag in config.flags),
            "shape": list(network.get_input(0).shape),
            "profile": shapes,
            "workspace": config.workspace,
            "calibrated": _calibrate(config),
            "is_broken": network.model.get("broken", False),
        }
        return memoryview(json.dumps(plan).encode())


def _calibrate(config: _Config) -> list[float] | str | None:
    """Do what TensorRT does with a calibrator: ask for known ranges, else see all batches."""
    calibrator = config.int8_calibrator
    if calibrator is None:
        return None
    assert calibrator.is_ready
    assert config.calibration_profile is config.profiles[0]
    known = calibrator.read_calibration_cache()
    if known is not None:
        return bytes(known).decode()
    from cuda.bindings import runtime

    sums = []
    while (places := calibrator.get_batch(["input"])) is not None:
        (place,) = places
        data = ctypes.string_at(place, runtime.reserved_bytes(place))
        count = calibrator.get_batch_size()
        sums += np.frombuffer(data, np.float32)[: count * 24].reshape(count, -1).sum(1).tolist()
    calibrator.write_calibration_cache(memoryview(b"ranges of input"))
    return sums


class Runtime:
    def __init__(self, logger: ILogger) -> None:
        self._logger = logger

    def deserialize_cuda_engine(self, plan: bytes) -> Any:
        facts = json.loads(plan)
        if facts["is_broken"]:
            message = "The engine plan file is generated on an incompatible device"
            self._logger.log(ILogger.Severity.ERROR, message)  # type: ignore[attr-defined]
            return None
        return _Engine(facts)


class _Engine:
    num_io_tensors = 2

    def __init__(self, facts: dict[str, Any]) -> None:
        self.shapes = {"input": facts["shape"], "logits": [facts["shape"][0], 2]}

    def get_tensor_name(self, index: int) -> str:
        return ("input", "logits")[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == "input" else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return float32

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.shapes[name])

    def create_execution_context(self) -> Any:
        return _Context()


class _Context:
    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._shape: tuple[int, ...] = ()

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._shape = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (self._shape[0], 2)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._places[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        count = int(np.prod(self._shape)) * 4
        data = ctypes.string_at(self._places["input"], count)
        samples = np.frombuffer(data, np.float32).reshape(self._shape)
        answers = np.stack([samples[:, 0].sum((1, 2)), samples.sum((1, 2, 3))], axis=1)
        answers = np.ascontiguousarray(answers, np.float32)
        ctypes.memmove(self._places["logits"], answers.tobytes(), answers.nbytes)
        return True
