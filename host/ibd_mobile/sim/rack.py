"""A rack of simulated phones behind an adb server of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import msgspec

from ibd_mobile.core.errors import HostError, InputError
from ibd_mobile.sim import profile
from ibd_mobile.sim.namespace import python_environment, require_namespaces
from ibd_mobile.sim.order import (
    Order,
    State,
    is_alive,
    read_state,
    remove_run_files,
    write_order,
)
from ibd_mobile.sim.phone import Phone, end

_RACK_FILE = "rack.json"
_START_TIMEOUT_S = 30.0
_POLL_S = 0.02


#: Processes that are meant to outlive us; an object that is dropped would complain of that.
_left_running: list["subprocess.Popen[bytes]"] = []


class RackState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a rack that outlives the command which started it."""

    keeper_pid: int
    server_port: int


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated phone that is switched on, for lists."""

    name: str
    serial: str
    profile: str
    pid: int
    server_port: int


class Rack:
    """A private adb server and simulated phones; leaving the context ends them all.

    Phones and server also end when the process that holds the rack dies, however it dies, unless
    the rack was made with `stays=True`.

    Args:
        root: folder for everything of this rack.
        adb_path: the adb program.
        stays: leave server and phones running when this process ends (`ibd-mobile sim up`).

    Raises:
        HostError: this computer does not allow what simulated phones need.
    """

    def __init__(self, root: Path, adb_path: str, *, stays: bool = False) -> None:
        require_namespaces()
        self.root = root
        self.adb_path = adb_path
        self.server_port = 0
        self._stays = stays
        self._keeper: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._phones: list[Phone] = []
        # The other end is inherited by server and phones; the kernel closes ours when we die.
        self._lifeline, self._our_end = (-1, -1) if stays else os.pipe2(os.O_CLOEXEC)

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        self._start_server()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stays:
            _left_running.extend(self._children + ([self._keeper] if self._keeper else []))
        else:
            self.stop()

    def start(
        self,
        profile_name: str,
        *,
        speed: float = 1.0,
        seed: int = 0,
        userdata: Path | None = None,
        knobs: Mapping[str, object] | None = None,
    ) -> Phone:
        """Switch a phone on and connect the adb server to it.

        Args:
            profile_name: one of `profile.names()`.
            speed: of its clock, battery and heat while nothing runs in it.
            seed: of its gauge's error, its noise and its background activity.
            userdata: keeps the phone's /data between starts; None: a folder in the rack's root.
            knobs: names and values of `knobs.Knobs`.

        Raises:
            InputError: an argument is not right.
            HostError: the phone cannot be started here.
        """
        profile.read(profile_name)
        folder = self._new_folder(profile_name)
        userdata = userdata or self.root / "userdata" / folder.name
        userdata.mkdir(parents=True, exist_ok=True)
        order = Order(
            profile=profile_name,
            userdata=str(userdata.resolve()),
            speed=speed,
            seed=seed,
            knobs=dict(knobs or {}),
            lifeline=self._lifeline,
        )
        write_order(folder, order)
        child = self._launch(["ibd_mobile.sim.adbd", str(folder)], folder / "log")
        self._children.append(child)
        phone = Phone(folder, _wait_for_state(folder, child))
        self._phones.append(phone)
        self._connect(phone)
        return phone

    def stop(self) -> None:
        """End all phones and the server, and remove what they left but their userdata."""
        for phone in self._phones:
            phone.stop()
        for child in self._children:
            child.wait()
        if self._keeper:
            self._keeper.terminate()
            self._keeper.wait()
            self._keeper = None
        if self._our_end >= 0:
            os.close(self._our_end)
            os.close(self._lifeline)
            self._our_end = -1
        down(self.root)
        self._phones = []

    def adb(self, *words: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[bytes]:
        """Run the adb program against this rack's server."""
        return subprocess.run(
            [self.adb_path, "-P", str(self.server_port), *words],
            env=self.environment(),
            capture_output=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Return an environment in which adb clients use this rack's server and nothing else."""
        home = self.root / "home"
        return {
            **python_environment(),
            "HOME": str(home),
            "ANDROID_USER_HOME": str(home / ".android"),
            "ANDROID_ADB_SERVER_PORT": str(self.server_port),
            # Real phones and emulators belong to the lab's own server.
            "ADB_USB": "0",
            "ADB_EMU": "0",
            "ADB_MDNS": "0",
            "ANDROID_ADB_LOG_PATH": str(home / "adb.log"),
        }

    def _start_server(self) -> None:
        known = _read_rack(self.root)
        if known is not None and self._stays:
            self.server_port = known.server_port
            return
        (self.root / "home" / ".android").mkdir(parents=True, exist_ok=True)
        self.server_port = _free_port()
        words = [str(self._lifeline), self.adb_path, str(self.server_port), str(self.root)]
        self._keeper = self._launch(["ibd_mobile.sim.keeper", *words], self.root / "server.log")
        state = RackState(keeper_pid=self._keeper.pid, server_port=self.server_port)
        (self.root / _RACK_FILE).write_bytes(msgspec.json.encode(state))
        _wait_for_server(self.server_port, self._keeper, self.root / "server.log")

    def _launch(self, words: list[str], log: Path) -> subprocess.Popen[bytes]:
        inherited = () if self._stays else (self._lifeline,)
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=inherited,
                start_new_session=True,
                cwd="/",
                env=self.environment(),
            )

    def _connect(self, phone: Phone) -> None:
        said = self.adb("connect", phone.serial).stdout.decode(errors="replace")
        if "connected to" not in said:  # adb exits 0 whether or not it could connect
            raise HostError(f"adb server of {self.root}", said.strip() or "does not answer")
        wanted = "any" if phone.state()["auth"] == "refuse" else "device"
        self.adb("-s", phone.serial, f"wait-for-{wanted}")

    def _new_folder(self, name: str) -> Path:
        phones = self.root / "phones"
        phones.mkdir(exist_ok=True)
        for number in range(1, 10_000):
            folder = phones / (name if number == 1 else f"{name}-{number}")
            state = read_state(folder) if folder.exists() else None
            if folder.exists() and (state is None or not is_alive(state)):
                remove_run_files(folder)
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return folder
        raise InputError(str(phones), "has too many phones", "Run `ibd-mobile sim down`")


def running(root: Path) -> list[Running]:
    """List the phones of a rack that are switched on."""
    rack = _read_rack(root)
    return [
        Running(
            name=folder.name,
            serial=f"127.0.0.1:{state.port}",
            profile=state.profile,
            pid=state.pid,
            server_port=rack.server_port if rack else 0,
        )
        for folder, state in _living(root)
    ]


def attach(root: Path, serial: str) -> Phone:
    """Take hold of a phone that another command left running.

    Raises:
        InputError: no such phone runs there.
    """
    for folder, state in _living(root):
        if serial in (f"127.0.0.1:{state.port}", folder.name):
            return Phone(folder, state)
    raise InputError(f"simulated phone '{serial}'", "is not running", "See `ibd-mobile sim list`")


def down(root: Path) -> int:
    """End every phone and the server of a rack, and return how many phones there were."""
    phones = [Phone(folder, state) for folder, state in _living(root)]
    for phone in phones:
        phone.stop()
    rack = _read_rack(root)
    if rack is not None:
        end(rack.keeper_pid)
    (root / _RACK_FILE).unlink(missing_ok=True)
    for folder in (root / "phones").glob("*"):
        remove_run_files(folder)
    shutil.rmtree(root / "home", ignore_errors=True)
    _left_running[:] = [child for child in _left_running if child.poll() is None]
    return len(phones)


def _living(root: Path) -> Iterator[tuple[Path, State]]:
    for folder in sorted((root / "phones").glob("*")):
        state = read_state(folder)
        if state is not None and is_alive(state):
            yield folder, state


def _read_rack(root: Path) -> RackState | None:
    try:
        state = msgspec.json.decode((root / _RACK_FILE).read_bytes(), type=RackState)
        command = Path(f"/proc/{state.keeper_pid}/cmdline").read_bytes()
    except OSError:
        return None
    return state if b"ibd_mobile.sim.keeper" in command else None


def _wait_for_state(folder: Path, child: subprocess.Popen[bytes]) -> State:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        state = read_state(folder)
        if state is not None and state.problem:
            child.wait()
            raise HostError(*state.problem)
        if state is not None:
            return state
        if child.poll() is not None:
            break
        time.sleep(_POLL_S)
    child.kill()
    log = (folder / "log").read_text(errors="replace").strip().splitlines()
    raise HostError(f"simulated phone {folder.name}", log[-1] if log else "did not start")


def _wait_for_server(port: int, keeper: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if keeper.poll() is not None:
            break
        time.sleep(_POLL_S)
    said = log.read_text(errors="replace").strip().splitlines()
    raise HostError("adb server", said[-1] if said else "did not start", "Is adb installed?")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
