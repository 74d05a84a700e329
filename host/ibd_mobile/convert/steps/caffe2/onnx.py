"""An ONNX network as the Caffe2 exporter sees it: folded, with shapes, only what is needed."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import session as caffe2_session
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
LIMIT_BYTES = 2**31 - 1  #: protobuf reads nothing larger
#: computed now where all inputs are constants; none of them makes much from little
_FOLDED = (
    "Add", "Cast", "Concat", "Constant", "Div", "Flatten", "Gather", "Identity", "Mul", "Neg",
    "Reciprocal", "Reshape", "Slice", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze",
)  # fmt: skip
#: of these only the first input is data: what else they read is known from the shapes
_ONE_INPUT = ("Expand", "Reshape", "Resize", "Upsample")
_LEAST_OPSET = 9


@dataclass(frozen=True)
class Node:
    """An operator of the ONNX network."""

    type: str
    inputs: tuple[str, ...]  #: "" where an optional one is left out
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    where: str  #: names type and output in errors


@dataclass(frozen=True)
class Graph:
    """The network.

    Dimensions of `shapes`: -k stands for k times the batch.
    """

    name: str
    opset: int
    nodes: list[Node]
    constants: dict[str, Array]
    shapes: dict[str, list[int]]
    input: str
    outputs: list[str]
    readers: dict[str, list[Node]] = field(default_factory=dict)

    def constant(self, node: Node, index: int) -> Array | None:
        """Return a constant input, None where it is left out.

        Raises:
            Refused: it is computed while the network runs.
        """
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in self.constants:
            raise Refused(f"{node.where}: its input {name!r} is not constant")
        return self.constants[name] if name else None

    @property
    def batch(self) -> int:
        """Leading dimension of the input, -1 where it is open."""
        return self.shapes[self.input][0]


def read(path: Path) -> Any:
    """Read an ONNX file; files that it points to are not followed.

    Raises:
        Refused: the file is cut off, of another format, or its weights are elsewhere.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise Refused(f"{path.name} is no whole ONNX network: {error}") from error
    if not model.graph.node or not model.opset_import:
        raise Refused(f"{path.name} is no whole ONNX network: it holds no operators")
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise Refused(f"{path.name} keeps the weights {tensor.name!r} in another file",
                          "Save the network with its weights inside.")  # fmt: skip
    return model


def graph(model: Any, sample_shape: list[int]) -> Graph:
    """Prepare a network for translation.

    Args:
        model: of class ModelProto.
        sample_shape: of one sample, without the batch.

    Raises:
        Refused: it has not one input, is older than this code reads, or cannot be run.
    """
    opset = max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)
    if opset < _LEAST_OPSET:
        raise Refused(f"the network is of ONNX opset {opset}, older than {_LEAST_OPSET}")
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    if len(inputs) != 1:
        raise Refused(f"the network has the inputs {[i.name for i in inputs]}, not one")
    constants = _constants(model)
    nodes = _fold([_node(n) for n in model.graph.node], constants, opset)
    outputs = [o.name for o in model.graph.output]
    live = _live(nodes, constants, outputs)
    readers: dict[str, list[Node]] = defaultdict(list)
    for node in live:
        for name in node.inputs:
            readers[name].append(node)
    shapes = _shapes(model, inputs[0], sample_shape, live)
    name = model.graph.name or "net"
    return Graph(
        name, opset, live, constants, shapes, inputs[0].name, outputs, dict(readers)
    )  # fmt: skip


def _node(proto: Any) -> Node:
    from onnx import helper

    if proto.domain not in ("", "ai.onnx"):
        raise Refused(f"{proto.op_type} → {proto.output[0]!r}: operators of {proto.domain!r} are"
                      " not known here")  # fmt: skip
    attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
    where = f"{proto.op_type} → {proto.output[0]!r} of the ONNX network"
    return Node(proto.op_type, tuple(proto.input), tuple(proto.output), attributes, where)


def _constants(model: Any) -> dict[str, Array]:
    from onnx import numpy_helper

    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def _fold(nodes: list[Node], constants: dict[str, Array], opset: int) -> list[Node]:
    """Compute what depends on constants only; adds to `constants`, returns the other nodes."""
    left = []
    for node in nodes:
        is_known = all(name in constants for name in node.inputs if name)
        if node.type in _FOLDED and is_known:
            constants.update(zip(node.outputs, _evaluate(node, constants, opset), strict=True))
        else:
            left.append(node)
    return left


def _evaluate(node: Node, constants: dict[str, Array], opset: int) -> list[Array]:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    read = {name: constants[name] for name in node.inputs if name}
    inputs = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for n, a in read.items()
    ]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.outputs]
    proto = helper.make_node(node.type, node.inputs, node.outputs, **node.attributes)
    alone = helper.make_graph([proto], "constant", inputs, outputs)
    opsets = [helper.make_opsetid("", opset)]
    made = ReferenceEvaluator(helper.make_model(alone, opset_imports=opsets)).run(None, read)
    return [np.asarray(array) for array in made]


def _live(nodes: list[Node], constants: dict[str, Array], outputs: list[str]) -> list[Node]:
    needed = set(outputs)
    live = []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            data = node.inputs[:1] if node.type in _ONE_INPUT else node.inputs
            needed.update(name for name in data if name and name not in constants)
            live.append(node)
    return live[::-1]


def _shapes(model: Any, taken: Any, sample: list[int], nodes: list[Node]) -> dict[str, list[int]]:
    """Find all shapes by running: with two sizes of batch where the batch is open."""
    dims = taken.type.tensor_type.shape.dim
    is_open = not dims or not dims[0].HasField("dim_value") or dims[0].dim_value < 1
    batches = (2, 3) if is_open else (dims[0].dim_value, dims[0].dim_value)
    names = list(dict.fromkeys(name for node in nodes for name in node.outputs if name))
    opened = caffe2_session.session(model, names)
    ordered = [output.name for output in opened.get_outputs()]
    runs = []
    for batch in batches:
        x = np.zeros((batch, *sample), np.float32)
        made = caffe2_session.run(opened, taken.name, x)
        runs.append(
            {taken.name: x.shape, **{n: a.shape for n, a in zip(ordered, made, strict=True)}}
        )
    return {name: _dims(runs[0][name], runs[1][name], batches) for name in runs[0]}


def _dims(first: Any, second: Any, batches: tuple[int, int]) -> list[int]:
    return [int(a) if a == b else -int(a) // batches[0] for a, b in zip(first, second, strict=True)]
