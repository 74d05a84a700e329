"""Keeping the charger away from the battery while its cable is in, where a phone can.

Only a cut of the input makes the battery feed the phone; mere charging off lets the system run
from the cable, and the battery's current says nothing then. `dumpsys battery unplug` does neither:
it only makes the framework believe so, and freezes what it tells.
"""

from dataclasses import dataclass

from ibd_mobile.core.device import ChargeStop, Phone
from ibd_mobile.core.errors import PhoneError
from ibd_mobile.core.seams import Completed, Link
from ibd_mobile.machine.link import RootLink

_TIMEOUT_S = 20.0
#: some nodes cannot be read (debugfs), so that only the write itself can prove anything
_WRITE = """\
printf %s "$2" >"$1" || exit 1
[ -r "$1" ] && cat "$1" 2>/dev/null || :"""


@dataclass(frozen=True, slots=True)
class FoundStop:
    """A charge stop that this phone has, and how it stands."""

    stop: ChargeStop
    value: str  #: what the node says; "" where it cannot be read


def find_stop(link: Link, phone: Phone | None) -> FoundStop | None:
    """Find the best charge stop that can be used: an input cut before mere charging off.

    Returns:
        None where the phone has none, or only such that need a root it does not give.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    stops = phone.charge_stops if phone is not None else []
    for stop in sorted(stops, key=lambda s: s.effect != "input-cut"):
        if stop.needs_root and not (isinstance(link, RootLink) and link.is_root_available()):
            continue
        look = ["sh", "-c", '[ -e "$1" ] && { cat "$1" 2>/dev/null;:;}', "sh", stop.node]
        done = _run(link, stop, look)
        if done.code == 0:
            return FoundStop(stop, done.output.strip())
    return None


def stop_charging(link: Link, phone: Phone | None) -> ChargeStop | None:
    """Keep the charger away from the battery.

    Returns:
        The stop that was used; None where the phone has none that can be used.

    Raises:
        PhoneError: the node refuses the value.
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    found = find_stop(link, phone)
    if found is None:
        return None
    write(link, found.stop, found.stop.stop)
    return found.stop


def allow_charging(link: Link, phone: Phone | None) -> ChargeStop | None:
    """Let the charger in again; returns and raises as `stop_charging`."""
    found = find_stop(link, phone)
    if found is None:
        return None
    write(link, found.stop, found.stop.allow)
    return found.stop


def write(link: Link, stop: ChargeStop, value: str) -> None:
    """Write a value to a stop's node and see that it took it.

    Raises:
        PhoneError: it did not.
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    done = _run(link, stop, ["sh", "-c", _WRITE, "sh", stop.node, value])
    says = done.output.strip()
    if done.code != 0 or says not in ("", value):
        raise PhoneError(
            f"{link.name}: {stop.node}",
            f"does not take '{value}': {says or 'no reason given'}",
            "Look whether another program (ACC, a battery limit) holds the charger.",
        )


def _run(link: Link, stop: ChargeStop, words: list[str]) -> Completed:
    if stop.needs_root and isinstance(link, RootLink):
        return link.run_root(words, timeout_s=_TIMEOUT_S, check=False)
    return link.run(words, timeout_s=_TIMEOUT_S, check=False)
