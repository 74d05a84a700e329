"""The record of what really happened in a simulated phone, for judging what was measured."""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: name -> what it is, at or up to the end of each step
TRUTH_FIELDS = {
    "t_ns": "phone boot time, ns",
    "power_w": "mean power out of the battery in the step, W",
    "energy_j": "energy out of the battery since the phone was started, J",
    "charge_c": "charge in the battery, C",
    "soc_pct": "charge in the battery, %",
    "current_a": "mean current out of the battery in the step, A",
    "voltage_v": "voltage at the battery's terminals, V",
    "cpu_w": "power of the processor's cores in the step, W",
    "cpu_s": "CPU time burnt by the phone's programs since it was started, s",
    "soc_c": "temperature of the chip, °C",
    "skin_c": "temperature of the skin, °C",
    "battery_c": "temperature of the battery, °C",
    "boot_count": "how many times the phone has booted before",
}
_ROW = struct.Struct("<q" + "d" * (len(TRUTH_FIELDS) - 1))


class TruthWriter:
    """Appends rows; each reaches the file before the next step begins."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb", buffering=0)

    def add(self, t_ns: int, *values: float) -> None:
        """Append one row, in the order of `TRUTH_FIELDS`."""
        self._file.write(_ROW.pack(t_ns, *values))

    def close(self) -> None:
        """End the record."""
        self._file.close()


def read_truth(path: Path) -> "NDArray[np.void]":
    """Read a record, also while it is being written.

    Returns:
        (n,) rows with the fields of `TRUTH_FIELDS`.
    """
    import numpy as np

    fields = [("t_ns", "<i8")] + [(name, "<f8") for name in TRUTH_FIELDS if name != "t_ns"]
    raw = path.read_bytes()
    whole = len(raw) // _ROW.size * _ROW.size
    return np.frombuffer(raw[:whole], dtype=np.dtype(fields))
