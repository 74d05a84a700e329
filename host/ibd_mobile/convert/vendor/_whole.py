"""Whether a file that a vendor's program wrote is there to its last byte."""

import struct
from pathlib import Path
from typing import Final

from ibd_mobile.core.errors import DataError

#: platforms of Android and Linux, as Qualcomm names them -> ELF's number of the machine
MACHINES: Final = {"x86_64": 62, "aarch64": 183}
_HEADER: Final = struct.Struct("<4sBBB9xHHIQQQIHHHHHH")


def require_library(path: Path, platform: str) -> None:
    """Refuse a shared library that is cut short or for another machine.

    Args:
        path: the file.
        platform: such as "aarch64-android".

    Raises:
        DataError: names what is wrong.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or head[:6] != b"\x7fELF\x02\x01":
        raise DataError(str(path), "is no 64-bit ELF library")
    fields = _HEADER.unpack(head)
    machine, table, entry_bytes, entries = fields[5], fields[9], fields[14], fields[15]
    if machine != MACHINES[platform.partition("-")[0]]:
        raise DataError(str(path), f"is not for {platform}: its machine is number {machine}")
    # linkers write the table of sections last
    if table + entry_bytes * entries > size:
        raise DataError(str(path), f"is cut short: {size} bytes of {table + entry_bytes * entries}")


def require_protobuf(path: Path) -> None:
    """Refuse a protobuf message that is cut short.

    Raises:
        DataError: its fields do not add up to the file.
    """
    data = path.read_bytes()
    at = 0
    while at < len(data):
        at = _after_field(data, at)
    if at != len(data) or not data:
        raise DataError(str(path), f"is no whole protobuf message: {len(data)} bytes")


def _after_field(data: bytes, at: int) -> int:
    """Return where the next field begins; beyond the end if this one is cut or senseless."""
    beyond = len(data) + 1
    key, at = _varint(data, at)
    kind = key & 7
    if key >> 3 == 0:
        return beyond
    if kind == 0:
        return _varint(data, at)[1]
    if kind == 1:
        return at + 8
    if kind == 5:
        return at + 4
    if kind == 2:
        length, at = _varint(data, at)
        return at + length
    return beyond


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return 0, len(data) + 1
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    return 0, len(data) + 1
