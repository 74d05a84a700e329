import contextlib
import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.machine.wire import Refusal, Wire, shell_output, sync_receive, sync_send

Peer = Callable[[socket.socket], None]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def serve(listener: socket.socket, peer: Peer, timeout_s: float = 5.0) -> Wire:
    """Open a wire to a peer that plays its part once and hangs up."""

    def play() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the wire may hang up first
            peer(connection)

    threading.Thread(target=play, daemon=True).start()
    return Wire(listener.getsockname(), timeout_s)


def says(data: bytes) -> Peer:
    return lambda connection: connection.sendall(data)


def reads_all_then(data: bytes) -> Peer:
    def peer(connection: socket.socket) -> None:
        connection.settimeout(0.2)
        try:
            while connection.recv(1 << 16):
                pass
        except TimeoutError:
            pass
        connection.sendall(data)

    return peer


def test_a_refusal_carries_the_servers_words(listener: socket.socket) -> None:
    with (
        serve(listener, says(b"FAIL000edevice offline")) as wire,
        pytest.raises(Refusal, match="device offline"),
    ):
        wire.ask("host:transport:x")


def test_a_service_is_asked_for_with_its_length(listener: socket.socket) -> None:
    got = bytearray()

    def peer(connection: socket.socket) -> None:
        got.extend(connection.recv(100))
        connection.sendall(b"OKAY0004hi\xc3\xa4")

    with serve(listener, peer) as wire:
        wire.ask("host:version")
        assert wire.block() == "hiä"
    assert got == b"000chost:version"


@pytest.mark.parametrize("data", [b"", b"OK", b"FAIL00", b"FAILzzzz", b"HTTP/1.1 400"])
def test_a_peer_that_is_no_adb_server_is_a_broken_connection(
    listener: socket.socket, data: bytes
) -> None:
    with serve(listener, says(data)) as wire, pytest.raises(ConnectionError):
        wire.ask("host:version")


def test_a_silent_peer_is_given_up_in_time(listener: socket.socket) -> None:
    began = time.monotonic()
    with (
        serve(listener, lambda _: time.sleep(1.5), timeout_s=0.3) as wire,
        pytest.raises(TimeoutError),
    ):
        wire.ask("host:version")
    assert time.monotonic() - began < 1.0


def test_a_peer_that_drips_is_given_up_in_time(listener: socket.socket) -> None:
    def peer(connection: socket.socket) -> None:
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with serve(listener, peer, timeout_s=0.5) as wire, pytest.raises((TimeoutError, OSError)):
        wire.exactly(1000)
    assert time.monotonic() - began < 1.5


def test_nobody_there_is_a_refused_connection(listener: socket.socket) -> None:
    address = listener.getsockname()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        Wire(address, 1.0)


def packet(kind: int, content: bytes) -> bytes:
    return struct.pack("<BI", kind, len(content)) + content


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=8), st.data())
def test_packets_are_put_together_however_they_are_cut(
    parts: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(packet(*p) for p in parts) + packet(3, b"\0") + b"never read"
    cut = data.draw(st.integers(0, len(stream)))

    def peer(connection: socket.socket) -> None:
        connection.sendall(stream[:cut])
        time.sleep(0.001)
        connection.sendall(stream[cut:])

    with socket.create_server(("127.0.0.1", 0)) as listener, serve(listener, peer) as wire:
        said = b"".join(shell_output(wire, has_packets=True))
    assert said == b"".join(content for _, content in parts)


def test_a_file_is_received_in_records(listener: socket.socket) -> None:
    records = b"".join(b"DATA" + struct.pack("<I", len(p)) + p for p in (b"ab", b"", b"c"))
    with serve(listener, reads_all_then(records + b"DONE\0\0\0\0")) as wire:
        assert b"".join(sync_receive(wire, "/data/x")) == b"abc"


@pytest.mark.parametrize("cut", [0, 3, 8, 9, 10, 17])
def test_a_file_that_is_cut_short_is_a_broken_connection(listener: socket.socket, cut: int) -> None:
    stream = b"DATA\x02\0\0\0abDONE\0\0\0\0"
    with serve(listener, reads_all_then(stream[:cut])) as wire, pytest.raises(ConnectionError):
        list(sync_receive(wire, "/data/x"))


def test_a_file_that_the_phone_will_not_give_is_refused(listener: socket.socket) -> None:
    words = b"No such file or directory"
    stream = b"FAIL" + struct.pack("<I", len(words)) + words
    with (
        serve(listener, reads_all_then(stream)) as wire,
        pytest.raises(Refusal, match="No such file"),
    ):
        list(sync_receive(wire, "/data/x"))


def test_a_file_is_sent_in_records_of_64_kib(listener: socket.socket) -> None:
    content = bytes(range(256)) * 1024
    got = bytearray()

    def peer(connection: socket.socket) -> None:
        while not got.endswith(b"DONE" + struct.pack("<I", 77)):
            got.extend(connection.recv(1 << 16))
        connection.sendall(b"OKAY\0\0\0\0")

    with serve(listener, peer) as wire:
        assert sync_send(wire, io.BytesIO(content), "/data/x", 0o755, 77) == len(content)
    head = b"SEND" + struct.pack("<I", 13) + b"/data/x,33261"
    assert got.startswith(head)
    at, parts = len(head), []
    while got[at : at + 4] == b"DATA":
        (size,) = struct.unpack_from("<I", got, at + 4)
        assert size <= 65536
        parts.append(bytes(got[at + 8 : at + 8 + size]))
        at += 8 + size
    assert b"".join(parts) == content


def test_a_phone_that_is_full_and_hangs_up_still_gives_its_reason(
    listener: socket.socket,
) -> None:
    words = b"couldn't write: No space left on device"

    def peer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"FAIL" + struct.pack("<I", len(words)) + words)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    with (
        serve(listener, peer) as wire,
        pytest.raises(Refusal, match="No space left"),
    ):
        sync_send(wire, io.BytesIO(b"x" * (4 << 20)), "/data/x", 0o755, 1)
