"""An ONNX graph that grows operator by operator, with the shape of each tensor known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.step import Refused

Array = NDArray[Any]
OPSET, IR_VERSION = 17, 8  #: runtimes of 2022 read these
BATCH = "N"  #: name of the open dimension
FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)  #: how channels go from the last place to the second


@dataclass
class Import:
    """A translation under way.

    Args:
        net: the Caffe2 network.
        types: of each tensor so far, messages of class TypeProto.
    """

    net: Net
    types: dict[str, Any]
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(
        self, op: Op, kind: str, inputs: list[str], outputs: list[str] | str, **attributes: Any
    ) -> str:
        """Add an ONNX operator and return its first output.

        Raises:
            Refused: it does not fit its inputs.
        """
        import onnx
        from onnx.shape_inference import InferenceError, infer_node_outputs

        outputs = [outputs] if isinstance(outputs, str) else outputs
        node = onnx.helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes)
        known = {n: self._type(op, n) for n in inputs if n}
        small = {n: self._small(n) for n in inputs if n in self.constants}
        try:
            made = infer_node_outputs(
                onnx.defs.get_schema(kind, OPSET, ""), node, known,
                {n: t for n, t in small.items() if t is not None},
                opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
            )  # fmt: skip
        except (InferenceError, onnx.checker.ValidationError) as error:
            raise Refused(f"{op.where}: it does not fit its inputs: {error}") from error
        self.types.update(made)
        self.nodes.append(node)
        return outputs[0]

    def _type(self, op: Op, name: str) -> Any:
        if name not in self.types:
            raise Refused(f"{op.where}: it reads {name!r}, which is not computed here")
        return self.types[name]

    def _small(self, name: str) -> Any:
        """Return a constant that a shape may depend on."""
        from onnx import numpy_helper

        values = self.constants[name]
        return numpy_helper.from_array(values, name) if values.size <= 64 else None

    def constant(self, name: str, values: Array) -> str:
        """Add a constant and return its name; the same name holds the same values."""
        from onnx import helper

        if name not in self.constants:
            values = np.ascontiguousarray(values).reshape(values.shape)
            self.constants[name] = values
            element = helper.np_dtype_to_tensor_dtype(values.dtype)
            self.types[name] = helper.make_tensor_type_proto(element, values.shape)
        return name

    def weight(self, op: Op, index: int) -> Array:
        """Return an input that the init net made.

        Raises:
            Refused: it is computed while the network runs.
        """
        blob = op.inputs[index] if index < len(op.inputs) else ""
        if blob not in self.net.weights:
            raise Refused(f"{op.where}: its input {index} {blob!r} is not made by the init net")
        return self.net.weights[blob]

    def blob(self, name: str) -> str:
        """Return an input as a tensor; a weight becomes a constant when it is first read."""
        if name in self.net.weights:
            return self.constant(name, self.net.weights[name])
        return name

    def shape(self, name: str) -> list[int]:
        """Return the shape of a tensor, -1 where a dimension is open.

        Raises:
            Refused: not even the number of its dimensions is known.
        """
        found = self.types[name].tensor_type
        if not found.HasField("shape"):
            raise Refused(f"the shape of {name!r} depends on the values that the network computes")
        return [d.dim_value if d.HasField("dim_value") else -1 for d in found.shape.dim]

    def integers(self, op: Op, role: str, values: list[int]) -> str:
        """Add a constant list of integers that belongs to an operator."""
        return self.constant(f"{op.outputs[0]}__{role}", np.array(values, np.int64))


Translator = Callable[[Import, Op], None]
#: translates for channels first, from these inputs into this output
PictureTranslator = Callable[[Import, Op, list[str], str], None]


def of_pictures(translate: PictureTranslator, has_weights: bool = False) -> Translator:
    """Make a translator for both orders of one that knows channels first.

    Args:
        translate: takes names of tensors with channels first and the name of the output.
        has_weights: the second input lies as the picture does.
    """

    def either(into: Import, op: Op) -> None:
        inputs = [into.blob(name) for name in op.inputs]
        if op.order() == "NCHW":
            translate(into, op, inputs, op.outputs[0])
            return
        first = f"{op.outputs[0]}__in"
        inputs[0] = into.add(op, "Transpose", inputs[:1], first, perm=FIRST)
        if has_weights:
            turned = into.weight(op, 1).transpose(FIRST)
            inputs[1] = into.constant(f"{op.inputs[1]}__nchw", turned)
        made = f"{op.outputs[0]}__nchw"
        translate(into, op, inputs, made)
        into.add(op, "Transpose", [made], op.outputs[0], perm=LAST)

    return either
