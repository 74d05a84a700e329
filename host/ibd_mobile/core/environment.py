"""In which Python a stand-alone program of ours runs: this one, or one made for its requirements.

The program's head says what it needs (inline script metadata, PEP 723). Where this Python has all
of it, the program runs here; else uv makes an environment for it, once, and keeps it.
"""

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from ibd_mobile.core.errors import HostError, InputError

_HEAD: Final = re.compile(r"(?m)^# /// script\s*$\s(?P<content>(?:^#(?:| .*)$\s)+)^# ///\s*$")
_PACKAGE: Final = Path(__file__).parent.parent
#: pip's settings hold for uv too: a lab's mirror, or wheels on its disk
_PIP_TO_UV: Final = {
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a program asks of the Python that runs it."""

    python: str  #: version specifier such as ">=3.11,<3.14"; "" = any
    requirements: tuple[str, ...]  #: as pip takes them


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a program: its words, and variables to be set and to be taken away."""

    argv: list[str]
    environment: dict[str, str]
    is_own: bool  #: it runs in an environment of its own, which the first start has to make


def needs(program: Path) -> Needs:
    """Read the head of a program.

    Raises:
        InputError: it has none, or it is no TOML.
    """
    found = _HEAD.search(program.read_text(encoding="utf-8"))
    if found is None:
        raise InputError(str(program), "does not say what it requires (PEP 723)")
    lines = [line[2:] for line in found["content"].splitlines()]
    try:
        head = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(program), f"has a head that is not TOML: {error}") from error
    return Needs(str(head.get("requires-python", "")), tuple(head.get("dependencies", [])))


def start(program: Path) -> Start:
    """Say how to start a program in a Python that has what it needs.

    The program may import `ibd_mobile`, but nothing else that lies beside it here.

    Raises:
        InputError: its head cannot be read.
        HostError: uv is needed, and is not installed.
    """
    wanted = needs(program)
    environment = _variables()
    environment["PYTHONPATH"] = str(_only_ours())
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment.setdefault("UV_PYTHON_DOWNLOADS", "never")  # a Python is the user's to allow
    if unmet(wanted) == "":
        return Start([sys.executable, "-P", str(program)], environment, is_own=False)
    words = [_uv(), "run", "--quiet", "--no-project"]
    if _is_met(wanted.python, _this_python()):
        words += ["--python", _base_python()]
    return Start([*words, "--script", str(program)], environment, is_own=True)


def make(folder: Path, wanted: Needs) -> Path:
    """Make an environment that has what is wanted, in place of what is there; return its Python.

    Raises:
        InputError: a requirement cannot be met; uv's own words are told.
        HostError: uv is not installed.
    """
    variables = _variables()
    python = folder / "bin" / "python"
    base = _base_python() if _is_met(wanted.python, _this_python()) else wanted.python
    venv = [_uv(), "venv", "--quiet", "--clear", "--no-project", "--no-python-downloads"]
    install = [_uv(), "pip", "install", "--quiet", "--python", str(python)]
    for words in (
        [*venv, "--python", base, str(folder)],
        [*install, *wanted.requirements],
    ):
        done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = " ".join(done.stderr.split()) or f"uv ended with {done.returncode}"
            raise InputError(str(folder), f"cannot be made: {said[-400:]}")
    return python


def _variables() -> dict[str, str]:
    """Return our environment without what belongs to this Python alone, pip's settings for uv."""
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for pip, uv in _PIP_TO_UV.items():
        if variables.get(pip) and uv not in variables:
            variables[uv] = variables[pip]
    return variables


def _base_python() -> str:
    """Return the interpreter behind this one, which a virtual environment may be."""
    return str(getattr(sys, "_base_executable", sys.executable))


def unmet(wanted: Needs) -> str:
    """Name what this Python lacks of a program's needs, or return "".

    >>> unmet(Needs(">=3.0", ()))
    ''
    >>> unmet(Needs("", ("no-such-thing==1.0",)))
    'no-such-thing==1.0'
    """
    if not _is_met(wanted.python, _this_python()):
        return f"Python {wanted.python}"
    from packaging.requirements import Requirement

    for text in wanted.requirements:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            return text
        if not requirement.specifier.contains(version, prereleases=True):
            return text
    return ""


def _is_met(specifier: str, version: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version)


def _this_python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _only_ours() -> Path:
    """Make a folder from which only this package can be imported.

    The folder that holds the package may hold a whole installation, whose numpy must not get into
    another environment.
    """
    folder = Path(platformdirs.user_cache_dir("ibd-mobile")) / "import" / _name_of(_PACKAGE)
    link = folder / _PACKAGE.name
    if not (link.is_symlink() and link.readlink() == _PACKAGE):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{_PACKAGE.name}-{os.getpid()}"
        fresh.symlink_to(_PACKAGE)
        fresh.replace(link)
    return folder


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _uv() -> str:
    try:
        import uv
    except ImportError as error:
        raise HostError(
            "uv", "is not installed", "Install it: `pip install uv`; it makes environments."
        ) from error
    find: Any = uv.find_uv_bin
    return str(find())
