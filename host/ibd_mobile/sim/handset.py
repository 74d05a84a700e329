"""The phone as a whole: it boots, reboots, goes and comes back, and keeps its knobs and faults."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ibd_mobile.core.errors import InputError
from ibd_mobile.sim.boot import Boot
from ibd_mobile.sim.clock import NS_PER_S, PhoneClock
from ibd_mobile.sim.fault import Fault
from ibd_mobile.sim.knobs import Knobs, changed
from ibd_mobile.sim.profile import Profile
from ibd_mobile.sim.transport import Transport
from ibd_mobile.sim.tree import Plan, data_folders
from ibd_mobile.sim.world import World

_UPTIME_AT_BOOT_S = 20
_REBOOT_S = 8.0
_TEMPORARY_FOLDER = "/data/local/tmp"


@dataclass(frozen=True)
class Place:
    """Where the phone keeps its things on this computer."""

    folder: Path  #: run files; gone when the phone is
    userdata: Path  #: its /data; stays

    @property
    def truth_file(self) -> Path:
        """What really happened, written by the world."""
        return self.folder / "truth.bin"


class Handset:
    """A phone that is switched on.

    Args:
        profile: its kind.
        knobs: its state at the start.
        place: its folders on this computer.
        speed: of its clock while nothing runs in it.
        seed: of its chance.
    """

    def __init__(
        self, profile: Profile, knobs: Knobs, place: Place, *, speed: float, seed: int
    ) -> None:
        self.profile = profile
        self.knobs = knobs
        self.place = place
        self.is_adbd_root = False
        #: told when the phone goes away (False) and comes back (True)
        self.on_presence: Callable[[bool], Awaitable[None]] = _nobody
        self.boot: Boot | None = None
        self.clock = PhoneClock(_UPTIME_AT_BOOT_S * NS_PER_S, speed)
        self.world = World(profile, knobs, self.clock, place.truth_file, seed)
        self._transports: set[Transport] = set()
        self._faults: dict[str, Fault] = {}
        self._filled = False
        self._rebooting: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None

    async def switch_on(self) -> None:
        """Boot.

        Raises:
            HostError: this computer does not let it.
        """
        mount_point = self.place.folder / "mnt"
        mount_point.mkdir(exist_ok=True)
        plan_file = self.place.folder / "plan.json"
        boot = Boot(self.clock, plan_file)
        plan = Plan(self.profile, self.knobs, mount_point, self.place.userdata, boot.boot_id)
        self._prepare_userdata(boot)
        await boot.start(plan.as_dict())
        loop = asyncio.get_running_loop()
        self.world.on_reboot = lambda: loop.call_soon_threadsafe(self._reboot_soon)
        self.boot = boot
        boot.on_end = self._reboot_soon  # a kernel does no less when its init dies
        self.world.attach(boot)

    def switch_off(self) -> None:
        """Cut all connections and end every program."""
        self.drop()
        boot, self.boot = self.boot, None
        if boot is not None:
            self.world.detach()
            boot.on_end = lambda: None
            boot.stop()
        self._filled = False

    def close(self) -> None:
        """Switch off for good."""
        if self._returning:
            self._returning.cancel()
        self.switch_off()
        self.world.close()

    async def reboot(self, away_s: float = _REBOOT_S) -> None:
        """Go away for so long on the phone's clock, and come back as a new boot."""
        await self.on_presence(False)
        self.switch_off()
        self.is_adbd_root = False
        await asyncio.sleep(max(0.5, away_s / self.clock.speed))
        self.clock.restart(_UPTIME_AT_BOOT_S * NS_PER_S)
        await self.switch_on()
        await self.on_presence(True)

    def _reboot_soon(self) -> None:
        self._rebooting = asyncio.ensure_future(self.reboot())

    def restart_adbd(self, *, as_root: bool) -> None:
        """Drop the connection and come back with other rights, as after `adb root`."""
        self.is_adbd_root = as_root
        self.drop()  # a host that tries again a quarter of a second later finds us

    def drop(self) -> None:
        """Cut all connections."""
        for transport in list(self._transports):
            transport.drop()

    @contextlib.contextmanager
    def attached(self, transport: Transport) -> Iterator[None]:
        """Keep a connection under the phone's faults while it lives."""
        self._transports.add(transport)
        self._impose(transport)
        try:
            yield
        finally:
            self._transports.discard(transport)

    async def set_fault(self, fault: Fault) -> None:
        """Let something go wrong, from now on."""
        self._faults[fault.name] = fault
        match fault.name:
            case "gone":
                await self.on_presence(False)
                self.drop()
                self._return_after(fault.seconds)
            case "reboot":
                await self.reboot(fault.seconds or _REBOOT_S)
            case "unauthorized":
                self.drop()
            case "clock_step":
                self.clock.step(round(fault.seconds * NS_PER_S))
            case "disk_full":
                await self._fill(fault.free_bytes)
            case "freeze_gauge":
                self.world.freeze_gauge(is_frozen=True)
            case "throttle":
                self.world.set_forced_limit(fault.ratio)
        for transport in self._transports:
            self._impose(transport)

    async def clear_faults(self) -> None:
        """Make everything work again."""
        self._faults.clear()
        await self.on_presence(True)
        self.world.freeze_gauge(is_frozen=False)
        self.world.set_forced_limit(1.0)
        for transport in self._transports:
            transport.is_muted = False
            transport.bytes_left = None
        if self._filled and self.boot:
            await self.boot.unfill(_TEMPORARY_FOLDER)
            self._filled = False

    def set_knobs(self, changes: Mapping[str, object]) -> None:
        """Change the state of the phone while it runs.

        Raises:
            InputError: a name or value is not right, or can only be set at the start.
        """
        fixed = {"rooted", "data_free_bytes", "start_c"} & changes.keys()
        if fixed:
            raise InputError(f"knob {min(fixed)}", "can only be set when the phone is started")
        self.knobs = changed(self.knobs, changes)
        self.world.set_knobs(self.knobs, frozenset(changes))
        if self.knobs.auth == "refuse":
            self.drop()

    @property
    def is_authorized(self) -> bool:
        """Whether it accepts this computer's key."""
        return self.knobs.auth == "off" and "unauthorized" not in self._faults

    def _impose(self, transport: Transport) -> None:
        transport.is_muted = "offline" in self._faults
        if fault := self._faults.pop("die_after_bytes", None):
            transport.bytes_left = fault.byte_count

    def _return_after(self, seconds: float) -> None:
        """Come back by itself; 0 means never."""

        async def come_back() -> None:
            await asyncio.sleep(seconds)
            self._faults.pop("gone", None)
            await self.on_presence(True)

        if seconds > 0:
            self._returning = asyncio.ensure_future(come_back())

    async def _fill(self, free_bytes: int) -> None:
        if self.boot and not self._filled:
            await self.boot.fill(_TEMPORARY_FOLDER, free_bytes)
            self._filled = True

    def _prepare_userdata(self, boot: Boot) -> None:
        """Make the folders that every phone has, with their owners."""
        for path, mode, uid in data_folders():
            folder = self.place.userdata / path.removeprefix("/data").lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            if boot.first_id is not None:
                os.chown(folder, boot.first_id + uid, boot.first_id + uid)
            folder.chmod(mode)


async def _nobody(_is_present: bool) -> None:
    """Hear of it and do nothing."""
