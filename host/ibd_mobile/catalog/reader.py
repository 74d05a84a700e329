"""One TOML file into one noun, with errors that name the place and what belongs there."""

import math
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from ibd_mobile.catalog.flaw import flaws
from ibd_mobile.catalog.mistake import explain
from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.units import BYTES_PER_MIB

T = TypeVar("T", bound=Noun)

#: far beyond any hand-written file; keeps a wrong path (a log, a disk image) out of memory
LIMIT_BYTES: Final = BYTES_PER_MIB

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(path: Path, kind: type[T]) -> T:
    """Read a TOML file as one noun, and check what its types alone cannot say.

    Args:
        path: a regular file of at most 1 MiB.
        kind: the noun that the file holds.

    Raises:
        InputError: names the file and, as far as it can be told, line and column or the key's
            path, what was expected and what was found.
    """
    data = _parse(path, _read(path))
    try:
        noun = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(path), *explain(str(error), data, kind)) from error
    for place in _not_finite(data, ""):
        raise InputError(str(path), f"{place}: expected a finite number")
    for place, problem in flaws(noun):
        raise InputError(str(path), f"{place}: {problem}")
    return noun


def _read(path: Path) -> str:
    subject = str(path)
    try:
        # a pipe would never end, and a device is no text
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(subject, "is not a regular file", "Name a TOML file.")
        with path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise InputError(subject, f"cannot be read: {error.strerror}") from error
    if len(content) > LIMIT_BYTES:
        raise InputError(subject, "is larger than 1 MiB", "Is this the right file?")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise InputError(
            f"{subject}:{line}:{column}", "is not UTF-8 text", "Save the file as UTF-8."
        ) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InputError(str(path), "is not TOML: nested too deeply") from error
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        message = str(error)
        place = _PLACE.search(message)
        if place is None:
            raise InputError(str(path), f"is not TOML: {message}") from error
        lines = text.split("\n")
        line, column = place.groups()
        where = f"{line}:{column}" if line else f"{len(lines)}:{len(lines[-1]) + 1}"
        problem = message[: place.start()]
        raise InputError(f"{path}:{where}", f"is not TOML: {problem}") from error


def _not_finite(value: object, place: str) -> Iterator[str]:
    """Yield the paths of nan and inf, which TOML allows and no quantity here may be."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _not_finite(inner, f"{place}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield place
