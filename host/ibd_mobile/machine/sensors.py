"""Reading a machine's sensors: few commands, since each costs a phone time and energy."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import PhoneError
from ibd_mobile.core.seams import Link
from ibd_mobile.core.units import factor
from ibd_mobile.machine.battery import (
    BatteryState,
    FrameworkBattery,
    framework_battery,
    parse_dumpsys,
)
from ibd_mobile.machine.thermal_service import is_plausible_c, parse_thermal_service

_TIMEOUT_S = 30.0
#: Prints one line for each node: "=" and its first line, or "!" and why it cannot be read.
#: Nodes of thermal zones come first, each after "@", its path and its type: zone numbers move.
#: `read` is part of the shell; a program for each of 60 nodes would take a phone a second.
_READ = """\
if [ "$KSH_VERSION" ];then p(){ print -r -- "$1";};else p(){ printf '%s\\n' "$1";};fi
n(){ v=;if { IFS= read -r v||[ -n "$v" ];} 2>/dev/null <"$1";then p "=$v"
else if v=$(cat "$1" 2>&1);then p =;else p "!$v";fi;fi;}
w=$1;shift
if [ "$w" ];then for z in /sys/class/thermal/thermal_zone*;do
t=;{ IFS= read -r t;} 2>/dev/null <"$z/type"
case $w in *"|$t|"*)p "@$z/temp $t";n "$z/temp";;esac
done;fi
for f;do n "$f";done
"""
_DUMPSYS_BATTERY = "p '#';dumpsys battery 2>&1\n"
_DUMPSYS_THERMAL = "p '#';dumpsys thermalservice 2>&1\n"
_BATTERY_QUANTITIES = ("level", "status", "plugged", "temperature")
_BATTERY_SITES = ("battery", "usb")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sensor said: a value, or the reason why there is none."""

    sensor: Sensor  #: with its node
    text: str
    problem: str

    @property
    def value(self) -> float:
        """The value in SI units (°C for temperatures); only where `problem` is empty."""
        return float(self.text) * factor(self.sensor.unit)


def resolve(link: Link, sensors: Sequence[Sensor]) -> tuple[list[Sensor], dict[str, str]]:
    """Find the node of each sensor and try to read it, in one command.

    Returns:
        Those that can be read, with their nodes; and for the others, id -> why not.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    readings, _ = _read(link, sensors)
    return (
        [r.sensor for r in readings if not r.problem],
        {r.sensor.id: r.problem for r in readings if r.problem},
    )


def read_battery(link: Link, sensors: Sequence[Sensor]) -> BatteryState:
    """Read the battery from the kernel and from the framework, in one command.

    Args:
        link: the machine.
        sensors: all that it has, resolved or not; the battery's are picked.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    wanted = [s for s in sensors if s.quantity in _BATTERY_QUANTITIES and s.site in _BATTERY_SITES]
    readings, text = _read(link, wanted, then=_DUMPSYS_BATTERY)
    found = parse_dumpsys(text)
    raw = {r.sensor.id: r.text or f"unread: {r.problem}" for r in readings}
    raw |= {f"dumpsys {key}": value for key, value in found.items()}
    return _battery_state([r for r in readings if not r.problem], framework_battery(found), raw)


def read_temperatures_c(link: Link, sensors: Sequence[Sensor]) -> dict[str, float]:
    """Read all temperatures, in one command.

    Where the kernel's are closed, those that the framework tells fill the gaps.

    Returns:
        Site -> °C, the highest where several sensors share a site.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    wanted = [s for s in sensors if s.quantity == "temperature"]
    readings, _ = _read(link, wanted)
    found: dict[str, float] = {}
    for reading in readings:
        if not reading.problem:
            site = reading.sensor.site
            found[site] = max(reading.value, found.get(site, reading.value))
    if any(reading.problem for reading in readings) or "skin" not in found:
        _, text = _read(link, [], then=_DUMPSYS_THERMAL)
        found = parse_thermal_service(text) | found
    return found


def _read(link: Link, sensors: Sequence[Sensor], *, then: str = "") -> tuple[list[Reading], str]:
    """Read sensors in one command; return also what the script `then` printed after them."""
    zones = {s.zone for s in sensors if not s.node}
    nodes = [s.node for s in sensors if s.node]
    wanted = f"|{'|'.join(sorted(zones))}|" if zones else ""
    script = _READ + then
    done = link.run(["sh", "-c", script, "sh", wanted, *nodes], timeout_s=_TIMEOUT_S, check=False)
    lines = done.output.splitlines()
    try:
        by_zone, at = _zones(lines)
        by_node = dict(zip(nodes, lines[at : at + len(nodes)], strict=True))
    except (ValueError, IndexError):
        problem = f"its sensors cannot be read: {done.output.strip()[-200:]}"
        raise PhoneError(link.name, problem) from None
    readings = []
    for sensor in sensors:
        node, line = (
            (sensor.node, by_node[sensor.node])
            if sensor.node
            else by_zone.get(sensor.zone, ("", f"!no thermal zone has the type '{sensor.zone}'"))
        )
        readings.append(_reading(msgspec.structs.replace(sensor, node=node), line))
    rest = lines[at + len(nodes) :]
    return readings, "\n".join(rest[1:])


def _zones(lines: Sequence[str]) -> tuple[dict[str, tuple[str, str]], int]:
    """Return type -> (node, line) of the zones, the lowest number first, and the lines used."""
    found: list[tuple[int, str, str, str]] = []
    at = 0
    while at < len(lines) and lines[at].startswith("@"):
        node, _, kind = lines[at][1:].partition(" ")
        number = "".join(filter(str.isdigit, node))
        found.append((int(number), kind, node, lines[at + 1]))
        at += 2
    return {kind: (node, line) for _, kind, node, line in sorted(found, reverse=True)}, at


def _reading(sensor: Sensor, line: str) -> Reading:
    text = line[1:].strip()
    if not line.startswith("="):
        return Reading(sensor, "", _why(text))
    return Reading(sensor, text, _flaw(sensor, text))


def _flaw(sensor: Sensor, text: str) -> str:
    if not text:
        return "its node is empty"
    if sensor.unit == "text":
        return ""
    try:
        value = float(text) * factor(sensor.unit)
    except ValueError:
        return f"its node says '{text[:40]}', which is no number"
    if sensor.quantity == "temperature" and not is_plausible_c(value):
        return f"its node says {value:g} °C: no sensor behind it"
    return ""


def _why(message: str) -> str:
    """Shorten what a shell or cat says of a file it could not read."""
    reason = message.rpartition(": ")[2].strip()
    return reason[:1].lower() + reason[1:] if reason else "it cannot be read"


def _battery_state(
    readings: Sequence[Reading], framework: FrameworkBattery, raw: dict[str, str]
) -> BatteryState:
    by_quantity: dict[str, list[Reading]] = {}
    for reading in readings:
        by_quantity.setdefault(reading.sensor.quantity, []).append(reading)
    level, status, plugged, heat = (by_quantity.get(q, []) for q in _BATTERY_QUANTITIES)
    temperatures_c = [r.value for r in heat if r.sensor.site == "battery"]
    return BatteryState(
        kernel_pct=level[0].value if level else None,
        framework_pct=framework.level_pct,
        status=status[0].text.lower() if status else framework.status,
        is_plugged=any(_is_on(r.text) for r in plugged) if plugged else framework.is_plugged,
        temperature_c=temperatures_c[0] if temperatures_c else framework.temperature_c,
        is_framework_frozen=framework.is_frozen,
        raw=raw,
    )


def _is_on(text: str) -> bool:
    """Tell whether an `online` node says yes; some drivers say 2 for a fast charger."""
    return text.strip().lower() not in ("", "0", "n", "no", "false")
