"""A vendor's program: started, watched, and believed only with its own words and its file."""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal, cast

from ibd_mobile.core.errors import HostError, IbdError, PayloadFailed, PayloadTimeout
from ibd_mobile.core.units import BYTES_PER_MIB

LIMIT_S: Final = 3600.0  #: a large network with calibration takes minutes; nothing takes an hour
LIMIT_BYTES: Final = 64 * BYTES_PER_MIB  #: of output; beyond it a program is talking in circles
_CHUNK_BYTES: Final = 65536
_QUIET_S: Final = 0.5

#: called now and then while a program runs; raises where the person wants to stop
CHECK_STOP: ContextVar[Callable[[], None]] = ContextVar("CHECK_STOP", default=lambda: None)

_TELLING = re.compile(r"error|exception|fail|fatal|cannot|not found|not supported", re.IGNORECASE)
#: what any program may die of, and what to do about it
_ANY_PROGRAM: Final = {
    r"No module named '?([\w.]+)": "Install {1} into the Python that runs this SDK (key python in"
    " sdks.toml).",
    r"error while loading shared libraries: (\S+?):": "{1} is missing on this computer or in the"
    " SDK's lib folder.",
    r"version `?(GLIBC\w*_[\d.]+)'? not found": "The SDK wants {1}, which this system is too old"
    " for.",
}
#: taken out of a child's environment: they are for our Python, not for the vendor's
_OURS: Final = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "LD_PRELOAD")


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a vendor's program, and what must be seen before it counts as done."""

    tool: str  #: what errors call it, with its version
    argv: list[str]
    folder: Path  #: it runs here
    env: dict[str, str] = field(default_factory=dict)  #: for the child alone
    products: tuple[Path, ...] = ()  #: files that must be there afterwards and were not before
    success: str = ""  #: pattern of what it says when it has done its work; "" = none on record
    failures: dict[str, str] = field(default_factory=dict)  #: pattern -> remedy; {1} = a group
    limit_s: float = LIMIT_S
    log_folder: Path | None = None  #: None: `folder`

    @property
    def log(self) -> Path:
        """File that keeps all that it said."""
        return (self.log_folder or self.folder) / f"{self.tool.split()[0]}.log"


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said, and how it ended."""

    output: str
    code: int  #: 128 + n where signal n ended it


def run(command: Command) -> Said:
    """Run a program and decide whether it did its work.

    Exit status, words and file must agree: vendors' programs exit with 0 after a failure, say
    that all went well and write nothing, or write another file than the one asked for.

    Raises:
        HostError: the program is not there or cannot be started.
        PayloadTimeout: it did not end in its time; it and its children were killed.
        PayloadFailed: it failed by one of the three signs, or talked without end.
    """
    for product in command.products:
        product.unlink(missing_ok=True)
    said = _started(command)
    problem = _disbelief(command, said)
    if problem:
        raise PayloadFailed(command.tool, problem, _remedy(command, said.output), code=said.code)
    return said


def require_products(command: Command, products: Iterable[Path]) -> None:
    """Refuse a run that left out a file whose place is known only afterwards.

    Raises:
        PayloadFailed: a file is missing or empty.
    """
    for lack in map(_lack, products):
        if lack:
            raise PayloadFailed(command.tool, lack, _remedy(command, ""), code=0)


def run_unchecked(command: Command) -> Said:
    """Run a program whose words are read by the caller, whatever its exit status.

    Raises:
        HostError: the program is not there or cannot be started.
        PayloadTimeout: it did not end in its time; it and its children were killed.
        PayloadFailed: it talked without end.
    """
    return _started(command)


def telling_line(output: str) -> str:
    """Pick the line that says why, out of hundreds; "" where nothing was said."""
    lines = [line.strip() for line in output.splitlines() if line.strip(" -=\t")]
    telling = [line for line in lines if _TELLING.search(line)] or lines
    line = telling[-1] if telling else ""
    return line if len(line) <= 200 else f"{line[:199]}…"


def _disbelief(command: Command, said: Said) -> str:
    why = telling_line(said.output) or "without a word"
    if said.code != 0:
        return f"ended with {said.code}: {why}"
    if command.success and not re.search(command.success, said.output, re.MULTILINE):
        return f"ended with 0 but never said that it succeeded: {why}"
    return next((lack for lack in map(_lack, command.products) if lack), "")


def _lack(product: Path) -> str:
    if not product.is_file() or product.is_symlink():
        return f"ended with 0 but wrote no {product.name}{_instead(product)}"
    return "" if product.stat().st_size else f"ended with 0 but {product.name} is empty"


def _instead(product: Path) -> str:
    """Name a file that differs in its ending alone: the program made another format."""
    others = product.parent.glob(f"{product.stem}.*") if product.parent.is_dir() else iter(())
    found = sorted(p.name for p in others if p.name != product.name and p.suffix != ".log")
    return f"; {found[0]} is there instead" if found else ""


def _remedy(command: Command, output: str) -> str:
    for pattern, remedy in (command.failures | _ANY_PROGRAM).items():
        match = re.search(pattern, output)
        if match:
            words = remedy.replace("{1}", match[1]) if match.lastindex else remedy
            return f"{words} Its whole output: {command.log}"
    return f"Its whole output: {command.log}"


def _environment(command: Command) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    # their scripts print signs that a C locale cannot encode
    return kept | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"} | command.env


def _started(command: Command) -> Said:
    command.folder.mkdir(parents=True, exist_ok=True)
    try:
        process = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=_environment(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise HostError(
            command.tool,
            f"cannot be started: {error.strerror}: {error.filename}",
            "Check the paths in sdks.toml.",
        ) from None
    with process, command.log.open("wb") as log:
        try:
            end = _watch(process, log, command.limit_s)
        except BaseException:  # interrupted by a person
            _kill(process)
            raise
        if end != "closed":
            _kill(process)
    _raise_stopped(command, end)
    code = process.returncode
    output = command.log.read_text(encoding="utf-8", errors="replace")
    return Said(output, code if code >= 0 else 128 - code)


def _watch(
    process: subprocess.Popen[bytes], log: IO[bytes], limit_s: float
) -> Literal["closed", "left open", "late", "talking"]:
    """Copy what a program says into its log until it ends or must be stopped."""
    deadline_s = time.monotonic() + limit_s
    said_bytes = 0
    pipe = cast("IO[bytes]", process.stdout)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left_s := deadline_s - time.monotonic()) > 0:
            CHECK_STOP.get()()
            if not selector.select(min(left_s, _QUIET_S)):
                if process.poll() is not None:
                    return "left open"  # by a child of its own that lives on
                continue
            chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
            if not chunk:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(deadline_s - time.monotonic(), 0))
                    return "closed"
                return "late"
            said_bytes += len(chunk)
            if said_bytes > LIMIT_BYTES:
                return "talking"
            log.write(chunk)
            log.flush()  # somebody may want to follow it
    return "late"


def _raise_stopped(command: Command, end: str) -> None:
    error: IbdError
    if end == "late":
        error = PayloadTimeout(
            command.tool,
            f"did not end within {command.limit_s:g} s and was stopped",
            f"Its output so far: {command.log}",
        )
    elif end == "talking":
        error = PayloadFailed(
            command.tool,
            f"said more than {LIMIT_BYTES // BYTES_PER_MIB} MiB and was stopped",
            f"Its output so far: {command.log}",
            code=128 + signal.SIGKILL,
        )
    else:
        return
    raise error


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
