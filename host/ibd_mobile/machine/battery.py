"""The battery as the kernel and as the framework see it; the two need not agree."""

from collections.abc import Mapping
from dataclasses import dataclass

_HEADER = "Current Battery Service state:"
_FROZEN = "(UPDATES STOPPED"
_STATUS = {"1": "unknown", "2": "charging", "3": "discharging", "4": "not charging", "5": "full"}
_POWERED = ("AC powered", "USB powered", "Wireless powered", "Dock powered")


@dataclass(frozen=True, slots=True)
class FrameworkBattery:
    """What `dumpsys battery` tells; None where it does not."""

    level_pct: float | None
    status: str  #: "charging", "discharging", "not charging", "full", "unknown" or ""
    is_plugged: bool | None
    temperature_c: float | None
    is_frozen: bool  #: somebody set values by hand; they stand still until `dumpsys battery reset`


@dataclass(frozen=True, slots=True)
class BatteryState:
    """The battery at one moment; what neither level tells is None or ""."""

    kernel_pct: float | None
    framework_pct: float | None
    status: str  #: "charging", "discharging", "not charging", "full", "unknown" or ""; kernel first
    is_plugged: bool | None  #: whether a charger gives power; kernel first
    temperature_c: float | None
    is_framework_frozen: bool  #: `framework_pct` stands still: set by hand, not measured
    raw: dict[str, str]  #: source -> what it said: "battery_level", "dumpsys level" …


def parse_dumpsys(text: str) -> dict[str, str]:
    """Read the lines of `dumpsys battery` that are the framework's own.

    Vendors add lines of their own before, between and after, some with the same words in other
    letters: only lines with an indent of exactly two blanks count, the first of a key wins, and
    the first line without indent ends the list.

    Returns:
        Key -> value as printed, "UPDATES STOPPED" among them (empty) where it is said; empty
        if the text has no battery state.
    """
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.rstrip() == _HEADER:
            break
    for line in lines:
        if line and not line[0].isspace():
            break
        if not line.startswith("  ") or line[2:3].isspace():
            continue
        if line[2:].startswith(_FROZEN):
            found["UPDATES STOPPED"] = ""
            continue
        key, colon, value = line[2:].partition(":")
        if colon:
            found.setdefault(key, value.strip())
    return found


def framework_battery(found: Mapping[str, str]) -> FrameworkBattery:
    """Make numbers of what `parse_dumpsys` found.

    >>> framework_battery({"level": "42", "scale": "50", "temperature": "274"}).level_pct
    84.0
    """
    level, scale = _number(found.get("level")), _number(found.get("scale", "100"))
    tenths_c = _number(found.get("temperature"))
    powered = [found[key] == "true" for key in _POWERED if key in found]
    return FrameworkBattery(
        level_pct=100.0 * level / scale if level is not None and scale else None,
        status=_STATUS.get(found.get("status", ""), ""),
        is_plugged=any(powered) if powered else None,
        temperature_c=tenths_c * 0.1 if tenths_c is not None else None,
        is_frozen="UPDATES STOPPED" in found,
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
