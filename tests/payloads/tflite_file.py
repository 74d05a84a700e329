"""Small TFLite files, built from the schema without TensorFlow.

    python tests/payloads/tflite_file.py tests/data/tiny_add.tflite

makes the one in the repository again.
"""

import sys
from pathlib import Path

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray


class Graph:
    """One subgraph in the making; tensors are named by their index."""

    def __init__(self) -> None:
        self.buffers = [schema.BufferT()]  # the first is empty, by rule
        self.tensors: list[schema.TensorT] = []
        self.operators: list[schema.OperatorT] = []
        self.codes: list[schema.OperatorCodeT] = []

    def variable(self, name: str, shape: list[int], signature: list[int]) -> int:
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = shape
        tensor.shapeSignature = signature
        tensor.type = schema.TensorType.FLOAT32
        tensor.hasRank = True
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, name: str, values: NDArray[np.float32]) -> int:
        index = self.variable(name, list(values.shape), list(values.shape))
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.buffers.append(buffer)
        self.tensors[index].buffer = len(self.buffers) - 1
        return index

    def apply(self, code: int, inputs: list[int], output: int, kind: int, options: object) -> None:
        operator_code = schema.OperatorCodeT()
        operator_code.builtinCode = operator_code.deprecatedBuiltinCode = code
        operator_code.version = 1
        self.codes.append(operator_code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.codes) - 1
        operator.inputs = inputs
        operator.outputs = [output]
        operator.builtinOptionsType = kind
        operator.builtinOptions = options
        self.operators.append(operator)

    def write(self, path: Path, inputs: list[int], outputs: list[int]) -> Path:
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors = self.tensors
        graph.operators = self.operators
        graph.inputs = inputs
        graph.outputs = outputs
        model = schema.ModelT()
        model.version = 3
        model.description = path.stem
        model.buffers = self.buffers
        model.operatorCodes = self.codes
        model.subgraphs = [graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return path


def write_add(path: Path) -> Path:
    """left[n, 4] + right[n, 4] = sum[n, 4], n open."""
    graph = Graph()
    left = graph.variable("left", [1, 4], [-1, 4])
    right = graph.variable("right", [1, 4], [-1, 4])
    total = graph.variable("sum", [1, 4], [-1, 4])
    builtin = schema.BuiltinOperator.ADD
    graph.apply(
        builtin, [left, right], total, schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
    )
    return graph.write(path, [left, right], [total])


def write_dense(path: Path, width: int, layers: int, batch: int = -1) -> Path:
    """A chain of square fully connected layers with ReLU: work enough for several threads."""
    random = np.random.default_rng(11)
    graph = Graph()
    first = last = graph.variable("x", [max(batch, 1), width], [batch, width])
    for layer in range(layers):
        scale = np.float32(1 / np.sqrt(width))
        weights = random.standard_normal((width, width)).astype(np.float32) * scale
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        inputs = [
            last,
            graph.constant(f"w{layer}", weights),
            graph.constant(f"b{layer}", random.standard_normal(width).astype(np.float32)),
        ]
        last = graph.variable(f"y{layer}", [max(batch, 1), width], [batch, width])
        builtin = schema.BuiltinOperator.FULLY_CONNECTED
        kind = schema.BuiltinOptions.FullyConnectedOptions
        graph.apply(builtin, inputs, last, kind, options)
    return graph.write(path, [first], [last])


if __name__ == "__main__":
    write_add(Path(sys.argv[1]))
