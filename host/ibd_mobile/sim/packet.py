"""The packet of the ADB transport: 24 bytes of header, then data."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from ibd_mobile.core.errors import DataError

HEADER = struct.Struct("<6I")
VERSION = 0x01000001
MAX_PAYLOAD_BYTES = 1 << 20
MAX_CONNECT_BYTES = 4096
_SMALL_BYTES = 4096  # below this a plain sum is quicker than starting numpy


class Command(IntEnum):
    """What a packet asks for; the number spells the name in ASCII, little-endian."""

    SYNC = 0x434E5953
    CNXN = 0x4E584E43
    OPEN = 0x4E45504F
    OKAY = 0x59414B4F
    CLSE = 0x45534C43
    WRTE = 0x45545257
    AUTH = 0x48545541


@dataclass(frozen=True, slots=True)
class Packet:
    """One message between host and phone.

    In OKAY, WRTE and CLSE `arg0` is the sender's stream id and `arg1` the receiver's.
    """

    command: int
    arg0: int
    arg1: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Return header and data in one piece, always with the checksum."""
        header = HEADER.pack(
            self.command,
            self.arg0,
            self.arg1,
            len(self.data),
            checksum(self.data),
            self.command ^ 0xFFFFFFFF,
        )
        return header + self.data


@dataclass(frozen=True, slots=True)
class Header:
    """What the first 24 bytes of a packet say."""

    command: int
    arg0: int
    arg1: int
    data_bytes: int
    check: int


def decode_header(raw: bytes) -> Header:
    """Read a header.

    Raises:
        DataError: the magic number is wrong or the data would be longer than any packet's.
    """
    command, arg0, arg1, data_bytes, check, magic = HEADER.unpack(raw)
    if magic != command ^ 0xFFFFFFFF:
        raise DataError("adb packet", f"has the magic number {magic:#x} for {command:#x}")
    if data_bytes > MAX_PAYLOAD_BYTES:
        raise DataError("adb packet", f"announces {data_bytes} bytes, more than any may have")
    return Header(command, arg0, arg1, data_bytes, check)


def checksum(data: bytes) -> int:
    """Add up the bytes, modulo 2**32.

    >>> checksum(b"ab")
    195
    """
    if len(data) <= _SMALL_BYTES:
        return sum(data)
    import numpy as np

    return int(np.frombuffer(data, dtype=np.uint8).sum(dtype=np.uint64)) & 0xFFFFFFFF
