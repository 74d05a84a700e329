"""A Caffe2 network: checked, with its weights, each blob written once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import op as caffe2_op
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2 import weights as caffe2_weights
from ibd_mobile.convert.steps.caffe2.op import Op
from ibd_mobile.convert.steps.caffe2.weights import Blobs
from ibd_mobile.convert.steps.step import Refused

#: whose inputs after the first are weights
_WEIGHTED = ("Conv", "ConvTranspose", "FC", "FCTransposed", "SpatialBN", "PRelu")
_REMEDY = "Fetch both files again and compare their checksums; they must belong to one network."


@dataclass(frozen=True)
class Net:
    """A network that can be run.

    An operator that works in place writes a new blob here. The blob that stays in the end has the
    plain name, what it held before gets «__1», «__2» …
    """

    name: str
    ops: list[Op]  #: only those that an output needs
    weights: Blobs  #: only those that are read
    input: str
    outputs: list[str]
    notes: list[str] = field(default_factory=list)


def load(init: Path, predict: Path, options: dict[str, Any]) -> Net:
    """Read both nets of a network and check that they fit.

    Args:
        init: NetDef whose fills are the weights, or TensorProtos.
        predict: NetDef that computes.
        options: "inputs": name of the blob that takes the picture, in a list, "outputs": names of
            those that are wanted; both only needed where the files do not tell.

    Raises:
        Refused: a file is damaged, or the nets do not make a network.
    """
    weights = _weights(init)
    message = caffe2_schema.read(predict, "NetDef")
    ops = caffe2_op.ops(message, predict.name)
    declared, told = list(message.external_input), list(options.get("inputs") or ())
    if len(told) > 1:
        raise Refused(f"a network with the inputs {told} is not known here")
    if not declared and not told:
        raise Refused(
            f"{predict.name} declares no external inputs: it is cut off or no predict net", _REMEDY
        )
    _check_reads(ops, [*declared, *weights, *told])
    ops, last = _written_once(ops)
    outputs = _outputs(message, ops, last, options)
    live = _live(ops, outputs)
    name = _input(live, weights, declared, told)
    read = {blob for op in live for blob in op.inputs}
    kept = {b: _single(a) for b, a in weights.items() if b in read and b != name}
    notes = [f"{len(ops) - len(live)} operators that no output needs were left out"]
    return Net(
        message.name or predict.stem, live, kept, name, outputs, notes[: len(ops) - len(live)]
    )


def _weights(init: Path) -> Blobs:
    try:
        message = caffe2_schema.read(init, "NetDef")
    except Refused:
        if not (tensors := _tensors(init)):
            raise
        return caffe2_weights.tensors(tensors, init.name)
    if not message.op:
        # without weights the first operator that needs one will say so
        return caffe2_weights.tensors(_tensors(init), init.name)
    return caffe2_weights.blobs(caffe2_op.ops(message, init.name))


def _tensors(init: Path) -> list[Any]:
    """Read the form before init nets, TensorProtos; [] where the file is no such thing."""
    try:
        return list(caffe2_schema.read(init, "TensorProtos").protos)
    except Refused:
        return []


def _single(array: NDArray[Any]) -> NDArray[Any]:
    """Widen or narrow real numbers to float32, which all operators here compute with."""
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def _check_reads(ops: list[Op], there: Iterable[str]) -> None:
    made = set(there)
    for op in ops:
        missing = [blob for blob in op.inputs if blob not in made]
        if missing:
            raise Refused(
                f"{op.where}: it reads {missing[0]!r}, which is neither an external input nor made"
                " before it",
                _REMEDY,
            )
        made.update(op.outputs)


def _written_once(ops: list[Op]) -> tuple[list[Op], dict[str, str]]:
    """Give each writing of a blob its own name; also return the last name of each blob.

    What comes from outside keeps its name, for it is fed by that.
    """
    writings = Counter(blob for op in ops for blob in op.outputs)
    taken = {blob for op in ops for blob in (*op.inputs, *op.outputs)}
    fed = _fed(ops)
    seen: Counter[str] = Counter()
    current: dict[str, str] = {}
    renamed = []
    for op in ops:
        inputs = tuple(current.get(blob, blob) for blob in op.inputs)
        for blob in op.outputs:
            seen[blob] += 1
            is_plain = seen[blob] == writings[blob] and blob not in fed
            current[blob] = blob if is_plain else _fresh(blob, seen[blob], taken)
        renamed.append(op.renamed(inputs, tuple(current[blob] for blob in op.outputs)))
    return renamed, current


def _fed(ops: list[Op]) -> set[str]:
    fed: set[str] = set()
    made: set[str] = set()
    for op in ops:
        fed.update(blob for blob in op.inputs if blob not in made)
        made.update(op.outputs)
    return fed


def _fresh(blob: str, number: int, taken: set[str]) -> str:
    name = f"{blob}__{number}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _outputs(
    message: Any, ops: list[Op], last: dict[str, str], options: dict[str, Any]
) -> list[str]:
    named = list(options.get("outputs") or ())
    made = {blob for op in ops for blob in op.outputs}
    for blob in named or message.external_output:
        if last.get(blob) not in made:
            raise Refused(f"net {message.name!r} does not make its output {blob!r}", _REMEDY)
    if named:
        return [last[blob] for blob in named]
    # exporters for phones declare whatever nobody reads: dropout's masks, the lengths of Concat
    main = [blob for op in ops for blob in (op.outputs if _is_split(op) else op.outputs[:1])]
    declared = [last[blob] for blob in message.external_output if last[blob] in main]
    if declared:
        return declared
    read = {blob for op in ops for blob in op.inputs}
    return [blob for blob in main if blob not in read]


def _is_split(op: Op) -> bool:
    return op.type in ("Split", "DepthSplit")


def _live(ops: list[Op], outputs: list[str]) -> list[Op]:
    needed = set(outputs)
    live = []
    for op in reversed(ops):
        if needed.intersection(op.outputs):
            needed.update(op.inputs)
            live.append(op)
    return live[::-1]


def _input(ops: list[Op], weights: Blobs, declared: list[str], told: list[str]) -> str:
    """Find the blob that takes the picture.

    It is the one that no fill makes. Exporters for phones fill it too, with a few zeros; then it
    is the one that stands where an operator takes data.
    """
    made = {blob for op in ops for blob in op.outputs}
    outside = [b for b in dict.fromkeys(b for op in ops for b in op.inputs) if b not in made]
    firsts = [b for b in outside if any(op.inputs[0] == b for op in ops if op.inputs)]
    unfilled = [b for b in outside if b not in weights]
    candidates = told or [b for b in firsts if b in unfilled] or unfilled
    candidates = candidates or [b for b in firsts if b in declared]
    if len(candidates) != 1:
        raise Refused(
            f"which of {candidates} takes the picture cannot be seen from the nets",
            "Name it as the source's input.",
        )
    _check_input(ops, candidates[0], [b for b in unfilled if b != candidates[0]])
    return candidates[0]


def _check_input(ops: list[Op], given: str, unfilled: list[str]) -> None:
    for op in ops:
        stray = [b for b in op.inputs if b in unfilled]
        if op.type in _WEIGHTED:
            stray += [b for b in op.inputs[1:] if b == given]
        if stray:
            raise Refused(f"{op.where}: it needs {stray[0]!r}, which the init net does not make",
                          _REMEDY)  # fmt: skip
    if not any(given in op.inputs for op in ops):
        raise Refused(f"no operator reads the input {given!r}", "Correct the source's input name.")
