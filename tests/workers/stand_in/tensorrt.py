"""Stand-in of TensorRT's Python interface: as much of it as the worker calls, over plain memory.

Its «ONNX» is JSON, its one layer doubles float32 numbers. It holds the worker to the order of
calls and to what each returns as NVIDIA documents them; it proves nothing about a card.
"""

import json
from enum import IntEnum
from pathlib import Path

import numpy as np
from cuda.bindings import runtime

__version__ = "10.99.0"


class Logger:
    ERROR = 1

    def __init__(self, level: int) -> None:
        self.level = level


class NetworkDefinitionCreationFlag(IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class BuilderFlag(IntEnum):
    TF32 = 3


class TensorIOMode(IntEnum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class DataType(IntEnum):
    FLOAT = 0


class Tensor:
    def __init__(self, name: str, shape: list[int]) -> None:
        self.name = name
        self.shape = tuple(shape)


class Network:
    def __init__(self) -> None:
        self.inputs: list[Tensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> Tensor:
        return self.inputs[index]


class OnnxParser:
    def __init__(self, network: Network, logger: Logger) -> None:
        self._network = network
        self._errors: list[str] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> str:
        return self._errors[index]

    def parse_from_file(self, path: str) -> bool:
        try:
            told = json.loads(Path(path).read_text())
        except ValueError:
            self._errors.append("no node could be read")
            return False
        self._network.inputs = [Tensor("x", told["shape"])]
        return True


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}

    def set_shape(self, name: str, least: object, best: tuple[int, ...], most: object) -> None:
        assert least == best == most
        self.shapes[name] = best


class Config:
    def __init__(self) -> None:
        self.flags = {BuilderFlag.TF32}
        self.profiles: list[Profile] = []

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1


class Builder:
    def __init__(self, logger: Logger) -> None:
        pass

    def create_network(self, flags: int) -> Network:
        assert flags == 1 << NetworkDefinitionCreationFlag.STRONGLY_TYPED
        return Network()

    def create_builder_config(self) -> Config:
        return Config()

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> bytes:
        assert BuilderFlag.TF32 not in config.flags
        (profile,) = config.profiles
        return json.dumps({"shape": profile.shapes["x"]}).encode()


class Runtime:
    def __init__(self, logger: Logger) -> None:
        pass

    def deserialize_cuda_engine(self, plan: bytes) -> "CudaEngine | None":
        try:
            return CudaEngine(json.loads(plan)["shape"])
        except ValueError:
            return None


class CudaEngine:
    num_io_tensors = 2

    def __init__(self, shape: list[int]) -> None:
        self.shape = shape

    def get_tensor_name(self, index: int) -> str:
        return ("x", "twice")[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == "x" else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return DataType.FLOAT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return (-1, *self.shape[1:])

    def create_execution_context(self) -> "ExecutionContext":
        return ExecutionContext(self.shape)


class ExecutionContext:
    def __init__(self, shape: list[int]) -> None:
        self._planned = tuple(shape)
        self._shape: tuple[int, ...] = ()
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert (name, shape) == ("x", self._planned)
        self._shape = shape
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._shape

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == runtime.STREAM
        source = np.frombuffer(runtime.MEMORY[self._addresses["x"]], np.float32)
        runtime.MEMORY[self._addresses["twice"]][:] = (source * 2).tobytes()
        return True
