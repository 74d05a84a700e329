"""The arguments of one Caffe2 operator, read with their types checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.step import Refused


@dataclass(frozen=True)
class Args:
    """Named arguments; the last of a name counts, as in Caffe2.

    Args:
        where: names the operator in errors.
        by_name: messages of class Argument.
    """

    where: str
    by_name: dict[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def integer(self, name: str, default: int) -> int:
        """Return a single integer."""
        found = self.by_name.get(name)
        if found is None:
            return default
        if not found.HasField("i"):
            raise self._refused(name, "an integer")
        return int(found.i)

    def real(self, name: str, default: float) -> float:
        """Return a single number; files have integers here too."""
        found = self.by_name.get(name)
        if found is None:
            return float(default)
        if found.HasField("f"):
            return float(found.f)
        if found.HasField("i"):
            return float(found.i)
        raise self._refused(name, "a number")

    def text(self, name: str, default: str) -> str:
        """Return a single string."""
        found = self.by_name.get(name)
        if found is None:
            return default
        if not found.HasField("s"):
            raise self._refused(name, "a text")
        return str(found.s.decode("utf-8", "replace"))

    def integers(self, name: str) -> list[int]:
        """Return a list of integers, [] where there is none."""
        found = self.by_name.get(name)
        if found is None:
            return []
        if found.floats or found.strings or found.HasField("f") or found.HasField("s"):
            raise self._refused(name, "a list of integers")
        return [int(i) for i in found.ints]

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a list of numbers as an array (n,)."""
        found = self.by_name.get(name)
        if found is None:
            return np.zeros(0, np.float32)
        if found.ints or found.strings:
            raise self._refused(name, "a list of numbers")
        return caffe2_schema.floats(found)

    def is_real(self, name: str) -> bool:
        """Say whether a single argument was written as a floating-point number."""
        return name in self.by_name and bool(self.by_name[name].HasField("f"))

    def _refused(self, name: str, kind: str) -> Refused:
        return Refused(f"{self.where}: its argument {name!r} is not {kind}")
