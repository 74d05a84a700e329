"""Writes Caffe2 nets: operators with arguments, and weights as fills."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema

Value = int | float | str | list[int]
_INTEGER_FILLS = {
    np.dtype(np.int32): "GivenTensorIntFill",
    np.dtype(np.int64): "GivenTensorInt64Fill",
}


@dataclass
class NetWriter:
    """Grows the two nets of one network."""

    name: str
    init: Any = field(init=False)  #: NetDef
    predict: Any = field(init=False)  #: NetDef

    def __post_init__(self) -> None:
        new = caffe2_schema.message_class("NetDef")
        self.init = new(name=f"{self.name}_init")
        self.predict = new(name=self.name, type="simple")

    def weight(self, blob: str, values: NDArray[Any]) -> str:
        """Add a blob of the init net and return its name."""
        fill = _INTEGER_FILLS.get(values.dtype, "GivenTensorFill")
        op = self.init.op.add(type=fill, output=[blob])
        _add(op, "shape", list(values.shape))
        argument = op.arg.add(name="values")
        if fill == "GivenTensorFill":
            caffe2_schema.set_floats(argument, np.asarray(values, np.float32))
        else:
            argument.ints.extend(values.ravel().tolist())
        self.init.external_output.append(blob)
        return blob

    def op(self, kind: str, inputs: Iterable[str], outputs: Iterable[str], **args: Value) -> None:
        """Add an operator of the predict net."""
        add_op(self.predict, kind, inputs, outputs, **args)

    def close(self, input_blob: str, outputs: list[str]) -> None:
        """Declare what comes from outside and what is wanted."""
        weights = list(self.init.external_output)
        self.predict.external_input.extend([input_blob, *weights])
        self.predict.external_output.extend(outputs)


def add_op(
    net: Any, kind: str, inputs: Iterable[str], outputs: Iterable[str], **args: Value
) -> None:
    """Add an operator to a NetDef."""
    op = net.op.add(type=kind, input=list(inputs), output=list(outputs))
    for name, value in args.items():
        _add(op, name, value)


def _add(op: Any, name: str, value: Value) -> None:
    argument = op.arg.add(name=name)
    if isinstance(value, list):
        argument.ints.extend(value)
    elif isinstance(value, str):
        argument.s = value.encode()
    elif isinstance(value, float):
        argument.f = value
    else:
        argument.i = value
