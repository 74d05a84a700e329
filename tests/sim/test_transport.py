"""The packet protocol, spoken without an adb server."""

import socket
from collections.abc import Iterator

import pytest

from ibd_mobile.sim.packet import HEADER, Command, Packet, checksum, decode_header

from .conftest import Handle


class Host:
    """The least that a host must say; believes nothing."""

    def __init__(self, port: int, version: int = 0x01000000, payload_bytes: int = 4096) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.send(Packet(Command.CNXN, version, payload_bytes, b"host::test\0"))

    def send(self, packet: Packet) -> None:
        self.link.sendall(packet.encode())

    def receive(self) -> Packet:
        header = decode_header(self._exactly(HEADER.size))
        data = self._exactly(header.data_bytes)
        assert header.check == checksum(data), "every packet has a right checksum"
        return Packet(header.command, header.arg0, header.arg1, data)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.link.recv(size - len(data))
            assert part, "the phone hung up"
            data += part
        return data


@pytest.fixture
def host(retail: Handle) -> Iterator[Host]:
    host = Host(retail.phone.port)
    yield host
    host.link.close()


def test_the_phone_says_what_it_is(host: Host) -> None:
    hello = host.receive()
    assert hello.command == Command.CNXN
    assert hello.data.startswith(b"device::ro.product.name=flame;")
    assert b"shell_v2" in hello.data
    assert b"sendrecv_v2" not in hello.data
    assert b"delayed_ack" not in hello.data


def test_a_close_is_answered_by_a_close(host: Host) -> None:
    host.receive()
    host.send(Packet(Command.OPEN, 7, 0, b"shell:sleep 100\0"))
    opened = host.receive()
    assert (opened.command, opened.arg1) == (Command.OKAY, 7)
    host.send(Packet(Command.CLSE, 7, opened.arg0))
    closed = host.receive()
    assert (closed.command, closed.arg0, closed.arg1) == (Command.CLSE, opened.arg0, 7)


def test_an_unknown_service_is_refused(host: Host) -> None:
    host.receive()
    host.send(Packet(Command.OPEN, 9, 0, b"framebuffer:\0"))
    refused = host.receive()
    assert (refused.command, refused.arg0, refused.arg1) == (Command.CLSE, 0, 9)


def test_a_port_of_the_phone_is_refused_until_something_listens(host: Host) -> None:
    host.receive()
    host.send(Packet(Command.OPEN, 3, 0, b"tcp:9008\0"))
    opened = host.receive()
    assert opened.command == Command.OKAY
    assert host.receive().command == Command.CLSE


def test_one_write_is_outstanding_at_a_time(host: Host) -> None:
    hello = host.receive()
    assert hello.arg1 == 1 << 20
    host.send(Packet(Command.OPEN, 5, 0, b"exec:head -c 9000 /dev/zero\0"))
    opened = host.receive()
    sizes = []
    for _ in range(3):
        written = host.receive()
        assert written.command == Command.WRTE
        sizes.append(len(written.data))
        host.link.settimeout(0.1)
        with pytest.raises(TimeoutError):
            host.receive()
        host.link.settimeout(5)
        host.send(Packet(Command.OKAY, 5, opened.arg0))
    assert sum(sizes) == 9000
    assert max(sizes) <= 4096, "the host's limit holds"
    assert host.receive().command == Command.CLSE


def test_a_damaged_packet_ends_the_connection(host: Host) -> None:
    host.receive()
    raw = bytearray(Packet(Command.OPEN, 1, 0, b"shell:id\0").encode())
    raw[-2] ^= 0xFF
    host.link.sendall(bytes(raw))
    assert host.link.recv(1) == b""
