"""TensorRT: ONNX → an engine for the GPU of this computer; float32, float16 or int8.

The work is done by `_programs/build_engine.py`: in the Python of `[tensorrt] python` in sdks.toml,
or else in one made for its requirements. An engine is good for one GPU and one version alone.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps.step import ANSWER, Request, TensorInfo
from ibd_mobile.convert.vendor._command import LIMIT_S, Command, run_unchecked, telling_line
from ibd_mobile.convert.vendor._made import VendorMade
from ibd_mobile.convert.vendor._setting import settings, settings_file
from ibd_mobile.convert.vendor._source import source_of
from ibd_mobile.core import environment
from ibd_mobile.core.errors import DataError, HostError, InputError, PayloadFailed, RunError

formats_from: Final = frozenset(("onnx",))
format_to: Final = "engine"
precisions: Final = frozenset(("float32", "float16", "int8"))
PROGRAM: Final = Path(__file__).parent / "_programs" / "build_engine.py"
_ASK_S: Final = 120.0  #: the first use of a GPU after a start can take a minute
_TOOL: Final = "build_engine"
_DRIVER: Final = Path("/proc/driver/nvidia/version")


def missing_reason() -> str:
    """Say what is missing to build engines here, or "" if TensorRT and a GPU seem to be there."""
    try:
        if settings().tensorrt.python:
            tools()
        else:
            _require_gpu()  # an environment for the program would be gigabytes
    except HostError as error:
        return f"{error.subject} {error.problem}"
    return ""


def tools() -> dict[str, str]:
    """Return what an engine depends on: the version of TensorRT and the name of the GPU.

    Raises:
        HostError: there is no TensorRT in the Python named, or no GPU.
    """
    with tempfile.TemporaryDirectory(prefix="ibd-trt-") as name, _start() as start:
        command = Command(
            tool=_TOOL,
            argv=[*start.argv, "--facts"],
            folder=Path(name),
            env=start.env,
            limit_s=start.ask_s,
        )
        try:
            said = run_unchecked(command)
        except RunError as error:
            raise HostError("TensorRT", error.problem) from None
    try:
        found: dict[str, str] = json.loads(said.output.strip().splitlines()[-1])
        return {"tensorrt": found["tensorrt"], "gpu": found["gpu"]}
    except (ValueError, KeyError, IndexError, TypeError):
        why = telling_line(said.output) or f"ended with {said.code}"
        raise HostError(
            "TensorRT", f"cannot be used by {start.argv[0]}: {why}", _where_to_name()
        ) from None


def engine_key(tools: dict[str, str], onnx_sha256: str, precision: str) -> str:
    """Return the key of an engine in a cache: GPU, version, network and precision.

    >>> here = {"tensorrt": "10.13.3.9", "gpu": "Tesla T4"}
    >>> engine_key(here, "ab" * 32, "int8") == engine_key(here, "ab" * 32, "float16")
    False
    """
    facts = [tools["gpu"], tools["tensorrt"], onnx_sha256, precision]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def convert(request: Request) -> VendorMade:
    """Build an engine here and compare it with its ONNX file.

    Raises:
        HostError: TensorRT or the GPU is missing.
        InputError: what is asked cannot be made of this source, or TensorRT refuses it.
        RunError: the program ended without an engine.
        DataError: the program's answer cannot be read.
    """
    source = source_of(request, "TensorRT", formats_from, precisions)
    here = tools()
    folder = Path(request.folder).absolute()
    asked, answer = folder / "request.json", folder / ANSWER
    for stale in (answer, request.target):
        stale.unlink(missing_ok=True)
    told = replace(request, options={"layout": source.layout} | request.options)
    asked.write_text(json.dumps(asdict(told)), encoding="utf-8")
    with _start() as start:
        command = Command(
            tool=_TOOL,
            argv=[*start.argv, str(asked)],
            folder=folder,
            env=start.env,
            limit_s=request.options.get("limit_s", LIMIT_S),
        )
        said = run_unchecked(command)
    subject = f"TensorRT {here['tensorrt']} on {here['gpu']}"
    made, versions = _answer(answer, subject, said.code, telling_line(said.output), command.log)
    if not request.target.is_file() or request.target.stat().st_size == 0:
        raise PayloadFailed(subject, "wrote no engine", f"See {command.log}", code=said.code)
    if not request.samples:
        made["notes"].append("not verified: there are no samples to ask both networks")
    return VendorMade(**made, tools=here | versions, is_compared=bool(request.samples))


def _answer(
    path: Path, subject: str, code: int, why: str, log: Path
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the program's answer: what it made, and the versions of its libraries."""
    if not path.is_file():
        problem = f"ended with {code}: {why or 'without a word'}"
        raise PayloadFailed(subject, problem, f"Its whole output: {log}", code=code)
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
        refused = answer.get("refused")
        if refused:
            raise InputError(subject, refused["problem"], refused["remedy"])
        made = answer["made"]
        for key in ("inputs", "outputs"):
            made[key] = [TensorInfo(**tensor) for tensor in made[key]]
        return made, answer["tools"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(str(path), f"is not a step's answer: {error}") from None


@dataclass(frozen=True, slots=True)
class _Start:
    """How the program is started."""

    argv: list[str]
    env: dict[str, str]
    ask_s: float  #: patience with its first answer


@contextmanager
def _start() -> Iterator[_Start]:
    named = settings().tensorrt.python
    if not named:
        _require_gpu()
        start = environment.start(PROGRAM)
        yield _Start(start.argv, start.environment, LIMIT_S if start.is_own else _ASK_S)
        return
    # nothing but our package: the Python named has other libraries
    with tempfile.TemporaryDirectory(prefix="ibd-path-") as name:
        (Path(name) / "ibd_mobile").symlink_to(Path(__file__).parents[2])
        python = str(Path(named).expanduser())
        yield _Start([python, str(PROGRAM)], {"PYTHONPATH": name}, _ASK_S)


def _require_gpu() -> None:
    if not _DRIVER.exists() and shutil.which("nvidia-smi") is None:
        raise HostError(
            "TensorRT", "needs an NVIDIA GPU, and this computer shows none", _where_to_name()
        )


def _where_to_name() -> str:
    return (
        "Convert on the computer whose GPU will run the engine. A Python there that has tensorrt,"
        " cuda-bindings and onnxruntime can be named: [tensorrt] python ="
        f' "…" in {settings_file()}.'
    )
