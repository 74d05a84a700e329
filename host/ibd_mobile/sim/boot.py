"""One boot of a phone: its namespaces, its first process, and the programs that run in it."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ibd_mobile.core.errors import HostError
from ibd_mobile.sim.clock import PhoneClock
from ibd_mobile.sim.namespace import id_map, python_environment
from ibd_mobile.sim.zygote import MESSAGE_BYTES

_READY_TIMEOUT_S = 20.0
_USAGE_TIMEOUT_S = 5.0
_MAX_FDS = 250
_KILLED = 128 + signal.SIGKILL
SHELL_UID = 2000


def resolve(future: asyncio.Future[None]) -> None:
    """Let a future come true, if it has not."""
    if not future.done():
        future.set_result(None)


class BootEnded(Exception):
    """The phone went down while it was asked for something."""


@dataclass
class Program:
    """A program started in the phone."""

    pid: int
    ended: asyncio.Future[int]  #: its exit code
    terminal: int | None = None  #: descriptor of its terminal's other end


@dataclass
class Burnt:
    """CPU time of the phone's programs since it was last asked for."""

    burnt_ns: int
    shares: list[tuple[int, int]]  #: (affinity mask, ns) of programs bound to some cores
    alive_count: int  #: programs that are more than onlookers
    payload_count: int  #: pushed programs


@dataclass
class Boot:
    """A running phone, from power on to power off.

    Args:
        clock: the phone's boot clock; held while programs run.
        plan_file: where the first process finds the plan of the tree.
    """

    clock: PhoneClock
    plan_file: Path
    boot_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    nodes: dict[str, int] = field(default_factory=dict)  #: path -> open descriptor

    def __post_init__(self) -> None:
        self.on_end: Callable[[], object] = lambda: None  #: told when its first process is gone
        self._control, control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._usage, usage_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._programs: dict[int, Program] = {}
        self._early_ends: dict[int, int] = {}
        self._next_order = 1
        #: one entry for each started program that holds the clock until the world has seen it
        self.settled: deque[None] = deque()
        self._is_over = False
        ids = id_map(os.geteuid(), Path("/proc/self/uid_map").read_text())
        self.first_id = ids[0] if ids else None  #: this computer's id that is the phone's root
        self._live: list[str] = []
        self._id_line = f"0 {ids[0]} {ids[1]}" if ids else f"{SHELL_UID} {os.geteuid()} 1"
        self._gid_line = f"0 {ids[0]} {ids[1]}" if ids else f"{SHELL_UID} {os.getegid()} 1"
        self._ends = (control_end, usage_end)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def has_many_ids(self) -> bool:
        """Whether the phone has a root and a shell, or one user for both."""
        return self.first_id is not None

    async def start(self, plan: dict[str, Any]) -> None:
        """Build the tree and return when programs can be started.

        Args:
            plan: as `tree.Plan` makes it.

        Raises:
            HostError: this computer did not let it.
        """
        self._live = plan["live"]
        ids = ("/dev/.sim/ids", 0o444, 0, "many" if self.has_many_ids else "one")
        plan = {**plan, "has_many_ids": self.has_many_ids, "files": [*plan["files"], ids]}
        self.plan_file.write_text(json.dumps(plan))
        self._launch()
        self._control.setblocking(False)
        self._usage.settimeout(_USAGE_TIMEOUT_S)
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                await self._handshake()
        except TimeoutError:
            raise HostError("simulated phone", "its first process did not get ready") from None
        asyncio.get_running_loop().add_reader(self._control, self._receive)

    def _launch(self) -> None:
        ends = [end.fileno() for end in self._ends]
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-P", "-m", "ibd_mobile.sim.zygote"]
            + [str(end) for end in ends]
            + [str(self.plan_file)],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            env=python_environment(),
        )
        for end in self._ends:
            end.close()

    async def _handshake(self) -> None:
        opened: list[int] = []
        while True:
            message, descriptors = await self._next_message()
            match message["event"]:
                case "needs ids":
                    self._lend_ids()
                    self._control.send(b"go")
                case "nodes":
                    opened += descriptors
                case "ready":
                    self.nodes = dict(zip(self._live, opened, strict=True))
                    return
                case "failed":
                    raise HostError(
                        "simulated phone",
                        f"its tree could not be built ({message['problem']})",
                        "Run `ibd-mobile doctor` to see whether this computer allows namespaces",
                    )

    async def _next_message(self) -> tuple[dict[str, Any], list[int]]:
        loop = asyncio.get_running_loop()
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._control, resolve, readable)
        try:
            await readable
        finally:
            loop.remove_reader(self._control)
        raw, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, _MAX_FDS)
        if not raw:
            raise HostError("simulated phone", "its first process ended while starting")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return json.loads(raw), descriptors

    def _lend_ids(self) -> None:
        assert self._process is not None  # noqa: S101  it has just sent a message
        folder = Path(f"/proc/{self._process.pid}")
        try:
            if not self.has_many_ids:
                (folder / "setgroups").write_text("deny")
            (folder / "uid_map").write_text(self._id_line)
            (folder / "gid_map").write_text(self._gid_line)
        except OSError as error:
            raise HostError(
                "simulated phone",
                f"user ids cannot be lent to it ({error.strerror})",
                "Run as root with CAP_SETUID, or as a plain user",
            ) from None

    async def spawn(
        self,
        kind: str,
        argv: list[str],
        environment: dict[str, str],
        descriptors: list[int],
        *,
        uid: int = SHELL_UID,
        folder: str = "/",
    ) -> Program:
        """Start a program in the phone, at the phone's present time.

        Args:
            kind: "pipe" (three descriptors), "pty" (none) or "sync" (one, and no argv).
            argv: the program's path in the phone, and its arguments.
            environment: all of it.
            descriptors: become 0, 1 and 2 there; they stay open here.
            uid: 2000 is the shell, 0 root.
            folder: where it starts.

        Raises:
            BootEnded: the phone went down.
        """
        offset_ns = self.clock.hold()
        try:
            order = {
                "op": "spawn",
                "kind": kind,
                "argv": argv,
                "environment": environment,
                "uid": uid if self.has_many_ids else SHELL_UID,
                "folder": folder,
                "offset_ns": offset_ns,
            }
            order_id, reply = await self._order(order, descriptors)
        except BaseException:
            self.clock.release()
            raise
        self.settled.append(None)
        program = Program(reply["pid"], asyncio.get_running_loop().create_future())
        if reply["descriptors"]:
            program.terminal = reply["descriptors"][0]
        self._programs[order_id] = program
        if order_id in self._early_ends:
            self._end(order_id, self._early_ends.pop(order_id))
        return program

    async def connect(self, address: str) -> socket.socket:
        """Connect to a listener inside the phone, such as `tcp:9008` or `localabstract:name`.

        Raises:
            OSError: nothing listens there.
            BootEnded: the phone went down.
        """
        _, reply = await self._order({"op": "connect", "address": address}, [])
        return socket.socket(fileno=reply["descriptors"][0])

    async def fill(self, folder: str, size_bytes: int) -> None:
        """Leave so much room under a folder of the phone; new files there go when it is undone."""
        await self._order({"op": "fill", "folder": folder, "size_bytes": size_bytes}, [])

    async def unfill(self, folder: str) -> None:
        """Undo `fill`."""
        await self._order({"op": "unfill", "folder": folder}, [])

    def signal(self, program: Program, number: int) -> None:
        """Send a signal to a program, if it is still there."""
        if self._is_over or program.ended.done():
            return
        order = {"op": "signal", "id": 0, "pid": program.pid, "number": int(number)}
        self._control.send(json.dumps(order).encode())

    def burnt(self) -> Burnt:
        """Ask for CPU time; blocks shortly, meant for the thread that runs the world.

        Raises:
            BootEnded: the phone went down.
        """
        try:
            self._usage.send(b"?")
            raw = self._usage.recv(MESSAGE_BYTES)
        except OSError:
            raise BootEnded from None
        if not raw:
            raise BootEnded
        told = json.loads(raw)
        shares = [(int(mask, 16), ns) for mask, ns in told["shares"]]
        return Burnt(told["burnt_ns"], shares, told["alive"], told["payloads"])

    def stop(self) -> None:
        """Switch the phone off: every process and mount of it is gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._over()
        for end in (self._control, self._usage, *self._ends):
            end.close()
        for descriptor in self.nodes.values():
            os.close(descriptor)
        self.nodes = {}

    async def _order(
        self, order: dict[str, Any], descriptors: list[int]
    ) -> tuple[int, dict[str, Any]]:
        if self._is_over:
            raise BootEnded
        order_id = self._next_order
        self._next_order += 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._orders[order_id] = future
        raw = json.dumps({**order, "id": order_id}).encode()
        while True:
            try:
                socket.send_fds(self._control, [raw], descriptors)
                break
            except BlockingIOError:
                await asyncio.sleep(0.001)  # fifty shells at once fill the queue for a moment
            except OSError:
                raise BootEnded from None
        reply = await future
        if reply["event"] == "failed":
            raise OSError(reply["problem"])
        return order_id, reply

    def _receive(self) -> None:
        try:
            raw, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 4)
        except BlockingIOError:
            return
        except OSError:
            raw, descriptors = b"", []
        if not raw:
            self._over()
            return
        for descriptor in descriptors:
            fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        message = {**json.loads(raw), "descriptors": descriptors}
        if message["event"] == "ended":
            if message["id"] in self._programs:
                self._end(message["id"], message["code"])
            else:
                self._early_ends[message["id"]] = message["code"]
        elif (future := self._orders.pop(message["id"], None)) and not future.done():
            future.set_result(message)

    def _end(self, order_id: int, code: int) -> None:
        program = self._programs.pop(order_id)
        if not program.ended.done():
            program.ended.set_result(code)

    def _over(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.on_end()
        asyncio.get_running_loop().remove_reader(self._control)
        for future in self._orders.values():
            if not future.done():
                future.set_exception(BootEnded())
        for program in self._programs.values():
            if not program.ended.done():
                program.ended.set_result(_KILLED)
        self._orders.clear()
        self._programs.clear()
