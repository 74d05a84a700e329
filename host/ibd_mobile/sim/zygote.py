"""The first process of a phone: builds its tree, then starts its programs and reaps them.

Runs as `python -m ibd_mobile.sim.zygote <control fd> <usage fd> <plan file>` and is the PID 1 of
the phone's PID namespace, so that when it goes everything in the phone goes. It imports little:
each command of the phone is a fork of it.
"""

# ruff: noqa: PTH101, PTH102, PTH116, PTH123
# Reason: plain os calls: this is copied into every program that the phone starts

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
from pathlib import Path
from typing import Any, NoReturn

from ibd_mobile.sim import namespace, sync
from ibd_mobile.sim.builder import Builder
from ibd_mobile.sim.ledger import Ledger

MESSAGE_BYTES = 1 << 16
_FDS_PER_MESSAGE = 200
#: adbd's children have them so, however the computer's own shell started us (nohup, &)
_DEFAULT_SIGNALS = (
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTERM,
)
_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430


class Zygote:
    """Serves two sockets: orders to start programs, and questions about CPU time."""

    def __init__(self, control: socket.socket, usage: socket.socket, *, has_many_ids: bool) -> None:
        self._control = control
        self._usage = usage
        self._has_many_ids = has_many_ids
        self._offset_ns: int | None = None
        self._orders: dict[int, int] = {}  # pid -> order id
        self._ledger = Ledger()

    def serve(self) -> NoReturn:
        """Work until the phone's daemon goes away."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write)
        control, usage = self._control.fileno(), self._usage.fileno()
        while True:
            ready, _, _ = select.select([control, usage, wake_read], [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if control in ready:
                self._obey()
            if usage in ready:
                if not self._usage.recv(MESSAGE_BYTES):
                    os._exit(0)
                self._usage.send(json.dumps(self._ledger.account()).encode())

    def _obey(self) -> None:
        raw, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 4)
        if not raw:
            os._exit(0)
        order = json.loads(raw)
        try:
            reply = self._execute(order, descriptors)
        except (OSError, ValueError) as error:
            reply = {"id": order["id"], "event": "failed", "problem": str(error)}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if reply:
            self._tell(reply)

    def _execute(self, order: dict[str, Any], descriptors: list[int]) -> dict[str, Any] | None:
        match order["op"]:
            case "spawn":
                return self._spawn(order, descriptors)
            case "signal":
                if order["pid"] in self._orders:
                    os.kill(order["pid"], order["number"])
                return None
            case "connect":
                link = _connect(order["address"])
                try:
                    self._tell({"id": order["id"], "event": "connected"}, [link.fileno()])
                finally:
                    link.close()
                return None
            case "fill":
                _fill(order["folder"], order["size_bytes"])
                return {"id": order["id"], "event": "done"}
            case "unfill":
                namespace.unmount(order["folder"])
                return {"id": order["id"], "event": "done"}
        raise OSError(f"unknown order {order['op']}")

    def _spawn(self, order: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        if order["offset_ns"] != self._offset_ns:
            namespace.set_time_offset(order["offset_ns"])
            self._offset_ns = order["offset_ns"]
        terminal = _open_terminal() if order["kind"] == "pty" else None
        pid = os.fork()
        if pid == 0:
            self._become(order, [terminal[1]] * 3 if terminal else descriptors)
        self._orders[pid] = order["id"]
        reply = {"id": order["id"], "event": "started", "pid": pid}
        if terminal is None:
            return reply
        os.close(terminal[1])
        self._tell(reply, [terminal[0]])
        os.close(terminal[0])
        return {}

    def _become(self, order: dict[str, Any], descriptors: list[int]) -> NoReturn:
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in _DEFAULT_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            if order["kind"] == "pty":
                fcntl.ioctl(descriptors[0], termios.TIOCSCTTY, 0)
            for wanted, descriptor in enumerate(descriptors):
                os.dup2(descriptor, wanted)
            os.closerange(max(len(descriptors), 1), 1024)
            self._take_ids(order["uid"])
            os.umask(order.get("umask", 0o022))
            os.chdir(order.get("folder", "/"))
            if order["kind"] == "sync":
                namespace.drop_capabilities()
                sync.serve(socket.socket(fileno=0))
                os._exit(0)
            os.execve(order["argv"][0], order["argv"], order["environment"])  # noqa: S606
        except BaseException as error:  # noqa: BLE001  a fork must never run on as a second zygote
            os.write(2, f"{order['kind']}: {error}\n".encode())
        finally:
            os._exit(127)

    def _take_ids(self, uid: int) -> None:
        if not self._has_many_ids:
            return
        os.setgroups(SHELL_GROUPS if uid else [])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (order_id := self._orders.pop(pid, None)) is not None:
                code = os.waitstatus_to_exitcode(status)
                code = code if code >= 0 else 128 - code
                self._tell({"id": order_id, "event": "ended", "code": code})

    def _tell(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        socket.send_fds(self._control, [json.dumps(message).encode()], descriptors or [])


#: input log adb sdcard_rw sdcard_r net_bt_admin net_bt inet net_bw_stats readproc uhid
SHELL_GROUPS = [2000, 1004, 1007, 1011, 1015, 1028, 3001, 3002, 3003, 3006, 3009, 3011]


def _open_terminal() -> tuple[int, int]:
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    number = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, bytes(4)))[0]
    return master, os.open(f"/dev/pts/{number}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def _connect(address: str) -> socket.socket:
    """Connect to something that listens inside the phone."""
    kind, _, rest = address.partition(":")
    if kind == "tcp":
        link = socket.socket(socket.AF_INET)
        link.connect(("127.0.0.1", int(rest.rpartition(":")[2])))
        return link
    link = socket.socket(socket.AF_UNIX)
    link.connect("\0" + rest if kind == "localabstract" else rest)
    return link


def _fill(folder: str, size_bytes: int) -> None:
    """Leave only `size_bytes` of room under a folder by laying a small tmpfs over it."""
    room = "/mnt/full"
    namespace.mount("tmpfs", room, "tmpfs", options=f"size={max(size_bytes, 8192)},mode=755")
    for name in ("upper", "work"):
        os.mkdir(f"{room}/{name}")
    owner = os.stat(folder)
    os.chown(f"{room}/upper", owner.st_uid, owner.st_gid)
    os.chmod(f"{room}/upper", owner.st_mode & 0o7777)
    options = f"lowerdir={folder},upperdir={room}/upper,workdir={room}/work"
    namespace.mount("overlay", folder, "overlay", options=options)
    if size_bytes == 0:
        _use_up(f"{room}/used")
    namespace.unmount(room)


def _use_up(path: str) -> None:
    with open(path, "wb", buffering=0) as used:
        try:
            while True:
                used.write(bytes(4096))
        except OSError:
            return


def main() -> NoReturn:
    """Enter the namespaces, build the tree, tell the daemon, serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    usage = socket.socket(fileno=int(sys.argv[2]))
    plan = json.loads(Path(sys.argv[3]).read_bytes())
    has_many_ids: bool = plan["has_many_ids"]
    try:
        namespace.unshare(namespace.NEW_USER)
        namespace.be_dumpable()
        control.send(b'{"event": "needs ids"}')
        if not control.recv(MESSAGE_BYTES):
            os._exit(0)
        namespace.unshare(
            namespace.NEW_PID
            | namespace.NEW_MOUNT
            | namespace.NEW_NET
            | namespace.NEW_UTS
            | namespace.NEW_IPC
        )
        pid = os.fork()
        if pid:
            _outlive(pid, control, usage)
        descriptors = Builder(plan, has_many_ids=has_many_ids).build()
        namespace.die_with_parent(0)
        namespace.set_name("init")
    except OSError as error:
        control.send(json.dumps({"event": "failed", "problem": str(error)}).encode())
        os._exit(1)
    for start in range(0, len(descriptors), _FDS_PER_MESSAGE):
        part = descriptors[start : start + _FDS_PER_MESSAGE]
        socket.send_fds(control, [b'{"event": "nodes"}'], part)
    for descriptor in descriptors:
        os.close(descriptor)
    control.send(b'{"event": "ready"}')
    Zygote(control, usage, has_many_ids=has_many_ids).serve()


def _outlive(pid: int, control: socket.socket, usage: socket.socket) -> NoReturn:
    """Stay between the daemon and the first process, and pass the daemon's death on."""
    control.close()
    usage.close()
    try:
        namespace.die_with_parent(os.getppid())
        os.waitpid(pid, 0)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
