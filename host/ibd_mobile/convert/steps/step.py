"""What every step's program has in common: its request, its answer, and how it fails.

A step is started as `python STEP.py REQUEST.json`. It writes the files that the request names into
the request's folder, what both networks say to the same inputs into `compared.npz`, and last
`answer.json`. What its tools print goes into `chatter.log`. It decides nothing: whether the outputs
are alike enough is for the caller to say.
"""

import importlib.metadata
import json
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import chatter

ANSWER = "answer.json"
COMPARED = "compared.npz"  #: source_0, target_0, source_1 …: (samples, …) float32, dequantised
INNER = "inner.npz"  #: source_K, target_K of inner tensors, K in the order of the graph


class Refused(Exception):
    """The step cannot do what was asked; the text is for people.

    Args:
        problem: what is the matter, one sentence without a full stop; names op, tensor or file.
        remedy: one thing to try.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Request:
    """What is to be made.

    Shapes have the batch first; the pictures have the layout of the *source* network.
    """

    source: dict[str, str]  #: role -> path: {"model": …}, {"init": …, "predict": …}, {} to build
    folder: str  #: where everything is written
    file: str  #: name of the file to make; a step with several derives the others' names from it
    precision: str = "float32"  #: as core.device.Precision
    batch: int = -1  #: leading dimension of the target; -1 = left open
    input_shape: list[int] = field(default_factory=list)  #: of one sample in the source's layout
    calibration: str = ""  #: .npy, (n, …) float32, source's layout, as the network takes it
    samples: str = ""  #: .npy, (n, …) float32: inputs for the comparison; n >= 16
    is_to_locate: bool = False  #: write INNER too
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        """Path of the file to make."""
        return Path(self.folder) / self.file


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of what was made, as core.model.Tensor."""

    name: str
    dtype: str
    shape: list[int]  #: batch first, -1 where open
    scale: float | None = None  #: of integers: real = scale × (stored − zero_point)
    zero_point: int | None = None


@dataclass(frozen=True)
class Made:
    """What a step made."""

    inputs: list[TensorInfo]
    outputs: list[TensorInfo]
    layout: str  #: of the picture in the target: "NHWC" or "NCHW"
    batch: int  #: leading dimension; -1 = open
    companions: dict[str, str] = field(default_factory=dict)  #: role -> name of a further file
    inner: list[str] = field(default_factory=list)  #: names of the tensors in INNER, in order
    notes: list[str] = field(default_factory=list)


def main(step: Callable[[Request], Made], tools: Iterable[str]) -> int:
    """Run a step as the command line says, and answer.

    Args:
        step: does the work; raises Refused.
        tools: names of the distributions whose versions belong into the record.
    """
    request = Request(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    started_s = time.monotonic()
    answer: dict[str, Any] = {"schema": 1}
    try:
        with chatter.kept(Path(request.folder) / chatter.LOG):
            answer["made"] = asdict(step(request))
    except Refused as refusal:
        answer["refused"] = {"problem": refusal.problem, "remedy": refusal.remedy}
    answer["tools"] = {name: importlib.metadata.version(name) for name in tools}
    answer["tools"]["python"] = platform.python_version()
    answer["wall_s"] = time.monotonic() - started_s
    # Linux counts in KiB
    answer["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    path = Path(request.folder) / ANSWER
    path.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    return 0 if "made" in answer else 1


def samples(request: Request) -> Any:
    """Load the inputs of the comparison: (n, …) float32 in the source's layout."""
    import numpy as np

    return np.load(request.samples, allow_pickle=False)


def write_compared(request: Request, source: list[Any], target: list[Any]) -> None:
    """Write what source and target say to the same inputs.

    Args:
        request: says where.
        source: outputs of the source network, each (n, …), in the order of its outputs.
        target: likewise of what was made, dequantised, in the same order and layout.
    """
    _write_pairs(Path(request.folder) / COMPARED, source, target)


def write_inner(request: Request, source: list[Any], target: list[Any]) -> None:
    """Write inner tensors of both networks, in the order of the graph; each pair has one shape."""
    _write_pairs(Path(request.folder) / INNER, source, target)


def _write_pairs(path: Path, source: list[Any], target: list[Any]) -> None:
    import numpy as np

    arrays = {f"source_{k}": np.asarray(a, np.float32) for k, a in enumerate(source)}
    arrays |= {f"target_{k}": np.asarray(a, np.float32) for k, a in enumerate(target)}
    np.savez(path, **arrays)
