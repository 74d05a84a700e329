"""Multiply-adds and parameters of a TFLite file, counted in its graph."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isqrt, prod
from pathlib import Path
from typing import Any, Final

from ai_edge_litert import schema_py_generated as schema

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Cost

COUNTER: Final = (
    "ibd-mobile cost_tflite 1: multiply-adds of convolutions, dense layers and matrix products;"
    " biases, normalisation, activations and pooling are not counted. Parameters as they stand in"
    " the file: weights and biases of those layers, and constants that are added or multiplied"
    " channel by channel, so a normalisation that was folded in counts as one bias"
)
#: far beyond the largest network of the zoo; a file is read whole
LIMIT_BYTES: Final = 2 * 1024**3

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation of the graph."""

    name: str  #: as the schema calls it
    inputs: tuple[int, ...]  #: tensors; -1 where an optional one is left out
    outputs: tuple[int, ...]


class _Graph:
    """The main graph of a file."""

    def __init__(self, model: Any) -> None:
        names = {
            code: name
            for name, code in vars(schema.BuiltinOperator).items()
            if isinstance(code, int)
        }
        codes = [_name(model.OperatorCodes(i), names) for i in range(model.OperatorCodesLength())]
        graph = model.Subgraphs(0)
        self.shapes: list[Shape] = [
            tuple(int(n) for n in _numbers(graph.Tensors(i), "Shape"))
            for i in range(graph.TensorsLength())
        ]
        self.operations = [
            _Operation(
                codes[operation.OpcodeIndex()],
                tuple(int(n) for n in _numbers(operation, "Inputs")),
                tuple(int(n) for n in _numbers(operation, "Outputs")),
            )
            for operation in (graph.Operators(i) for i in range(graph.OperatorsLength()))
        ]
        self.inputs = [int(n) for n in _numbers(graph, "Inputs")]
        self._buffers = [graph.Tensors(i).Buffer() for i in range(graph.TensorsLength())]
        self._made_by = {t: o for o in self.operations for t in o.outputs}

    def constant(self, tensor: int) -> int | None:
        """Return the tensor that holds the stored numbers of another, None if they are computed.

        Weights that are stored as float16 pass a DEQUANTIZE first.
        """
        maker = self._made_by.get(tensor)
        if maker is None:
            return None if tensor in self.inputs or tensor < 0 else tensor
        return self.constant(maker.inputs[0]) if maker.name == "DEQUANTIZE" else None

    def identity(self, tensor: int) -> int:
        """Return what is the same for two tensors that share their stored numbers."""
        # all tensors without stored numbers share buffer 0
        buffer = int(self._buffers[tensor])
        return buffer if buffer else -1 - tensor


def count(path: Path) -> Cost:
    """Count what one sample costs.

    Args:
        path: a TFLite file, with its weights or without.

    Raises:
        DataError: it is no TFLite file, or has an operation whose products cannot be counted.
    """
    graph = _read(path)
    macs = parameters = 0
    seen: set[int] = set()
    for operation in graph.operations:
        if operation.name in _UNCOUNTABLE or operation.name.startswith("custom "):
            raise DataError(str(path), f"has {operation.name}, whose cost cannot be counted")
        if operation.name in _MACS:
            macs += _MACS[operation.name](graph, operation)
        for tensor in _parameters(graph, operation):
            if graph.identity(tensor) not in seen:
                seen.add(graph.identity(tensor))
                parameters += prod(graph.shapes[tensor])
    batch = graph.shapes[graph.inputs[0]][0] if graph.shapes[graph.inputs[0]] else 1
    return Cost(macs_count=macs // max(batch, 1), parameters_count=parameters, counter=COUNTER)


def _read(path: Path) -> _Graph:
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise DataError(str(path), "is larger than any TFLite file can be")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), f"cannot be read: {error.strerror}") from error
    if content[4:8] != b"TFL3":
        raise DataError(str(path), "is not a TFLite file")
    try:
        return _Graph(schema.Model.GetRootAs(content, 0))
    # offsets that lead nowhere
    except (struct.error, IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(str(path), "is a damaged TFLite file") from error


def _name(code: Any, names: Mapping[int, str]) -> str:
    # a code below 127 stands in an older field, too small for the newer ones
    name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    if name != "CUSTOM":
        return name
    custom = (code.CustomCode() or b"").decode(errors="replace")
    return custom if custom in _HARMLESS_CUSTOM else f"custom operation '{custom}'"


def _numbers(holder: Any, field: str) -> Any:
    """Return a vector of a table, which the reader gives as 0 where it is empty."""
    return getattr(holder, f"{field}AsNumpy")() if getattr(holder, f"{field}Length")() else ()


def _of_convolution(graph: _Graph, operation: _Operation) -> int:
    """Places of the output × the kernel (out, height, width, in): each group has its own `in`."""
    kernel, output = graph.shapes[operation.inputs[1]], graph.shapes[operation.outputs[0]]
    return prod(output[:-1]) * prod(kernel)


def _of_depthwise(graph: _Graph, operation: _Operation) -> int:
    """Outputs × height × width of the kernel (1, height, width, channels)."""
    kernel, output = graph.shapes[operation.inputs[1]], graph.shapes[operation.outputs[0]]
    return prod(output) * prod(kernel[1:3])


def _of_transposed(graph: _Graph, operation: _Operation) -> int:
    """Places of the *input* × the kernel: each is spread over the kernel once."""
    kernel, given = graph.shapes[operation.inputs[1]], graph.shapes[operation.inputs[2]]
    return prod(given[:-1]) * prod(kernel)


def _of_dense(graph: _Graph, operation: _Operation) -> int:
    kernel, output = graph.shapes[operation.inputs[1]], graph.shapes[operation.outputs[0]]
    return prod(output) * kernel[-1]


def _of_product(graph: _Graph, operation: _Operation) -> int:
    """Size of the two factors and of the product tell the length that is summed over.

    For (…, n, k) × (…, k, m) = (…, n, m): k² = (n·k) × (k·m) / (n·m), whichever is transposed.
    """
    left, right = (graph.shapes[t][-2:] for t in operation.inputs[:2])
    output = graph.shapes[operation.outputs[0]]
    summed = isqrt(prod(left) * prod(right) // max(prod(output[-2:]), 1))
    return prod(output) * summed


_MACS: Final[Mapping[str, Callable[[_Graph, _Operation], int]]] = {
    "CONV_2D": _of_convolution,
    "CONV_3D": _of_convolution,
    "DEPTHWISE_CONV_2D": _of_depthwise,
    "TRANSPOSE_CONV": _of_transposed,
    "FULLY_CONNECTED": _of_dense,
    "BATCH_MATMUL": _of_product,
}
#: they hold products that this file's rules do not see: a count without them would be too low
_UNCOUNTABLE: Final = frozenset(
    name
    for name in vars(schema.BuiltinOperator)
    if name.endswith(("_LSTM", "_RNN"))
    or name
    in {
        "LSTM", "RNN", "SVDF", "CALL", "IF", "WHILE", "CONV_3D_TRANSPOSE",
        "STABLEHLO_CONVOLUTION", "STABLEHLO_DOT_GENERAL", "STABLEHLO_COMPOSITE",
    }
)  # fmt: skip
#: of the operations that a file's maker added, those that are known to hold no products
_HARMLESS_CUSTOM: Final = frozenset({"TFLite_Detection_PostProcess"})
#: element by element: a constant with more than one number is learnt, and one number is not
_BY_CHANNEL: Final = frozenset({"ADD", "SUB", "MUL", "DIV", "PRELU"})
#: where an operation has weights and bias among its inputs
_WEIGHTS: Final = dict.fromkeys(_MACS, (1, 2)) | {"TRANSPOSE_CONV": (1, 3)}


def _parameters(graph: _Graph, operation: _Operation) -> Iterator[int]:
    if operation.name in _WEIGHTS:
        places = _WEIGHTS[operation.name]
        taken = [operation.inputs[i] for i in places if i < len(operation.inputs)]
        if operation.name == "BATCH_MATMUL":
            taken = list(operation.inputs[:2])
    elif operation.name in _BY_CHANNEL:
        taken = [t for t in operation.inputs if t >= 0 and prod(graph.shapes[t]) > 1]
    else:
        return
    found = (graph.constant(tensor) for tensor in taken)
    yield from (tensor for tensor in found if tensor is not None)
