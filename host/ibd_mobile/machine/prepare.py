"""Bring a phone to the state it is measured in, and back to how it was found.

What is changed, and why no more:
- The screen is on, at a fixed low brightness, and stays on. Without a cable the phone suspends
  once it is dark, which ends a run; some gauges renew ten times less often in the dark. Staying
  on «while plugged in» has no effect without a cable, hence the long timeout. With the screen on
  there is no doze either.
- The charger is kept away where the phone can do that; else its current says nothing.
Radios stay as they are, since one of them may carry adb; animations too, since nothing moves.

Every old value is on disk before its setting is touched, so that a later process can undo what
a killed one did.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ibd_mobile.core.device import ChargeStop, Noun, Phone
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import write_atomic
from ibd_mobile.core.seams import Link
from ibd_mobile.core.study import Protocol
from ibd_mobile.machine import charge, screen

_TIMEOUT_S = 30.0
#: the lowest level that every panel keeps stable, of 255
_BRIGHTNESS = "10"
#: the greatest that Android takes, ms: 24 days
_FOREVER_MS = "2147483647"
_WANTED = {
    "system/screen_brightness_mode": "0",
    "system/screen_brightness": _BRIGHTNESS,
    "system/screen_off_timeout": _FOREVER_MS,
}
_UNSET = "null"  #: what `settings get` says of a setting that nobody has made
#: answers of `settings` are shown behind "=", one line each, since vendors print warnings
_GET = """\
command -v settings >/dev/null || exit 127
for k;do echo "=$(settings get "${k%%/*}" "${k#*/}" 2>/dev/null|tail -n 1)";done"""
_PUT = """\
for k;do v=${k#*=};k=${k%%=*}
if [ "$v" = null ];then settings delete "${k%%/*}" "${k#*/}";else
settings put "${k%%/*}" "${k#*/}" "$v";fi 2>&1|tail -n 1;done"""


class Change(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One thing that was made different, with what it was before."""

    kind: Literal["setting", "screen", "charge"]
    key: str  #: "system/screen_brightness", "screen", or the node
    old: str
    new: str
    stop: ChargeStop | None = None  #: how to get at the node


class AsFound(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """How a phone was before it was touched; the file that outlives a killed process."""

    schema: Literal[1]
    name: str  #: the phone's serial
    changes: list[Change]


def prepare(
    link: Link,
    phone: Phone | None,
    protocol: Protocol,  # noqa: ARG001 - every protocol so far wants the same state
    as_found: Path,
    *,
    name: str = "",
) -> list[str]:
    """Bring a phone to measuring state.

    Where `as_found` is there already, from a process that was killed, the old values in it are
    kept: they are how the phone was found, not what stands there now.

    Args:
        link: the phone; a host, which has no `settings`, is left as it is.
        phone: its model, if known; it tells how charging is stopped.
        protocol: the rules of the measurement.
        as_found: file that takes the old values.
        name: the phone's own serial, which stays where an address on the network does not;
            "" = what the link calls it.

    Returns:
        What was changed, and what could not be, for people.

    Raises:
        PhoneNotReady: its screen cannot be switched on.
        PhoneGone, PayloadTimeout: as `Link.run`.
        DataError: `as_found` is there and cannot be read.
    """
    known = _read(as_found)
    plan = [*_setting_plan(link), *_screen_plan(link), *_charge_plan(link, phone)]
    if not plan:
        return []
    kept = {(c.kind, c.key): c for c in known}
    filed = kept | {(c.kind, c.key): c for c in plan if (c.kind, c.key) not in kept}
    _write(as_found, name or link.name, list(filed.values()))
    said = _put(link, {c.key: c.new for c in plan if c.kind == "setting"})
    for change in plan:
        if change.kind == "screen":
            screen.wake(link)
        elif change.stop is not None:
            charge.write(link, change.stop, change.new)
    return [_told(c) for c in plan] + said


def restore(link: Link, as_found: Path, *, name: str = "") -> list[str]:
    """Put a phone back as it was found; does nothing where that has been done.

    Args:
        link: the phone.
        as_found: file with the old values.
        name: as for `prepare`.

    Returns:
        What was put back, and what could not be, for people.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`; the file stays, for another try.
        DataError: the file cannot be read, or is of another phone.
    """
    changes = _read(as_found, name or link.name)
    if not changes:
        as_found.unlink(missing_ok=True)
        return []
    said = _put(link, {c.key: c.old for c in changes if c.kind == "setting"})
    for change in reversed(changes):
        if change.kind == "screen" and change.old == "off":
            screen.sleep(link)
        elif change.stop is not None:
            charge.write(link, change.stop, change.old)
    as_found.unlink()
    return [f"{c.key}: {_shown(c.old)} again" for c in changes] + said


def screen_state(link: Link) -> Literal["on", "dim", "off", "unknown"]:
    """Tell how the screen stands: "dim" is on, at the brightness that `prepare` sets.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    state = screen.read_screen(link)
    if state == "on" and not any("brightness" in c.key for c in _setting_plan(link)):
        return "dim"
    return state


def _setting_plan(link: Link) -> list[Change]:
    now = _get(link, list(_WANTED))
    return [
        Change(kind="setting", key=key, old=now[key], new=new)
        for key, new in _WANTED.items()
        if key in now and now[key] != new
    ]


def _screen_plan(link: Link) -> list[Change]:
    if screen.read_screen(link) != "off":
        return []
    return [Change(kind="screen", key="screen", old="off", new="on")]


def _charge_plan(link: Link, phone: Phone | None) -> list[Change]:
    found = charge.find_stop(link, phone)
    if found is None or found.value == found.stop.stop:
        return []
    old = found.value or found.stop.allow
    node = found.stop.node
    return [Change(kind="charge", key=node, old=old, new=found.stop.stop, stop=found.stop)]


def _get(link: Link, keys: Sequence[str]) -> dict[str, str]:
    """Read settings in one command; empty where the machine has none."""
    done = link.run(["sh", "-c", _GET, "sh", *keys], timeout_s=_TIMEOUT_S, check=False)
    if done.code != 0:
        return {}
    values = [line[1:] or _UNSET for line in done.output.splitlines() if line.startswith("=")]
    return dict(zip(keys, values, strict=False))


def _put(link: Link, values: dict[str, str]) -> list[str]:
    """Write settings in one command, and tell which did not take."""
    if not values:
        return []
    words = [f"{key}={value}" for key, value in values.items()]
    done = link.run(["sh", "-c", _PUT, "sh", *words], timeout_s=_TIMEOUT_S, check=False)
    now = _get(link, list(values))
    why = (done.output.strip().splitlines() or ["no reason given"])[-1]
    return [
        f"{key}: could not be set to {_shown(value)} and is {_shown(now.get(key, ''))} ({why})"
        for key, value in values.items()
        if now.get(key) != value
    ]


def _read(as_found: Path, name: str = "") -> list[Change]:
    try:
        found = msgspec.json.decode(as_found.read_bytes(), type=AsFound)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(
            str(as_found),
            f"does not tell how the phone was found ({error})",
            "Look into it, put the phone right by hand, and delete it.",
        ) from None
    if name and found.name != name:
        raise DataError(
            str(as_found),
            f"is of phone {found.name}, but {name} is in its slot",
            f"Connect {found.name} again, or put it right by hand and delete the file.",
        )
    return found.changes


def _write(as_found: Path, name: str, changes: list[Change]) -> None:
    content = msgspec.json.encode(AsFound(schema=1, name=name, changes=changes))
    write_atomic(as_found, msgspec.json.format(content, indent=2) + b"\n")


def _told(change: Change) -> str:
    return f"{change.key}: {_shown(change.old)} → {_shown(change.new)}"


def _shown(value: str) -> str:
    return "unset" if value in ("", _UNSET) else value
