"""Waiting until the protocol allows a measurement, with evidence of what was seen.

All gates are looked at together, and all must be open in the same look: a phone that rested
while its battery ran down is not ready.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ibd_mobile.bench.target import Target
from ibd_mobile.core.errors import PhoneNotReady
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.core.study import Protocol
from ibd_mobile.core.trace import Window
from ibd_mobile.machine import charge, sensors
from ibd_mobile.machine.battery import BatteryState
from ibd_mobile.machine.clock import BootClock, read_clock

#: without a charger a battery only falls; this long we wait for somebody to plug one in
UNPLUGGED_PATIENCE_S = 600.0
_LONGEST_NAP_S = 10.0
_SHORTEST_NAP_S = 0.2
#: the first nap of a wait shows how fast the phone's clock goes
_FIRST_NAP_S = 1.0
#: a phone tells of its charger a moment after it was cut or let in
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class LastExecution:
    """When the phone last worked for us, on its own clock."""

    boot_id: str
    end_ns: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one gate said at one moment."""

    gate: str
    is_open: bool
    measured: str
    limit: str
    why: str = ""  #: for people, while closed: «battery 76 → 80 %»
    remaining_s: float | None = None  #: phone's time until it may open, where that can be told
    patience_s: float | None = None  #: give up after this long
    is_waited_for: bool = True  #: False: closed, but waiting would not open it
    sources: dict[str, str] = field(default_factory=dict)


@dataclass
class Gatekeeper:
    """The gates before one phone.

    Args:
        target: the phone.
        protocol: the limits.
        log: gates.jsonl of the job; one line per look.
        on_wait: told why, and for how long, at each closed look.
        sleep: waits so many host seconds.
    """

    target: Target
    protocol: Protocol
    log: Path
    on_wait: Callable[[Look], None]
    sleep: Callable[[float], None] = time.sleep
    _charging: bool = False

    def wait(self, last: LastExecution | None) -> list[GateEvidence]:
        """Return when every gate is open.

        Raises:
            PhoneNotReady: a gate stayed closed longer than the protocol's limit.
            PhoneGone: the phone left.
        """
        waited_s: dict[str, float] = {}
        closed: Look | None = None
        before: BootClock | None = None
        while True:
            now, looks = self._look(last)
            self._file(now, looks)
            pace = None
            if closed is not None and before is not None:
                step_s = Window(before.boot_ns, now.boot_ns).duration_s
                waited_s[closed.gate] = waited_s.get(closed.gate, 0.0) + step_s
                pace = _pace(step_s, before, now)
            closed = next((k for k in looks if not k.is_open and k.is_waited_for), None)
            if closed is None:
                self._stop_charging()
                return [_evidence(k, waited_s.get(k.gate, 0.0)) for k in looks]
            self._check_patience(closed, waited_s.get(closed.gate, 0.0))
            self.on_wait(closed)
            before = now
            self.sleep(_nap_s(closed.remaining_s, pace))

    def _look(self, last: LastExecution | None) -> tuple[BootClock, list[Look]]:
        target, protocol = self.target, self.protocol
        now = read_clock(target.link)
        battery = sensors.read_battery(target.link, target.sensors)
        if self._steer_charge(battery):
            self.sleep(_SETTLE_S)
            battery = sensors.read_battery(target.link, target.sensors)
        heat = sensors.read_temperatures_c(target.link, target.sensors)
        return now, [
            battery_look(battery, protocol),
            *temperature_looks(battery, heat, protocol),
            charging_look(battery, is_wanted=self._charging),
            rest_look(now, last, protocol),
        ]

    def _steer_charge(self, battery: BatteryState) -> bool:
        """Let the charger in while the battery is too low, and keep it away after.

        A phone whose charger is cut says that there is none, so it is let in to find out.

        Returns:
            Whether that was changed.
        """
        level = lower_level_pct(battery)
        if level is None:
            return False
        if not self._charging and level < self.protocol.battery_floor_pct:
            stop = charge.allow_charging(self.target.link, self.target.phone)
            self._charging = stop is not None or bool(battery.is_plugged)
            return stop is not None
        if self._charging and level >= self.protocol.battery_target_pct:
            self._stop_charging()
            return True
        return False

    def _stop_charging(self) -> None:
        if self._charging:
            charge.stop_charging(self.target.link, self.target.phone)
            self._charging = False

    def _file(self, now: BootClock, looks: Iterable[Look]) -> None:
        line = msgspec.json.encode(
            {"boot_id": now.boot_id, "boot_ns": now.boot_ns, "looks": list(looks)}
        )
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            file.write(line + b"\n")

    def _check_patience(self, look: Look, waited_s: float) -> None:
        limit_s = self.protocol.gate_limit_s
        if look.patience_s is not None:
            limit_s = min(limit_s, look.patience_s)
        if waited_s > limit_s:
            raise PhoneNotReady(
                self.target.link.name,
                f"{look.gate} gate stayed closed for {waited_s:.0f} s:"
                f" {look.measured}, needs {look.limit}",
                _REMEDIES[look.gate],
            )


_REMEDIES = {
    "battery": "Charge the phone, or connect a charger and let the run wait for it.",
    "battery temperature": "Move the phone to a cooler place, out of its case.",
    "skin temperature": "Move the phone to a cooler place, out of its case.",
    "charging": "Unplug the charger, switch the hub's port off, or use adb over the network.",
    "rest": "The phone's clock does not advance; restart the phone.",
}


def lower_level_pct(battery: BatteryState) -> float | None:
    """Return the lower of the kernel's and the framework's battery level.

    The two differ by 15 points and more on some phones; the floor must hold for both.
    """
    known = [v for v in (battery.kernel_pct, battery.framework_pct) if v is not None]
    return min(known) if known else None


def battery_look(battery: BatteryState, protocol: Protocol) -> Look:
    """Judge the battery level against the floor."""
    level, floor = lower_level_pct(battery), protocol.battery_floor_pct
    measured = f"{level:g} %" if level is not None else "unknown"
    is_frozen = battery.is_framework_frozen
    if is_frozen:
        measured += " (framework values frozen by `dumpsys battery unplug`)"
    charger = "" if battery.is_plugged else ", no charger connected"
    return Look(
        gate="battery",
        is_open=level is not None and level >= floor and not is_frozen,
        measured=measured,
        limit=f"≥ {floor:g} %",
        why=f"battery {measured.removesuffix(' %')} → {floor:g} %{charger}",
        patience_s=None if battery.is_plugged else UNPLUGGED_PATIENCE_S,
        sources=battery.raw,
    )


def temperature_looks(
    battery: BatteryState, heat_c: dict[str, float], protocol: Protocol
) -> list[Look]:
    """Judge battery and skin temperature against the band, where the phone tells them."""
    looks = []
    if battery.temperature_c is not None:
        looks.append(_warm("battery", battery.temperature_c, protocol.battery_max_c))
    if "skin" in heat_c:
        looks.append(_warm("skin", heat_c["skin"], protocol.skin_max_c))
    return looks


def _warm(site: str, found_c: float, limit_c: float) -> Look:
    return Look(
        gate=f"{site} temperature",
        is_open=found_c <= limit_c,
        measured=f"{found_c:.1f} °C",
        limit=f"≤ {limit_c:g} °C",
        why=f"{site} {found_c:.1f} → {limit_c:g} °C",
    )


def charging_look(battery: BatteryState, *, is_wanted: bool) -> Look:
    """Judge whether a charger feeds the phone; then the battery's current tells nothing.

    Where the phone cannot keep its charger away the gate lets the job pass: its power is
    marked CHARGING, its latency is still good.
    """
    state = "charging" if battery.status == "charging" else "not charging"
    plug = "plugged in" if battery.is_plugged else "not plugged in"
    return Look(
        gate="charging",
        is_open=battery.status != "charging" and not is_wanted,
        is_waited_for=is_wanted,
        measured=f"{state}, {plug}",
        limit="not charging",
        why="charging up to the protocol's level",
    )


def rest_look(now: BootClock, last: LastExecution | None, protocol: Protocol) -> Look:
    """Judge the pause since the last execution, on the phone's clock.

    After a reboot that clock begins anew, and the time since the boot counts: the phone has
    rested at least that long.
    """
    if last is None:
        rested_s, since = None, "no execution on record on this phone"
    elif last.boot_id == now.boot_id:
        rested_s, since = (now.boot_ns - last.end_ns) * 1e-9, "since the last execution"
    else:
        rested_s, since = now.boot_ns * 1e-9, "since the phone's boot"
    missing_s = 0.0 if rested_s is None else protocol.rest_s - rested_s
    return Look(
        gate="rest",
        is_open=missing_s <= 0,
        measured=since if rested_s is None else f"{rested_s:.0f} s {since}",
        limit=f"≥ {protocol.rest_s:g} s",
        why=f"rest {_clock(missing_s)}",
        remaining_s=max(missing_s, 0.0),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0.0) + 0.999), 60)
    return f"{minutes}:{rest:02d}"


def _evidence(look: Look, waited_s: float) -> GateEvidence:
    return GateEvidence(
        gate=look.gate,
        is_passed=look.is_open,
        measured=look.measured,
        limit=look.limit,
        waited_s=round(waited_s, 3),
        sources=look.sources,
    )


def _pace(step_s: float, before: BootClock, now: BootClock) -> float:
    """Return the phone's seconds per second of ours; a simulated phone's may be many."""
    host_s = Window(before.host_before_ns, now.host_before_ns).duration_s
    return max(1.0, step_s / host_s) if host_s > 0 else 1.0


def _nap_s(remaining_s: float | None, phone_s_per_host_s: float | None) -> float:
    """Choose how long to sleep: half of what is left, so that the end is met closely."""
    if remaining_s is None:
        return 2.0
    if phone_s_per_host_s is None:
        return min(max(remaining_s / 2, _SHORTEST_NAP_S), _FIRST_NAP_S)
    half_s = remaining_s / phone_s_per_host_s / 2
    return min(max(half_s, _SHORTEST_NAP_S), _LONGEST_NAP_S)
