"""What a source network says to the samples of a comparison."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps.step import ANSWER, Request
from ibd_mobile.convert.vendor._command import Command, run
from ibd_mobile.convert.vendor._source import Source
from ibd_mobile.core import environment
from ibd_mobile.core.errors import InputError, PayloadFailed

PROGRAM: Final = Path(__file__).parent / "_programs" / "run_onnx.py"
FILE: Final = "answers.npz"


def unknown_reason(request: Request, source: Source) -> str:
    """Say why nobody knows what the source says, or ""."""
    if not request.samples:
        return "there are no samples to ask both networks"
    if request.options.get("source_outputs") or source.format == "onnx":
        return ""
    return f"nobody said what the {source.format} network answers"


def of_source(request: Request, source: Source) -> list[Any]:
    """Return what the source says, from option `source_outputs`, or by running it if it is ONNX.

    Returns:
        An array (n, …) per output.

    Raises:
        InputError: option `source_outputs` names no such file, or the network cannot be run.
        HostError: the program's environment cannot be made.
        RunError: the program came to no answer.
    """
    path = Path(request.options.get("source_outputs") or _run(request))
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            return [arrays[f"source_{index}"] for index in range(len(source.outputs))]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(str(path), f"does not hold what the source says: {error}") from None


def _run(request: Request) -> Path:
    folder = Path(request.folder).absolute() / "source"
    folder.mkdir(exist_ok=True)
    asked = folder / "request.json"
    plain = replace(request, folder=str(folder), options={})
    asked.write_text(json.dumps(asdict(plain)), encoding="utf-8")
    start = environment.start(PROGRAM)
    command = Command(
        tool="run_onnx of the source network",
        argv=[*start.argv, str(asked)],
        folder=folder,
        env=start.environment,
        products=(folder / FILE,),
    )
    try:
        run(command)
    except PayloadFailed:
        refused = _refusal(folder / ANSWER)
        if refused:
            raise InputError(request.source["model"], refused) from None
        raise
    return folder / FILE


def _refusal(answer: Path) -> str:
    """Return why the program refused, or "" where it came to no answer."""
    try:
        return str(json.loads(answer.read_text(encoding="utf-8"))["refused"]["problem"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
