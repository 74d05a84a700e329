# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["onnx==1.23.2", "numpy"]
# ///
"""ONNX → what it costs: multiply-adds and parameters, counted in its graph.

Writes `cost.json` into the request's folder: `macs_count` and `parameters_count` of one sample, and
`counter`, which says what is counted.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps import step

COST: Final = "cost.json"
COUNTER: Final = (
    "ibd-mobile cost_onnx 1: multiply-adds of convolutions, dense layers and matrix products;"
    " biases, normalisation, activations and pooling are not counted. Parameters as they stand in"
    " the file: weights and biases of those layers, and constants that are added or multiplied"
    " channel by channel; a BatchNormalization that was not folded in has four a channel"
)

Shape = tuple[int, ...]

_SHAPE_COUNT: Final = 64  #: no shape has more numbers


class Graph:
    """A graph whose shapes are known.

    Args:
        model: an onnx.ModelProto; the batch may be open.

    Raises:
        Refused: a shape cannot be told.
    """

    def __init__(self, model: Any) -> None:
        import onnx

        self.graph = model.graph
        self.stored = {t.name: tuple(t.dims) for t in self.graph.initializer}
        inputs = [v.name for v in self.graph.input if v.name not in self.stored]
        self.batch = _close_batch(self.graph, inputs)
        _forget_weights(self.graph)
        try:
            inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
        except onnx.shape_inference.InferenceError as error:
            problem = f"shapes cannot be inferred: {str(error).splitlines()[0][:200]}"
            raise step.Refused(problem, "Make the file again.") from error
        self.shapes: dict[str, Shape] = dict(self.stored)
        values = (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
        for value in values:
            tensor = value.type.tensor_type
            if tensor.HasField("shape"):  # without, nothing is known, not even the rank
                self.shapes[value.name] = tuple(d.dim_value for d in tensor.shape.dim)
        self._made_by = {o: node for node in self.graph.node for o in node.output}
        for node in self.graph.node:
            if node.op_type == "Constant":
                dims = next((tuple(a.t.dims) for a in node.attribute if a.name == "value"), ())
                self.stored[node.output[0]] = self.shapes[node.output[0]] = dims

    def shape(self, name: str) -> Shape:
        """Return a tensor's shape; an open batch counts as 1."""
        shape = self.shapes.get(name)
        if shape is None or 0 in shape:
            raise step.Refused(
                f"the shape of tensor '{name}' cannot be told from the graph, so costs cannot",
                "Export the network with fixed height and width.",
            )
        return shape

    def constant(self, name: str) -> str | None:
        """Return the stored tensor behind a name, None if it is computed.

        Weights of QDQ graphs pass a DequantizeLinear, those of float16 ones a Cast.
        """
        if name in self.stored:
            return name
        maker = self._made_by.get(name)
        if maker is not None and maker.op_type in _PASSING:
            return self.constant(maker.input[0])
        return None


_PASSING: Final = frozenset(
    {"DequantizeLinear", "QuantizeLinear", "Cast", "Identity", "Reshape", "Transpose", "Unsqueeze"}
)


def count(model: Any) -> tuple[int, int]:
    """Return multiply-adds and parameters of one sample.

    Raises:
        Refused: a shape cannot be told, or an operation's products cannot be counted.
    """
    for node in model.graph.node:
        if node.op_type in _UNCOUNTABLE or node.domain not in _KNOWN_DOMAINS:
            raise step.Refused(
                f"node '{node.name}' is {node.domain or 'ai.onnx'}.{node.op_type}, whose cost"
                " cannot be counted"
            )
    graph = Graph(model)
    macs = 0
    seen: set[str] = set()
    for node in graph.graph.node:
        if node.op_type in _MACS:
            macs += _MACS[node.op_type](graph, node)
        seen.update(_parameters(graph, node))
    return macs // graph.batch, sum(prod(graph.stored[name]) for name in seen)


def cost(request: step.Request) -> step.Made:
    """Count the file `source["model"]` and write `cost.json`."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(request.source["model"], load_external_data=False)
    except (DecodeError, OSError) as error:
        raise step.Refused(
            f"is not an ONNX file that can be read: {str(error)[:200]}", "Make the file again."
        ) from error
    macs_count, parameters_count = count(model)
    told = {
        "schema": 1,
        "macs_count": macs_count,
        "parameters_count": parameters_count,
        "counter": COUNTER,
    }
    path = Path(request.folder) / COST
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return step.Made([], [], layout="NCHW", batch=-1)


def _close_batch(graph: Any, inputs: list[str]) -> int:
    """Set an open leading dimension to 1 wherever its name occurs, and return the batch.

    Shapes that are open elsewhere are dropped: inference may find them out.
    """
    leading = [
        v.type.tensor_type.shape.dim[0]
        for v in graph.input
        if v.name in inputs and v.type.tensor_type.shape.dim
    ]
    names = {d.dim_param for d in leading if d.dim_param}
    for dim in leading:
        dim.dim_value = dim.dim_value or 1
    kept = []
    for value in (*graph.value_info, *graph.output):
        shape = value.type.tensor_type.shape
        for dim in shape.dim:
            if dim.dim_param in names and dim.dim_param:
                dim.dim_value = 1
        if any(not dim.dim_value for dim in shape.dim):
            value.type.tensor_type.ClearField("shape")
        elif value.type.tensor_type.HasField("shape"):
            kept.append(value)
    known = {v.name for v in kept}
    for value in [v for v in graph.value_info if v.name not in known]:
        graph.value_info.remove(value)
    return leading[0].dim_value if leading else 1


def _forget_weights(graph: Any) -> None:
    """Drop numbers that no shape depends on, so that inference does not copy them."""
    fields = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")
    for tensor in graph.initializer:
        if prod(tensor.dims) > _SHAPE_COUNT:
            for field in fields:
                tensor.ClearField(field)


def _of_convolution(graph: Graph, node: Any, weights: int = 1) -> int:
    """Outputs × what each sums over: kernel (out, in of its group, height, width)."""
    return prod(graph.shape(node.output[0])) * prod(graph.shape(node.input[weights])[1:])


def _of_quantized_convolution(graph: Graph, node: Any) -> int:
    return _of_convolution(graph, node, weights=3)


def _of_transposed(graph: Graph, node: Any) -> int:
    """Inputs × what each is spread over: kernel (in, out of its group, height, width)."""
    return prod(graph.shape(node.input[0])) * prod(graph.shape(node.input[1])[1:])


def _of_gemm(graph: Graph, node: Any) -> int:
    is_transposed = any(a.name == "transA" and a.i for a in node.attribute)
    summed = graph.shape(node.input[0])[0 if is_transposed else 1]
    return prod(graph.shape(node.output[0])) * summed


def _of_product(graph: Graph, node: Any) -> int:
    return prod(graph.shape(node.output[0])) * graph.shape(node.input[0])[-1]


_MACS: Final[Mapping[str, Callable[[Graph, Any], int]]] = {
    "Conv": _of_convolution,
    "ConvInteger": _of_convolution,
    "QLinearConv": _of_quantized_convolution,
    "ConvTranspose": _of_transposed,
    "Gemm": _of_gemm,
    "QGemm": _of_gemm,
    "MatMul": _of_product,
    "MatMulInteger": _of_product,
    "QLinearMatMul": _of_product,
}
#: they hold products that this file's rules do not see: a count without them would be too low
_UNCOUNTABLE: Final = frozenset(
    {
        "LSTM", "GRU", "RNN", "Einsum", "Attention", "DeformConv", "If", "Loop", "Scan",
        "FusedConv", "FusedMatMul", "FusedGemm", "NhwcConv", "QAttention", "MultiHeadAttention",
    }
)  # fmt: skip
_KNOWN_DOMAINS: Final = frozenset({"", "ai.onnx", "com.microsoft"})
#: where an operation has weights and bias among its inputs
_WEIGHTS: Final[Mapping[str, tuple[int, ...]]] = {
    "Conv": (1, 2),
    "ConvInteger": (1,),
    "QLinearConv": (3, 8),
    "ConvTranspose": (1, 2),
    "Gemm": (1, 2),
    "QGemm": (3, 6),
    "MatMul": (0, 1),
    "MatMulInteger": (0, 1),
    "QLinearMatMul": (0, 3),
    "BatchNormalization": (1, 2, 3, 4),
}
#: element by element: a constant with more than one number is learnt, and one number is not
_BY_CHANNEL: Final = frozenset({"Add", "Sub", "Mul", "Div", "PRelu"})


def _parameters(graph: Graph, node: Any) -> Iterator[str]:
    if node.op_type in _WEIGHTS:
        places = (i for i in _WEIGHTS[node.op_type] if i < len(node.input))
    elif node.op_type in _BY_CHANNEL:
        places = (i for i, name in enumerate(node.input) if _length(graph, name) > 1)
    else:
        return
    found = (graph.constant(node.input[i]) for i in places)
    yield from (name for name in found if name is not None)


def _length(graph: Graph, name: str) -> int:
    constant = graph.constant(name)
    return prod(graph.stored[constant]) if constant is not None else 0


if __name__ == "__main__":
    sys.exit(step.main(cost, ["onnx", "numpy"]))
