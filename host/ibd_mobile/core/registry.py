"""Families of plug-ins: one file per member, found by its file name."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from ibd_mobile.core.errors import InputError


def member_ids(package: str) -> list[str]:
    """Name the members of a family, in alphabetical order.

    Args:
        package: dotted name, such as "ibd_mobile.frameworks".
    """
    home = importlib.import_module(package)
    return sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))


def member(package: str, id: str) -> ModuleType:
    """Import one member by its id, which is its file name.

    Raises:
        InputError: there is no such member; the nearest name is offered.
    """
    known = member_ids(package)
    if id not in known:
        raise unknown(package.rpartition(".")[2].rstrip("s"), id, known)
    return importlib.import_module(f"{package}.{id}")


def unknown(kind: str, id: str, known: Iterable[str]) -> InputError:
    """Make the error for a name that does not exist, with the nearest one that does.

    Args:
        kind: what it would be: "device", "model", "protocol".
        id: what the person wrote.
        known: all names there are.
    """
    names = sorted(known)
    near = difflib.get_close_matches(id, names, n=1, cutoff=0.4)
    remedy = f"Did you mean '{near[0]}'? " if near else ""
    return InputError(f"{kind} '{id}'", "does not exist", f"{remedy}Known: {', '.join(names)}.")
