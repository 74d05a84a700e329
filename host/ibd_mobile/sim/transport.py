"""One connection of an adb server to the phone, and the streams inside it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ibd_mobile.core.errors import DataError
from ibd_mobile.sim.packet import (
    HEADER,
    MAX_CONNECT_BYTES,
    MAX_PAYLOAD_BYTES,
    VERSION,
    Command,
    Packet,
    checksum,
    decode_header,
)

#: starts a service on a stream, or returns None where the phone has no such service
ServiceOpener = Callable[["Stream", str], Awaitable[None] | None]
_AUTH_TOKEN = 1
_TOKEN_BYTES = 20


class StreamClosed(Exception):
    """The other end has closed the stream, or the transport is gone."""


class Stream:
    """One service in use: bytes both ways, one unacknowledged write at a time."""

    def __init__(self, transport: "Transport", local_id: int, remote_id: int) -> None:
        self.local_id = local_id
        self.remote_id = remote_id
        self.is_closed = False
        self._transport = transport
        self._inbound: asyncio.Queue[bytes] = asyncio.Queue()
        self._may_write = asyncio.Event()
        self._write_turn = asyncio.Lock()

    async def read(self) -> bytes:
        """Return what the host wrote next; b"" once it has closed the stream."""
        if self.is_closed and self._inbound.empty():
            return b""
        data = await self._inbound.get()
        if data and not self.is_closed:
            await self._transport.send(Command.OKAY, self.local_id, self.remote_id)
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes and wait until the host has taken all but the last packet of them.

        Raises:
            StreamClosed: the host will take no more.
        """
        async with self._write_turn:
            limit = self._transport.payload_bytes
            for start in range(0, len(data), limit):
                await self._may_write.wait()
                if self.is_closed:
                    raise StreamClosed
                self._may_write.clear()
                await self._transport.send(
                    Command.WRTE, self.local_id, self.remote_id, data[start : start + limit]
                )

    async def drain(self) -> None:
        """Wait until the host has taken everything that was written."""
        async with self._write_turn:
            await self._may_write.wait()

    def acknowledged(self) -> None:
        """Note that the host took the last write."""
        self._may_write.set()

    def arrived(self, data: bytes) -> None:
        """Queue what the host wrote."""
        self._inbound.put_nowait(data)

    def close(self) -> None:
        """End the stream from the other side: reads see the end, writes fail."""
        self.is_closed = True
        self._inbound.put_nowait(b"")
        self._may_write.set()


class Transport:
    """Speaks the packet protocol on one socket until it ends.

    Args:
        reader: from the host.
        writer: to the host.
        banner: what the phone says of itself, as in `device::ro.product.name=…`.
        open_service: called for every OPEN.
        payload_limit_bytes: the most the phone takes in one packet.
        is_authorized: False keeps asking for a key that is never accepted.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        banner: bytes,
        open_service: ServiceOpener,
        *,
        payload_limit_bytes: int = MAX_PAYLOAD_BYTES,
        is_authorized: bool = True,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._banner = banner
        self._open_service = open_service
        self._limit_bytes = payload_limit_bytes
        self._is_authorized = is_authorized
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_id = 1
        self.payload_bytes = MAX_CONNECT_BYTES
        self.is_muted = False  #: accept packets, answer none
        self.bytes_left: int | None = None  #: cut the link after so many bytes of data

    async def run(self) -> None:
        """Serve until the host leaves, breaks the protocol, or `drop` is called."""
        try:
            while True:
                header = decode_header(await self._reader.readexactly(HEADER.size))
                data = await self._reader.readexactly(header.data_bytes)
                # 0 is no check: newer hosts leave it out, even before they know our version.
                if header.check and header.check != checksum(data):
                    raise DataError("adb packet", "was damaged on the way")
                if not self.is_muted:
                    await self._handle(Packet(header.command, header.arg0, header.arg1, data))
        except (asyncio.IncompleteReadError, ConnectionError, DataError):
            pass
        finally:
            self.drop()

    async def send(self, command: Command, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one packet, unless the link is to be cut inside it.

        Raises:
            StreamClosed: the connection is gone.
        """
        if self.is_muted:
            return
        if self._writer.is_closing():
            raise StreamClosed
        raw = Packet(command, arg0, arg1, data).encode()
        if command is Command.WRTE and self.bytes_left is not None:
            if len(data) > self.bytes_left:
                self._writer.write(raw[: HEADER.size + self.bytes_left])
                self.drop()
                raise StreamClosed
            self.bytes_left -= len(data)
        self._writer.write(raw)
        try:
            await self._writer.drain()
        except ConnectionError:
            raise StreamClosed from None

    def drop(self) -> None:
        """Cut the connection; services see their streams end."""
        for stream in list(self._streams.values()):
            stream.close()
        self._streams.clear()
        if not self._writer.is_closing():
            self._writer.close()

    async def _handle(self, packet: Packet) -> None:
        match packet.command:
            case Command.CNXN:
                await self._connect(packet)
            case Command.AUTH:
                if packet.arg0 != 3:  # a signature: refuse it by asking again
                    await self._ask_for_key()
            case Command.OPEN:
                await self._open(packet)
            case Command.OKAY:
                if stream := self._streams.get(packet.arg1):
                    stream.acknowledged()
            case Command.WRTE:
                if stream := self._streams.get(packet.arg1):
                    stream.arrived(packet.data)
                else:
                    await self.send(Command.CLSE, 0, packet.arg0)
            case Command.CLSE:
                if stream := self._streams.pop(packet.arg1, None):
                    stream.close()
                    await self.send(Command.CLSE, packet.arg1, packet.arg0)

    async def _connect(self, packet: Packet) -> None:
        self.payload_bytes = min(max(packet.arg1, 1), self._limit_bytes)
        if self._is_authorized:
            await self.send(Command.CNXN, VERSION, self._limit_bytes, self._banner)
        else:
            await self._ask_for_key()

    async def _ask_for_key(self) -> None:
        await self.send(Command.AUTH, _AUTH_TOKEN, 0, bytes(range(_TOKEN_BYTES)))

    async def _open(self, packet: Packet) -> None:
        stream = Stream(self, self._next_id, packet.arg0)
        service = self._open_service(stream, packet.data.rstrip(b"\0").decode(errors="replace"))
        if service is None:
            await self.send(Command.CLSE, 0, packet.arg0)
            return
        self._next_id += 1
        self._streams[stream.local_id] = stream
        stream.acknowledged()
        await self.send(Command.OKAY, stream.local_id, stream.remote_id)
        task = asyncio.ensure_future(self._serve(stream, service))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, stream: Stream, service: Awaitable[None]) -> None:
        try:
            with contextlib.suppress(StreamClosed):
                await service
        finally:
            if self._streams.pop(stream.local_id, None) is not None:
                stream.close()
                with contextlib.suppress(StreamClosed):
                    await self.send(Command.CLSE, stream.local_id, stream.remote_id)
