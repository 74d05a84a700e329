"""Bytes to and from an adb server, each wait bounded: smart socket, shell v2 packets, sync.

adbutils has all of this too, but its connections start a server of their own on the usual
port, and its transfers wait without limit; so only this much of the protocol is spoken here.
The errors are Python's own: ConnectionError where the peer is gone, TimeoutError where the
time is, `Refusal` where it says no; the callers make errors for people of them.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

_CHUNK_BYTES = 64 * 1024  #: the most that one DATA record of the sync service may carry
_BATCH_BYTES = 1 << 20
_STDOUT, _STDERR, _EXIT = 1, 2, 3


class Refusal(Exception):
    """The adb server, or the phone's daemon, answered FAIL with this text."""


@contextlib.contextmanager
def _as_connection_errors() -> Iterator[None]:
    """Let no other OSError out, so that a full disk is never taken for a lost phone."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise ConnectionError(str(error)) from error


class Wire:
    """One connection to an adb server.

    Args:
        address: host and port.
        timeout_s: for all that is done on it.

    Raises:
        ConnectionError, TimeoutError: nobody answers there.
    """

    def __init__(self, address: tuple[str, int], timeout_s: float) -> None:
        self._deadline_s = time.monotonic() + timeout_s
        with _as_connection_errors():
            self._socket = socket.create_connection(address, timeout=min(timeout_s, 5.0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; what runs behind it may go on."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        with _as_connection_errors():
            self._socket.settimeout(self._left_s())
            self._socket.sendall(data)

    def some(self) -> bytes:
        """Return what has come, at least one byte; empty at the end of the stream."""
        return self._receive(_CHUNK_BYTES)

    def exactly(self, count: int) -> bytes:
        """Return that many bytes.

        Raises:
            ConnectionError: the stream ended before.
        """
        parts = []
        while count:
            part = self._receive(min(count, _BATCH_BYTES))
            if not part:
                raise ConnectionResetError("the stream ended early")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def ask(self, service: str) -> None:
        """Ask the adb server for a service; what follows on this wire is that service's.

        Raises:
            Refusal: it said no.
        """
        words = service.encode()
        self.send(b"%04x%s" % (len(words), words))
        self.confirm()

    def confirm(self) -> None:
        """Wait for OKAY.

        Raises:
            Refusal: FAIL came, with its text.
        """
        verdict = self.exactly(4)
        if verdict == b"FAIL":
            raise Refusal(self.block())
        if verdict != b"OKAY":
            raise ConnectionAbortedError(f"answered {verdict!r}, which no adb server says")

    def block(self) -> str:
        """Read a text with its length before it."""
        length = self.exactly(4)
        try:
            size = int(length, 16)
        except ValueError:
            raise ConnectionAbortedError(f"answered {length!r} for a length") from None
        return self.exactly(size).decode("utf-8", errors="replace")

    def _receive(self, most: int) -> bytes:
        with _as_connection_errors():
            self._socket.settimeout(self._left_s())
            return self._socket.recv(most)

    def _left_s(self) -> float:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("out of time")
        return left_s


def shell_output(wire: Wire, *, has_packets: bool) -> Iterator[bytes]:
    """Yield what a shell service writes, until it ends or the phone is gone.

    Args:
        wire: with the service already asked for.
        has_packets: shell v2, which wraps output in packets; else bytes come as they are.
    """
    buffer = b""
    while part := wire.some():
        if not has_packets:
            yield part
            continue
        buffer += part
        while len(buffer) >= 5:  # one byte of kind, four of length
            kind, size = struct.unpack_from("<BI", buffer)
            if len(buffer) < 5 + size:
                break
            packet, buffer = buffer[5 : 5 + size], buffer[5 + size :]
            if kind == _EXIT:
                return
            if kind in (_STDOUT, _STDERR):
                yield packet


def sync_send(wire: Wire, file: BinaryIO, path: str, mode: int, mtime_s: int) -> int:
    """Send a file through the sync service.

    Returns:
        Bytes of its content.

    Raises:
        Refusal: the phone could not write it.
    """
    head = f"{path},{0o100000 | mode}".encode()
    wire.send(b"SEND" + struct.pack("<I", len(head)) + head)
    sent = 0
    # a phone that is full says FAIL and may hang up at once: the reason is still to be read
    with contextlib.suppress(ConnectionError):
        for chunk in iter(lambda: file.read(_BATCH_BYTES), b""):
            wire.send(_records(chunk))
            sent += len(chunk)
        wire.send(b"DONE" + struct.pack("<I", mtime_s))
    verdict, size = struct.unpack("<4sI", wire.exactly(8))
    if verdict != b"OKAY":
        raise Refusal(wire.exactly(min(size, _CHUNK_BYTES)).decode("utf-8", errors="replace"))
    return sent


def _records(content: bytes) -> bytes:
    parts = (content[i : i + _CHUNK_BYTES] for i in range(0, len(content), _CHUNK_BYTES))
    return b"".join(b"DATA" + struct.pack("<I", len(part)) + part for part in parts)


def sync_receive(wire: Wire, path: str) -> Iterator[bytes]:
    """Yield a file's content from the sync service.

    Raises:
        Refusal: the phone could not read it.
    """
    words = path.encode()
    wire.send(b"RECV" + struct.pack("<I", len(words)) + words)
    while True:
        kind, size = struct.unpack("<4sI", wire.exactly(8))
        if kind == b"DONE":
            return
        if kind not in (b"DATA", b"FAIL") or size > _CHUNK_BYTES:
            raise ConnectionAbortedError(f"sent {kind!r} in the middle of a file")
        content = wire.exactly(size)
        if kind == b"FAIL":
            raise Refusal(content.decode("utf-8", errors="replace"))
        yield content
