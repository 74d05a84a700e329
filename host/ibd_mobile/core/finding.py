"""A condition that spoils a number, as a value that travels with the number."""

from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.metric import Group

FindingId = Literal[
    "SIMULATED", "EMULATED", "LOW-BATTERY", "SHORT-REST", "HOT-START", "THROTTLED", "CHARGING",
    "SCREEN-ON", "BUSY", "FALLBACK", "PARTIAL-FALLBACK", "SHORT-POWER-WINDOW", "STALE-GAUGE",
    "UNKNOWN-UNIT", "CLOCK-STEP", "REBOOTED", "OVER-PEAK", "ACCURACY-LOST", "UNTRAINED",
    "UNSTABLE", "NOT-CONFORMING", "MISSED-SAMPLES", "INT8-SATURATION",
]  # fmt: skip


class Finding(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """Something about how a job went that a reader of its numbers must know."""

    id: FindingId
    measured: str  #: the fact, with unit
    limit: str  #: what would have been right
    remedy: str
    spoils: list[Group]  #: metric groups that are not to be compared because of it
