"""The shell and exec services: one command in the phone, its streams and its exit code."""

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import struct
import termios
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import IntEnum

from ibd_mobile.sim.boot import Boot, Program, resolve
from ibd_mobile.sim.transport import Stream, StreamClosed

_READ_BYTES = (1 << 20) - 5  # one packet of the shell's in one of the transport's
_PIPE_BYTES = 1 << 20
_PACKET = struct.Struct("<BI")


class PacketId(IntEnum):
    """Kinds of packets in shell protocol 2."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    EXIT = 3
    CLOSE_STDIN = 4
    WINDOW_SIZE = 5


@dataclass(frozen=True)
class ShellOrder:
    """What a service string asks for."""

    command: str  #: empty: an interactive shell
    has_protocol: bool  #: streams apart, and an exit code
    has_terminal: bool
    terminal_name: str = "dumb"


def parse_order(service: str) -> ShellOrder | None:
    """Read a service string such as `shell,v2,TERM=xterm,raw:ls`; None if it is no shell's.

    >>> parse_order("shell,v2,raw:id")
    ShellOrder(command='id', has_protocol=True, has_terminal=False, terminal_name='dumb')
    """
    head, _, command = service.partition(":")
    name, *options = head.split(",")
    if name == "exec":
        return ShellOrder(command, has_protocol=False, has_terminal=False)
    if name != "shell":
        return None
    has_terminal = "pty" in options or ("raw" not in options and not command)
    names = [option[5:] for option in options if option.startswith("TERM=")]
    return ShellOrder(command, "v2" in options, has_terminal, names[0] if names else "dumb")


async def serve(
    stream: Stream, boot: Boot, order: ShellOrder, environment: dict[str, str], uid: int
) -> None:
    """Run one command for the host and return when it and its output have ended."""
    environment = {**environment, "TERM": order.terminal_name}
    session = _Session(stream, boot, order)
    try:
        await session.run(_argv(order), environment, uid)
    finally:
        session.close()


def _argv(order: ShellOrder) -> list[str]:
    if order.command:
        return ["/system/bin/sh", "-c", order.command]
    return ["/system/bin/sh", "-"]


class _Session:
    """The descriptors and pumps of one command."""

    def __init__(self, stream: Stream, boot: Boot, order: ShellOrder) -> None:
        self._stream = stream
        self._boot = boot
        self._order = order
        self._program: Program | None = None
        self._stdin = -1
        self._outputs: list[tuple[PacketId, int]] = []

    async def run(self, argv: list[str], environment: dict[str, str], uid: int) -> None:
        if self._order.has_terminal:
            await self._start_with_terminal(argv, environment, uid)
        else:
            await self._start_with_pipes(argv, environment, uid)
        program = self._program
        assert program is not None  # noqa: S101  both starts set it or raise
        feeder = asyncio.ensure_future(self._feed())
        teller = asyncio.ensure_future(self._tell(program))
        try:
            await asyncio.wait({feeder, teller}, return_when=asyncio.FIRST_COMPLETED)
            if not teller.done():
                # The host hung up. adbd does no more than this: who ignores it lives on.
                self._boot.signal(program, signal.SIGHUP)
                raise StreamClosed
            await teller
        finally:
            feeder.cancel()
            teller.cancel()

    async def _tell(self, program: Program) -> None:
        """Bring all output to the host, then the exit code."""
        await asyncio.gather(*(self._pump(kind, end) for kind, end in self._outputs))
        code = await program.ended
        if self._order.has_protocol:
            await self._stream.write(_packet(PacketId.EXIT, bytes([code & 0xFF])))
        await self._stream.drain()

    async def _start_with_pipes(self, argv: list[str], env: dict[str, str], uid: int) -> None:
        stdin_read, self._stdin = os.pipe2(os.O_CLOEXEC)
        ends = [stdin_read]
        for kind in self._split_outputs():
            read, write = os.pipe2(os.O_CLOEXEC)
            with contextlib.suppress(OSError):  # only a matter of speed
                fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            self._outputs.append((kind, read))
            ends.append(write)
        try:
            descriptors = ends if len(ends) == 3 else [*ends, ends[1]]
            self._program = await self._boot.spawn("pipe", argv, env, descriptors, uid=uid)
        finally:
            for end in ends:
                os.close(end)
        for descriptor in (self._stdin, *(end for _, end in self._outputs)):
            os.set_blocking(descriptor, False)

    def _split_outputs(self) -> list[PacketId]:
        if self._order.has_protocol:
            return [PacketId.STDOUT, PacketId.STDERR]
        return [PacketId.STDOUT]

    async def _start_with_terminal(self, argv: list[str], env: dict[str, str], uid: int) -> None:
        self._program = await self._boot.spawn("pty", argv, env, [], uid=uid)
        terminal = self._program.terminal
        assert terminal is not None  # noqa: S101  a pty order always brings one
        os.set_blocking(terminal, False)
        self._stdin = os.dup(terminal)
        self._outputs = [(PacketId.STDOUT, terminal)]

    async def _pump(self, kind: PacketId, descriptor: int) -> None:
        async for data in _chunks(descriptor):
            await self._stream.write(_packet(kind, data) if self._order.has_protocol else data)

    async def _feed(self) -> None:
        """Bring what the host types to the program; runs until the host closes the stream."""
        buffer = bytearray()
        while data := await self._stream.read():
            if self._order.has_protocol:
                buffer += data
                await self._take_packets(buffer)
            else:
                await self._type(data)

    async def _take_packets(self, buffer: bytearray) -> None:
        while len(buffer) >= _PACKET.size:
            kind, size = _PACKET.unpack_from(buffer)
            if len(buffer) < _PACKET.size + size:
                return
            data = bytes(buffer[_PACKET.size : _PACKET.size + size])
            del buffer[: _PACKET.size + size]
            match kind:
                case PacketId.STDIN:
                    await self._type(data)
                case PacketId.CLOSE_STDIN:
                    self._close_stdin()
                case PacketId.WINDOW_SIZE:
                    self._resize(data)

    async def _type(self, data: bytes) -> None:
        view = memoryview(data)
        while view and self._stdin >= 0:
            try:
                view = view[os.write(self._stdin, view) :]
            except BlockingIOError:
                await _ready(self._stdin, writing=True)
            except OSError:  # the program reads no more
                self._close_stdin()

    def _resize(self, data: bytes) -> None:
        size = data.split(b",")[0].split(b"x")
        if self._order.has_terminal and self._stdin >= 0 and len(size) == 2:
            rows_columns = struct.pack("4H", int(size[0]), int(size[1]), 0, 0)
            fcntl.ioctl(self._stdin, termios.TIOCSWINSZ, rows_columns)

    def _close_stdin(self) -> None:
        if self._stdin >= 0 and not self._order.has_terminal:
            os.close(self._stdin)
            self._stdin = -1

    def close(self) -> None:
        self._order = ShellOrder("", has_protocol=False, has_terminal=False)
        self._close_stdin()
        for _, descriptor in self._outputs:
            os.close(descriptor)


def _packet(kind: PacketId, data: bytes) -> bytes:
    return _PACKET.pack(kind, len(data)) + data


async def _chunks(descriptor: int) -> AsyncIterator[bytes]:
    """Read a pipe or terminal to its end."""
    while True:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            await _ready(descriptor)
            continue
        except OSError as error:
            if error.errno == errno.EIO:  # a terminal whose programs are all gone
                return
            raise
        if not data:
            return
        yield data


async def _ready(descriptor: int, *, writing: bool = False) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add: Callable[..., None] = loop.add_writer if writing else loop.add_reader
    add(descriptor, resolve, ready)
    try:
        await ready
    finally:
        (loop.remove_writer if writing else loop.remove_reader)(descriptor)
