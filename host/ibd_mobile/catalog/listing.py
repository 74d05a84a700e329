"""What the list or document of a picture set says: which pictures, in which order, of what."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import InputError

#: columns of a true box: picture, class, y0, x0, y1, x1, whether it is to be ignored
Box = tuple[int, int, float, float, float, float, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a set."""

    name: str  #: path of its file inside the folder; not to be trusted
    place: str  #: where it is named: "/data/imagenet/val.txt:17"
    size: tuple[int, int] | None = None  #: height and width, pixels, where the set tells


@dataclass(frozen=True, slots=True)
class Listing:
    """Pictures of a set in order, and what they show."""

    entries: list[Entry]
    truth: NDArray[Any] | None  #: as `core.model.Dataset`; None: the pictures themselves
    class_names: list[str]


def check_entries(entries: list[Entry], subject: str, count: int | None) -> None:
    """Refuse a set that is empty, too short, or has a picture twice.

    Args:
        entries: of the set, or its first `count`.
        subject: the list, for errors.
        count: pictures that are wanted; None = all.

    Raises:
        InputError: it is so.
    """
    if not entries:
        raise InputError(subject, "names no picture", "Is this the right file?")
    if count is not None and len(entries) < count:
        problem = f"names {len(entries)} pictures, not {count}"
        raise InputError(subject, problem, f"Say --pictures-count {len(entries)} or less.")
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.name in seen:
            problem = f"'{entry.name}' is named at {seen[entry.name]} already"
            raise InputError(entry.place, problem, "Each picture counts once.")
        seen[entry.name] = entry.place


def box_table(boxes: Iterable[Box]) -> NDArray[np.float32]:
    """Lay true boxes out as truth: (n, 7)."""
    return np.array(list(boxes), np.float32).reshape(-1, 7)


def shares(
    corner: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Turn corners in pixels into shares of the picture, cut at its edges.

    Args:
        corner: x0, y0, x1, y1; points, not pixels: a box from 0 to 1 is 1 wide.
        size: height and width, pixels.

    Returns:
        y0, x0, y1, x1.

    >>> shares((0, 0, 50, 101), (100, 100))
    (0.0, 0.0, 1.0, 0.5)
    """
    height, width = size
    x0, y0, x1, y1 = corner
    cut = [min(max(v, 0.0), 1.0) for v in (y0 / height, x0 / width, y1 / height, x1 / width)]
    return cut[0], cut[1], cut[2], cut[3]
