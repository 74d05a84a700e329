"""Whether what is measured later takes longer: a warmer machine, an emptier battery, a busier room.

A configuration that was measured several times shows it: the same work, at different places in the
order. The logarithm of its time is taken to grow by the same amount with each job,

    ln(time) = a(configuration) + b × place,

and b is fitted by least squares over all configurations of a slot at once. With two repetitions
that is the slope through the origin of ln(time 2 / time 1) against the distance of their places.
"""

import itertools
import math
from collections.abc import Iterable, Sequence

from ibd_mobile.core.device import Noun
from ibd_mobile.core.record import Record
from ibd_mobile.results.figure import signed
from ibd_mobile.results.stats import mean, t_quantile
from ibd_mobile.results.table import configuration

_TIME = "execution_s"
#: times of another program or processor than was asked for are no repetition
_NOT_REPEATED = ("FALLBACK", "PARTIAL-FALLBACK")
NOT_ESTIMATED = "not estimated: each configuration was measured once"


class OrderEffect(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """By how much the time of an inference changes with each job that was measured before it."""

    slot: str
    n: int  #: repeated measurements, the first ones not counted: the pairs, where all are twice
    change_ratio: float | None  #: 0.01 = each job later takes 1 % longer; None: not estimated
    low: float | None  #: ends of the 95 % interval; None with one pair
    high: float | None
    missing: str = ""  #: why there is no number

    @property
    def is_shown(self) -> bool:
        """Whether no change at all lies outside the interval."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def text(self) -> str:
        """Say it in one line for people."""
        if self.change_ratio is None:
            return f"Order: {self.missing}"
        change = f"{_pct(self.change_ratio)} %"
        verdict = "no interval, so not known"
        if self.low is not None and self.high is not None:
            change += f" [{_pct(self.low)} to {_pct(self.high)}]"
            verdict = "shown" if self.is_shown else "no effect shown"
        return f"Order: time changes by {change} with each job later, n = {self.n}: {verdict}"


def order_effects(records: Iterable[Record]) -> list[OrderEffect]:
    """Estimate the effect of the order in each slot of one run.

    Args:
        records: of that run; those that are missing have no place, and the others move up.
    """
    slots: dict[str, list[Record]] = {}
    for record in records:
        slots.setdefault(record.job.slot, []).append(record)
    return [_effect(slot, _places(found)) for slot, found in slots.items()]


def _places(records: Sequence[Record]) -> list[list[tuple[int, float]]]:
    """Return (place in the order, ln of the time) of all measurements of each configuration."""
    found: dict[tuple[object, ...], list[tuple[int, float]]] = {}
    ordered = sorted(records, key=lambda record: record.conditions.host_started_at)
    for place, record in enumerate(ordered):
        time = next((m for m in record.metrics if m.name == _TIME), None)
        if record.job.kind != "measure" or time is None or not time.value or time.value < 0:
            continue
        if not set(time.spoiled_by).intersection(_NOT_REPEATED):
            key = (configuration(record.job), record.hardware.serial)
            found.setdefault(key, []).append((place, math.log(time.value)))
    return [points for points in found.values() if len(points) > 1]


def _effect(slot: str, configurations: Sequence[Sequence[tuple[int, float]]]) -> OrderEffect:
    n = sum(len(points) - 1 for points in configurations)
    if not n:
        return OrderEffect(
            slot=slot, n=0, change_ratio=None, low=None, high=None, missing=NOT_ESTIMATED
        )
    centred = list(itertools.chain.from_iterable(map(_centred, configurations)))
    squares = math.fsum(x * x for x, _ in centred)
    slope = math.fsum(x * y for x, y in centred) / squares
    low = high = None
    if n > 1:
        rest = math.fsum((y - slope * x) ** 2 for x, y in centred)
        half = t_quantile(n - 1) * math.sqrt(rest / (n - 1) / squares)
        low, high = math.expm1(slope - half), math.expm1(slope + half)
    return OrderEffect(slot=slot, n=n, change_ratio=math.expm1(slope), low=low, high=high)


def _centred(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Take the means away, so that the configuration's own time falls out."""
    x_mean, y_mean = mean(x for x, _ in points), mean(y for _, y in points)
    return [(x - x_mean, y - y_mean) for x, y in points]


def _pct(ratio: float) -> str:
    return signed(100 * ratio, 2)
