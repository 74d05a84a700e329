"""What a made network costs: counted in its file, or in the one it was made from."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from ibd_mobile.convert import cost_tflite, program
from ibd_mobile.convert.program import STEPS
from ibd_mobile.convert.steps.step import Request
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.model import Cost

UNCOUNTED: Final = Cost(
    macs_count=0, parameters_count=0, counter="cannot be counted in this format"
)
_FROM_SOURCE: Final = "counted in another file of the same network: "
_PROGRAM: Final = STEPS / "cost_onnx.py"


class _Document(msgspec.Struct):
    schema: int
    macs_count: int
    parameters_count: int
    counter: str


def count(path: Path, format: str, source_cost: Callable[[], Cost | None] = lambda: None) -> Cost:
    """Count the multiply-adds and parameters of a file.

    Args:
        path: the file.
        format: of it.
        source_cost: asks what the file it was made from costs; None where nobody knows.

    Returns:
        Its cost; 0 with the reason where its graph holds what cannot be counted.

    Raises:
        HostError, PayloadFailed: as `program.run`.
    """
    try:
        if format == "tflite":
            return cost_tflite.count(path)
        if format == "onnx":
            return _of_onnx(path)
    except (DataError, InputError) as error:
        return Cost(macs_count=0, parameters_count=0, counter=f"not counted: {error.problem}")
    source = source_cost()
    if source is None or not source.macs_count:
        return UNCOUNTED
    return from_source(source)


def from_source(cost: Cost) -> Cost:
    """Say of a cost that it was counted in another file of the same network."""
    told = cost.counter.removeprefix(_FROM_SOURCE)
    return msgspec.structs.replace(cost, counter=_FROM_SOURCE + told)


def _of_onnx(path: Path) -> Cost:
    with tempfile.TemporaryDirectory(prefix="ibd-cost-") as folder:
        request = Request(source={"model": str(path.resolve())}, folder=folder, file="cost.json")
        program.run(_PROGRAM, request, f"cost of {path.name}")
        found = msgspec.json.decode(request.target.read_bytes(), type=_Document)
    return Cost(
        macs_count=found.macs_count,
        parameters_count=found.parameters_count,
        counter=found.counter,
    )
