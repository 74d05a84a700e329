"""The cool-down rule of hosts: a job begins as cool as the session found the machine.

Battery and rest are rules of phones; a host has fans, and what one job heated is cold again within
a minute or two. Where a fan does not manage it in time, the job runs and says HOT-START.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ibd_mobile.bench.gates import Look
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.core.seams import Link
from ibd_mobile.machine import sensors

#: a fan's control lets a machine at rest wander by some degrees
SLACK_C = 5.0
#: longer than this no fan needs; the machine is then warmer for another reason
PATIENCE_S = 300.0
_NAP_S = 2.0


@dataclass
class CoolDown:
    """The temperatures that a host had before it worked, and the wait until it has them again.

    Args:
        link: the host.
        among: its sensors; those of temperature count.
        sleep: waits so many seconds.
        on_wait: told why, at each look that finds it too warm.
    """

    link: Link
    among: Sequence[Sensor]
    sleep: Callable[[float], None]
    on_wait: Callable[[Look], None] = lambda _: None
    _found_c: dict[str, float] = field(default_factory=dict)

    def wait(self) -> list[GateEvidence]:
        """Return when all is cool, or when patience is over; the evidence says which.

        The first call only looks: what it finds is what later ones wait for.
        """
        warm = [s for s in self.among if s.quantity == "temperature"]
        if not warm:
            return []
        waited_s = 0.0
        while True:
            looks = self._look(warm)
            closed = next((look for look in looks if not look.is_open), None)
            if closed is None or waited_s >= PATIENCE_S:
                return [_evidence(look, waited_s) for look in looks]
            self.on_wait(closed)
            self.sleep(_NAP_S)
            waited_s += _NAP_S

    def _look(self, warm: Sequence[Sensor]) -> list[Look]:
        now_c = sensors.read_temperatures_c(self.link, warm)
        looks = []
        for site in {s.site: None for s in warm}:
            if site not in now_c:
                continue
            limit_c = self._found_c.setdefault(site, now_c[site]) + SLACK_C
            looks.append(
                Look(
                    gate=f"{site} temperature",
                    is_open=now_c[site] <= limit_c,
                    measured=f"{now_c[site]:.1f} °C",
                    limit=f"≤ {limit_c:.1f} °C",
                    why=f"{site} {now_c[site]:.0f} → {limit_c:.0f} °C",
                )
            )
        return looks


def _evidence(look: Look, waited_s: float) -> GateEvidence:
    return GateEvidence(
        gate=look.gate,
        is_passed=look.is_open,
        measured=look.measured,
        limit=look.limit,
        waited_s=waited_s,
    )
