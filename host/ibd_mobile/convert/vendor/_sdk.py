"""An SDK of a vendor as this computer has it: its programs, its environment, its version."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ibd_mobile.convert.vendor import _command
from ibd_mobile.convert.vendor._setting import named_path, settings, settings_file
from ibd_mobile.core.errors import HostError, RunError

HOST: Final = "x86_64-linux-clang"  #: what Qualcomm's SDKs call this kind of computer
_VERSION = re.compile(r"\b(?:SNPE|QNN|QAIRT)(?: SDK)? v((\d+)\.(\d+)[\w.]*)")
_ASK_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Version:
    """Which SDK it is; files of different majors of SNPE do not mix."""

    text: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Qualcomm:
    """What tells Qualcomm's SDKs apart on disk."""

    name: str  #: as errors call it
    table: str  #: of sdks.toml
    variables: tuple[str, ...]  #: environment, where sdks.toml names nothing
    asked: str  #: the program that tells the version


SNPE: Final = Qualcomm("SNPE SDK", "snpe", ("SNPE_ROOT",), "snpe-net-run")
QNN: Final = Qualcomm("QNN SDK", "qnn", ("QNN_SDK_ROOT", "QAIRT_SDK_ROOT"), "qnn-net-run")


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK of Qualcomm's, found and asked for its version."""

    name: str
    root: Path
    python: str  #: runs those of its programs that are scripts
    variables: tuple[str, ...]
    version: Version = Version("", 0, 0)

    @property
    def programs(self) -> Path:
        """Folder of its programs for this computer."""
        return self.root / "bin" / HOST

    @property
    def libraries(self) -> Path:
        """Folder of its libraries for this computer."""
        return self.root / "lib" / HOST

    def has(self, program: str) -> bool:
        """Tell whether it brings a program for this computer."""
        return (self.programs / program).is_file()

    def words(self, program: str) -> list[str]:
        """Return the words that start one of its programs; scripts run in the Python named.

        Raises:
            HostError: it has no such program.
        """
        path = self.programs / program
        if not path.is_file():
            raise HostError(
                f"{self.name} {self.version.text}".strip(),
                f"has no {program} in {self.programs}",
                "Name an SDK that has it, or convert by another way.",
            )
        return [self.python, str(path)] if _is_python(path) else [str(path)]

    def env(self) -> dict[str, str]:
        """Return what its programs want to find in their environment."""
        libraries = [str(self.libraries), os.environ.get("LD_LIBRARY_PATH", "")]
        return {
            "PYTHONPATH": str(self.root / "lib" / "python"),
            "LD_LIBRARY_PATH": os.pathsep.join(part for part in libraries if part),
            "PATH": os.pathsep.join([str(self.programs), os.environ.get("PATH", os.defpath)]),
        } | dict.fromkeys(self.variables, str(self.root))

    def tool(self, program: str) -> str:
        """Return what errors call one of its programs."""
        return f"{program} of {self.name} {self.version.text}"


def locate(kind: Qualcomm) -> Sdk:
    """Find an SDK where the lab says it is, without starting anything of it.

    Raises:
        HostError: none is named, or there is none where one is named.
        InputError: sdks.toml is not what it should be.
    """
    setting = getattr(settings(), kind.table)
    root = named_path(setting.root, kind.variables)
    if root is None:
        raise HostError(kind.name, "is not named anywhere", where_to_name(kind))
    if not (root / "bin" / HOST / kind.asked).is_file():
        raise HostError(
            kind.name, f"is not in {root}: no bin/{HOST}/{kind.asked}", where_to_name(kind)
        )
    return Sdk(kind.name, root, python_of(setting.python), kind.variables)


def open_sdk(kind: Qualcomm) -> Sdk:
    """Find an SDK and ask it for its version.

    Raises:
        HostError: it is not there, cannot be started here, or does not tell its version.
        InputError: sdks.toml is not what it should be.
    """
    sdk = locate(kind)
    by_hand = f"Try it by hand: {sdk.programs / kind.asked} --version"
    try:
        said = ask([*sdk.words(kind.asked), "--version"], sdk.env())
    except RunError as error:
        raise HostError(kind.name, f"{kind.asked} --version {error.problem}", by_hand) from None
    match = _VERSION.search(said)
    if match is None:
        why = _command.telling_line(said) or "it says nothing"
        raise HostError(kind.name, f"{kind.asked} --version tells no version: {why}", by_hand)
    return replace(sdk, version=Version(match[1], int(match[2]), int(match[3])))


def ask(argv: list[str], env: dict[str, str]) -> str:
    """Return what a program answers to a short question.

    Raises:
        HostError: it is not there or cannot be started.
        RunError: it does not come to an end.
    """
    with tempfile.TemporaryDirectory(prefix="ibd-sdk-") as folder:
        tool = Path(argv[0]).name
        command = _command.Command(tool, argv, Path(folder), env, limit_s=_ASK_S)
        return _command.run_unchecked(command).output


def missing_reason(kind: Qualcomm) -> str:
    """Say why an SDK cannot be used here, or "" if it is where the lab says."""
    try:
        locate(kind)
    except HostError as error:
        return f"{error.subject} {error.problem}"
    return ""


def where_to_name(kind: Qualcomm) -> str:
    """Say what to install and where to point."""
    return (
        f'Install Qualcomm\'s {kind.name} and name its folder: [{kind.table}] root = "…" in'
        f" {settings_file()}, or {' or '.join(kind.variables)}."
    )


def python_of(setting: str) -> str:
    """Return the interpreter that a setting names, or the system's."""
    return str(Path(setting).expanduser()) if setting else (shutil.which("python3") or "python3")


def _is_python(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(256)
    return first.startswith(b"#!") and b"python" in first
