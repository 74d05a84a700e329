import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.sim.packet import HEADER, Command, Packet, checksum, decode_header


@given(st.sampled_from(Command), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary())
def test_a_packet_says_what_was_put_in(command: Command, arg0: int, arg1: int, data: bytes) -> None:
    raw = Packet(command, arg0, arg1, data).encode()
    header = decode_header(raw[: HEADER.size])
    assert (header.command, header.arg0, header.arg1) == (command, arg0, arg1)
    assert header.data_bytes == len(data)
    assert header.check == checksum(data)
    assert raw[HEADER.size :] == data


@given(st.binary(), st.binary())
def test_checksums_of_parts_add_up(first: bytes, second: bytes) -> None:
    assert checksum(first + second) == (checksum(first) + checksum(second)) % 2**32


def test_long_data_are_summed_like_short_ones() -> None:
    data = bytes(range(256)) * 1000
    assert checksum(data) == sum(data)


def test_a_wrong_magic_number_is_refused() -> None:
    raw = bytearray(Packet(Command.OKAY, 1, 2).encode())
    raw[20] ^= 1
    with pytest.raises(DataError, match="magic"):
        decode_header(bytes(raw))


def test_a_packet_that_would_be_too_long_is_refused() -> None:
    raw = HEADER.pack(Command.WRTE, 0, 0, 1 << 30, 0, Command.WRTE ^ 0xFFFFFFFF)
    with pytest.raises(DataError, match="more than any"):
        decode_header(raw)
