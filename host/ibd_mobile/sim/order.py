"""The files by which a rack and its phones know of each other."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import msgspec

ORDER_FILE = "order.json"
STATE_FILE = "phone.json"
SOCKET_FILE = "control.sock"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone's process is to be."""

    profile: str
    userdata: str
    port: int = 0  #: 0: any free one
    speed: float = 1.0
    seed: int = 0
    knobs: dict[str, Any] = {}
    lifeline: int = -1  #: descriptor that ends when the owner does; -1: lives on by itself


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone's process says of itself: where it listens, or why it could not start."""

    pid: int = 0
    port: int = 0
    profile: str = ""
    problem: list[str] = []  #: subject, problem, remedy of an error


def write_order(folder: Path, order: Order) -> None:
    """Leave the order for the phone's process."""
    (folder / ORDER_FILE).write_bytes(msgspec.json.encode(order))


def read_order(folder: Path) -> Order:
    """Take up the order."""
    return msgspec.json.decode((folder / ORDER_FILE).read_bytes(), type=Order)


def write_state(folder: Path, state: State) -> None:
    """Say that the phone is ready, or why not; appears whole."""
    partial = folder / (STATE_FILE + ".part")
    partial.write_bytes(msgspec.json.encode(state))
    partial.rename(folder / STATE_FILE)


def read_state(folder: Path) -> State | None:
    """Return what the phone says of itself; None if it has not said anything yet."""
    try:
        return msgspec.json.decode((folder / STATE_FILE).read_bytes(), type=State)
    except FileNotFoundError:
        return None


def is_alive(state: State) -> bool:
    """Tell whether the phone's process still runs."""
    try:
        command = Path(f"/proc/{state.pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"ibd_mobile.sim.adbd" in command


def remove_run_files(folder: Path) -> None:
    """Remove what a phone leaves besides its userdata."""
    with contextlib.suppress(FileNotFoundError):
        (folder / "mnt").rmdir()
    shutil.rmtree(folder, ignore_errors=True)
