"""The phone's daemon: takes an adb server's connections and gives it the phone's services.

`python -m ibd_mobile.sim.adbd <folder>` runs one phone from the order in `<folder>/order.json`.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from ibd_mobile.core.errors import IbdError
from ibd_mobile.sim import knobs, profile, shell
from ibd_mobile.sim.boot import SHELL_UID, Boot, BootEnded
from ibd_mobile.sim.control import Control
from ibd_mobile.sim.handset import Handset, Place
from ibd_mobile.sim.order import Order, State, read_order, remove_run_files, write_state
from ibd_mobile.sim.transport import Stream, Transport

_RELAY_BYTES = 1 << 20
_EMULATOR_PORTS = range(5555, 5586)  # adb servers look for emulators there
_READER_BYTES = 1 << 21
_STANDARD_ENVIRONMENT = {
    "PATH": "/product/bin:/apex/com.android.runtime/bin:/system/bin:/system/xbin:/odm/bin:"
    "/vendor/bin:/vendor/xbin",
    "HOME": "/",
    "SHELL": "/system/bin/sh",
    "TMPDIR": "/data/local/tmp",
    "ANDROID_DATA": "/data",
    "ANDROID_ROOT": "/system",
    "ANDROID_STORAGE": "/storage",
    "EXTERNAL_STORAGE": "/sdcard",
}


class Daemon:
    """Listens on loopback and opens services on the handset.

    Args:
        handset: the phone.
    """

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        handset.on_presence = self._set_listening

    async def listen(self, port: int) -> int:
        """Start to take connections, and return the port.

        Args:
            port: 0 takes a free one, never one where adb looks for emulators.
        """
        listener = _free_listener(port)
        self._port = int(listener.getsockname()[1])
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=_READER_BYTES)
        return self._port

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _set_listening(self, is_present: bool) -> None:
        if not is_present:
            self.close()  # a phone that is away refuses, it does not accept and hang up
        elif self._server is None:
            await self.listen(self._port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handset = self._handset
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = Transport(
            reader,
            writer,
            self._banner(),
            self.open_service,
            payload_limit_bytes=handset.knobs.max_payload or handset.profile.payload_bytes,
            is_authorized=handset.is_authorized,
        )
        # Where the daemon ends, the connection's task is cancelled, which is no error.
        with handset.attached(transport), contextlib.suppress(asyncio.CancelledError):
            await transport.run()

    def _banner(self) -> bytes:
        listed = self._handset.profile.all_properties()
        features = self._handset.profile.features
        if not self._handset.knobs.shell_v2:
            features = [name for name in features if name != "shell_v2"]
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        told = "".join(f"{name}={listed.get(name, '')};" for name in names)
        return f"device::{told}features={','.join(features)}".encode()

    def open_service(self, stream: Stream, service: str) -> Awaitable[None] | None:
        """Find what answers a service string; None if the phone has no such service."""
        boot = self._handset.boot
        if boot is None:
            return None
        order = shell.parse_order(service)
        if order is not None:
            if order.has_protocol and not self._handset.knobs.shell_v2:
                return None
            return _quietly(shell.serve(stream, boot, order, self._environment(), self._uid))
        name, _, rest = service.partition(":")
        match name:
            case "sync":
                return _quietly(self._sync(stream, boot))
            case "reboot":
                return self._reboot(stream)
            case "root" | "unroot":
                return self._change_user(stream, as_root=name == "root")
            case "tcp" | "localabstract" | "localfilesystem":
                return _quietly(self._connect(stream, boot, f"{name}:{rest}"))
            case "remount":
                return stream.write(b"remount failed\n")
        return None

    @property
    def _uid(self) -> int:
        return 0 if self._handset.is_adbd_root else SHELL_UID

    def _environment(self) -> dict[str, str]:
        user = "shell" if self._uid else "root"
        names = {"USER": user, "LOGNAME": user, "IBD_SIM_UID": str(self._uid)}
        hostname = self._handset.profile.all_properties().get("ro.product.device", "localhost")
        return {**_STANDARD_ENVIRONMENT, **names, "HOSTNAME": hostname}

    async def _sync(self, stream: Stream, boot: Boot) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _RELAY_BYTES)
        try:
            await boot.spawn("sync", [], {}, [theirs.fileno()], uid=self._uid)
        finally:
            theirs.close()
        await _relay(stream, ours)

    async def _connect(self, stream: Stream, boot: Boot, address: str) -> None:
        try:
            link = await boot.connect(address)
        except OSError:
            return  # closes the stream, which is how a phone says that nobody listens
        await _relay(stream, link)

    async def _reboot(self, stream: Stream) -> None:
        self._later(self._handset.reboot())
        await stream.read()  # the host waits until the phone is gone

    async def _change_user(self, stream: Stream, *, as_root: bool) -> None:
        if as_root and not self._handset.knobs.rooted:
            await stream.write(b"adbd cannot run as root in production builds\n")
            await stream.drain()
            return
        if as_root == self._handset.is_adbd_root:
            text = "already running as root" if as_root else "not running as root"
            await stream.write(f"adbd is {text}\n".replace("is not", "not").encode())
            await stream.drain()
            return
        text = "restarting adbd as root\n" if as_root else "restarting adbd as non root\n"
        await stream.write(text.encode())
        await stream.drain()
        self._later(self._restart(as_root=as_root))

    async def _restart(self, *, as_root: bool) -> None:
        self._handset.restart_adbd(as_root=as_root)

    def _later(self, work: Awaitable[None]) -> None:
        """Do something that ends the very stream which asked for it."""

        async def do() -> None:
            await asyncio.sleep(0.05)
            await work

        task = asyncio.ensure_future(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(service: Awaitable[None]) -> None:
    """Serve until done; a phone that goes down in the middle just closes the stream."""
    with contextlib.suppress(BootEnded):
        await service


async def _relay(stream: Stream, link: socket.socket) -> None:
    """Carry bytes both ways between a stream and a socket until either side ends."""
    reader, writer = await asyncio.open_connection(sock=link, limit=_READER_BYTES)

    async def inward() -> None:
        with contextlib.suppress(ConnectionError):
            while data := await stream.read():
                writer.write(data)
                await writer.drain()

    async def outward() -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_RELAY_BYTES):
                await stream.write(data)
            await stream.drain()

    ways = [asyncio.ensure_future(inward()), asyncio.ensure_future(outward())]
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in done:
            if error := way.exception():
                raise error
    finally:
        for way in ways:
            way.cancel()
        writer.close()


def _all_of(*calls: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        for one in calls:
            one()

    return call


def _free_listener(port: int) -> socket.socket:
    while True:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        if port or listener.getsockname()[1] not in _EMULATOR_PORTS:
            listener.setblocking(False)
            return listener
        listener.close()


async def run(folder: Path, order: Order) -> bool:
    """Run one phone until it is told to stop or its owner is gone.

    Returns:
        Whether the owner is gone, so that nobody else will tidy up.

    Raises:
        IbdError: the phone cannot be started.
    """
    place = Place(folder, Path(order.userdata))
    state = knobs.changed(profile.read(order.profile).knobs, order.knobs)
    handset = Handset(profile.read(order.profile), state, place, speed=order.speed, seed=order.seed)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    orphaned = asyncio.Event()
    if order.lifeline >= 0:
        loop.add_reader(order.lifeline, _all_of(orphaned.set, stop.set))
    try:
        await handset.switch_on()
        daemon = Daemon(handset)
        port = await daemon.listen(order.port)
        control = await Control(handset, stop).listen(folder)
        write_state(folder, State(pid=os.getpid(), port=port, profile=order.profile))
        await stop.wait()
        daemon.close()
        control.close()
    finally:
        handset.close()
    return orphaned.is_set()


def main() -> int:
    """Run the phone that the folder on the command line describes."""
    folder = Path(sys.argv[1])
    order = read_order(folder)
    try:
        is_orphan = asyncio.run(run(folder, order))
    except IbdError as error:
        write_state(folder, State(problem=[error.subject, error.problem, error.remedy]))
        return int(error.exit_code)
    if is_orphan:
        remove_run_files(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
