"""How long one waits for what may never come, and how a machine that left is waited for."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from ibd_mobile.core.errors import PhoneGone, PhoneUnauthorized
from ibd_mobile.core.seams import Link
from ibd_mobile.machine.adb import AdbLink
from ibd_mobile.machine.clock import read_clock

_DIAL_S = 3.0
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits on this computer's clock; those on the phone's clock are the protocol's."""

    #: a phone boots in one to two minutes, and a person sees to a cable in three
    away_s: float = 180.0
    #: a program that takes longer than it should by this much is killed on the machine
    overrun_s: float = 240.0


class Presence:
    """Whether a machine is there, and for how long it has not been.

    Args:
        link: the machine.
        patience: how long it may be away.
    """

    def __init__(self, link: Link, patience: Patience) -> None:
        self._link = link
        self._limit_s = patience.away_s
        self._away_since_s: float | None = None

    def seen(self) -> None:
        """Take note that it answered."""
        self._away_since_s = None

    def missed(self, reason: PhoneGone | PhoneUnauthorized) -> None:
        """Take note that it did not answer, and try to reach it anew.

        Raises:
            PhoneGone: it has been away for longer than it may.
            PhoneUnauthorized: it is back since, but has not accepted this computer's key.
            HostError: there is no adb server any more, and none can be started.
        """
        now_s = time.monotonic()
        if self._away_since_s is None:
            self._away_since_s = now_s
        away_s = now_s - self._away_since_s
        if away_s > self._limit_s:
            if isinstance(reason, PhoneUnauthorized):
                raise reason
            raise PhoneGone(
                self._link.name,
                f"away for {away_s:.0f} s: {reason.problem}",
                "Check cable and hub, then `ibd-mobile resume`.",
            ) from reason
        if isinstance(self._link, AdbLink):
            # a phone that is replugged is unauthorized for a moment
            with contextlib.suppress(PhoneGone, PhoneUnauthorized):
                self._link.reconnect(_DIAL_S)

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Return as soon as the machine answers.

        Raises:
            PhoneGone, PhoneUnauthorized, HostError: as `missed`.
        """
        while True:
            try:
                read_clock(self._link)
            except (PhoneGone, PhoneUnauthorized) as reason:
                self.missed(reason)
            else:
                self.seen()
                return
            sleep(_POLL_S)
