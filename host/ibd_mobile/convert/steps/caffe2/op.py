"""One operator of a Caffe2 net, and the operators of a NetDef in order."""

import re
from dataclasses import dataclass, replace
from typing import Any

from ibd_mobile.convert.steps.caffe2.args import Args
from ibd_mobile.convert.steps.step import Refused

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*$")
_DOMAINS = ("", "caffe2")


@dataclass(frozen=True)
class Op:
    """An operator: what it does, to which blobs."""

    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    args: Args
    where: str  #: names type, output and net in errors

    def renamed(self, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> "Op":
        """Return the same operator on other blobs."""
        return replace(self, inputs=inputs, outputs=outputs)

    def order(self) -> str:
        """Return how pictures lie in memory, "NCHW" or "NHWC".

        Raises:
            Refused: the argument says something else.
        """
        order = self.args.text("order", "NCHW")
        if order not in ("NCHW", "NHWC"):
            raise Refused(f"{self.where}: the order {order!r} is not known")
        return order


def ops(net: Any, file: str) -> list[Op]:
    """Read the operators of a NetDef.

    Args:
        net: message of class NetDef.
        file: how errors call the file it came from.

    Raises:
        Refused: the message parsed, but what it holds are no operators.
    """
    found = [_op(definition, k, net.name or file) for k, definition in enumerate(net.op)]
    if not found:
        raise Refused(
            f"{file} holds no operators: it is cut off or of another format",
            "Fetch the file again and compare its checksum with the published one.",
        )
    return found


def _op(definition: Any, index: int, net: str) -> Op:
    outputs = tuple(definition.output)
    if not _TYPE.match(definition.type) or not outputs or "" in outputs:
        raise Refused(
            f"operator {index} of net {net!r} has the type {definition.type!r} and the outputs"
            f" {list(outputs)}: the file is damaged or of another format"
        )
    where = f"{definition.type} → {outputs[0]!r} of net {net!r}"
    if definition.domain not in _DOMAINS:
        raise Refused(f"{where}: operators of {definition.domain!r} are not known here")
    by_name = {argument.name: argument for argument in definition.arg}
    return Op(
        definition.type, tuple(definition.input), outputs, Args(where, by_name), where
    )  # fmt: skip
