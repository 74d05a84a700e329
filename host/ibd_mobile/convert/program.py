"""One run of a step's program: started in its environment, watched, and its answer read."""

import ast
import functools
import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ibd_mobile.convert.steps import step
from ibd_mobile.core import environment
from ibd_mobile.core.errors import HostError, InputError, PayloadFailed, PayloadTimeout

STEPS: Final = Path(__file__).parent / "steps"
#: the first start makes an environment (gigabytes on a slow line); the rest is the conversion
LIMIT_S: Final = 3 * 3600.0
_POLL_S: Final = 0.2
_CAUSE_LENGTH: Final = 300
_HOME: Final = "ibd_mobile.convert.steps"
#: what uv says where it cannot make an environment
_NO_ENVIRONMENT: Final = ("No solution found", "Failed to fetch", "Failed to download", "error:")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step's program told of itself."""

    made: step.Made
    tools: dict[str, str]
    wall_s: float
    peak_bytes: int
    is_compared: bool = True  #: False: a note says why nobody looked at its outputs


class _Document(msgspec.Struct):
    schema: int
    tools: dict[str, str]
    wall_s: float
    peak_bytes: int
    made: dict[str, Any] | None = None
    refused: dict[str, str] | None = None


def run(
    path: Path, request: step.Request, subject: str, check_stop: Callable[[], None] = lambda: None
) -> Answer:
    """Run a step and return what it made.

    Args:
        path: of the step's file.
        request: its folder is there, and empty of an earlier answer.
        subject: what errors call the conversion.
        check_stop: called now and then; raises where the person at the keyboard wants to stop.

    Raises:
        InputError: the step refuses the network, and says why.
        HostError: its environment cannot be made, or there is no memory.
        PayloadFailed: it ended without an answer.
        PayloadTimeout: it did not end.
    """
    folder = Path(request.folder)
    written = folder / "request.json"
    written.write_text(json.dumps(asdict(request)), encoding="utf-8")
    start = environment.start(path)
    code = _watch([*start.argv, str(written)], start.environment, folder, subject, check_stop)
    answer = _read(folder / step.ANSWER)
    if answer is None:
        raise _without_answer(code, folder, subject, path.stem)
    if answer.made is None:
        refused = answer.refused or {"problem": "gave no reason", "remedy": ""}
        raise InputError(subject, refused["problem"], refused["remedy"])
    return Answer(
        made=msgspec.convert(answer.made, step.Made),
        tools=answer.tools,
        wall_s=answer.wall_s,
        peak_bytes=answer.peak_bytes,
    )


def _watch(
    argv: list[str],
    variables: dict[str, str],
    folder: Path,
    subject: str,
    check_stop: Callable[[], None],
) -> int:
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=variables,
            cwd=folder, start_new_session=True,
        )  # fmt: skip
        waited_s = 0.0
        try:
            while True:
                try:
                    return child.wait(_POLL_S)
                except subprocess.TimeoutExpired:
                    waited_s += _POLL_S
                check_stop()
                if waited_s > LIMIT_S:
                    raise PayloadTimeout(subject, f"did not end within {LIMIT_S / 3600:g} hours")
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _read(path: Path) -> _Document | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document)
    except (OSError, msgspec.DecodeError):
        return None


def _without_answer(code: int, folder: Path, subject: str, id: str) -> Exception:
    lines = (folder / "stderr.txt").read_text(errors="replace").strip().splitlines()
    said = next((line for line in reversed(lines) if line.strip()), "without a word").strip()
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return HostError(
            subject,
            f"step {id} was killed, most likely for want of memory",
            "Free memory, or convert on a larger machine.",
        )
    if any(line.lstrip(" ×").startswith(_NO_ENVIRONMENT) for line in lines):
        cause = _cause(lines)
        return HostError(
            f"environment of step {id}",
            f"cannot be made: {cause}",
            "See whether the package index can be reached; pip's settings (PIP_INDEX_URL,"
            " PIP_FIND_LINKS) hold here too.",
        )
    return PayloadFailed(subject, f"step {id} ended with {code}: {said}", code=code)


def _cause(lines: list[str]) -> str:
    """Make one sentence of the tree that uv draws of its reasons."""
    start = next(n for n, line in enumerate(lines) if line.lstrip(" ×").startswith(_NO_ENVIRONMENT))
    words = " ".join(lines[start:]).translate(str.maketrans("", "", "×╰─▶├│")).split()
    return " ".join(words)[:_CAUSE_LENGTH]


@functools.cache
def sha256_with_imports(path: Path) -> str:
    """Hash a step's program with the modules of ours that it imports."""
    digest = hashlib.sha256()
    for each in sorted(_with_imports(path)):
        digest.update(each.read_bytes())
    return digest.hexdigest()


def _with_imports(path: Path) -> set[Path]:
    home, found, waiting = path.parent, {path}, [path]
    while waiting:
        for name in _imported(waiting.pop()):
            inner = home / f"{name}.py"
            if inner.is_file() and inner not in found:
                found.add(inner)
                waiting.append(inner)
    return found


def _imported(path: Path) -> Iterator[str]:
    """Yield the names of the modules that a file imports from the steps' folder."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if f"{node.module}.".startswith(f"{_HOME}."):
            package = node.module.removeprefix(_HOME).replace(".", "/").lstrip("/")
            yield package  # a module, or a package whose modules are named
            yield from (f"{package}/{alias.name}".lstrip("/") for alias in node.names)
