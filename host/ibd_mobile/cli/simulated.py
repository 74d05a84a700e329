"""Simulated phones for `run --sim` and `resume`: one that is up already, or one for this run."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from ibd_mobile.core.device import Slot
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.registry import unknown


def folder() -> Path:
    """Folder of all simulated phones of this user."""
    return Path(platformdirs.user_cache_dir("ibd-mobile")) / "sim"


def standing_rack() -> Path:
    """Root of the rack whose phones stay up between commands (`sim up`)."""
    return folder() / "up"


def known_profile(id: str) -> str:
    """Return the id of a profile that exists.

    Raises:
        InputError: it does not; the nearest is offered.
    """
    from ibd_mobile.sim import profile

    if id not in profile.names():
        raise unknown("simulated phone", id, profile.names())
    return id


@contextlib.contextmanager
def phone(slot_id: str, *, speed: float, serial: str = "") -> Iterator[Slot]:
    """Give a slot with a simulated phone in it; one that was started here ends with the block.

    Its storage is kept, so that the next run finds what this one pushed.

    Args:
        slot_id: the profile's id, such as "sd855"; "sd855-2" is a second phone of it.
        speed: pace of its clock while no program runs on it; one that is up keeps its own.
        serial: of the phone that was in the slot before; it is taken where it is still up.

    Raises:
        InputError: no such profile.
        HostError: this computer does not allow what simulated phones need.
    """
    from ibd_mobile.machine.adb import find_adb
    from ibd_mobile.sim import rack

    up = rack.running(standing_rack())
    for one in [p for p in up if p.serial == serial] + [p for p in up if p.name == slot_id]:
        yield Slot(id=slot_id, serial=one.serial, adb_port=one.server_port)
        return
    base, dash, number = slot_id.rpartition("-")
    profile = known_profile(base if dash and number.isdigit() else slot_id)
    folder().mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="run-", dir=folder()))
    try:
        with _storage(slot_id) as userdata, rack.Rack(root, find_adb()) as started:
            simulated = started.start(profile, speed=speed, userdata=userdata)
            yield Slot(id=slot_id, serial=simulated.serial, adb_port=started.server_port)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _storage(slot_id: str) -> Iterator[Path]:
    """Give a folder for a phone's /data that no other phone uses meanwhile."""
    for number in range(1, 100):
        userdata = folder() / "userdata" / (slot_id if number == 1 else f"{slot_id}.{number}")
        userdata.mkdir(parents=True, exist_ok=True)
        with (userdata.parent / f"{userdata.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # a run beside this one has it
            yield userdata
            return
    raise HostError(str(folder()), "a hundred simulated phones of one name are running already")
