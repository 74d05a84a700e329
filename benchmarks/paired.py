"""Two ways of doing one thing, measured in turn, and their ratio with an interval.

Machines are noisy and drift; so the two are interleaved (ABBA), each round gives one ratio, and the
median of the rounds is told with a 95 % interval from a bootstrap over rounds.
"""

import os
import platform
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

_DRAWS = 2000
Told = TypeVar("Told")  #: a figure, or several


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours over theirs."""

    median: float
    low: float
    high: float
    rounds: int

    def __str__(self) -> str:
        return f"{self.median:.4f} (95 % {self.low:.4f}–{self.high:.4f}, {self.rounds} rounds)"


def interleave(
    ours: Callable[[], Told], theirs: Callable[[], Told], rounds: int
) -> list[tuple[Told, Told]]:
    """Measure both in every round, in an order that turns round each time.

    Returns:
        (ours, theirs) of each round.
    """
    ours(), theirs()  # caches, clocks
    pairs = []
    for number in range(rounds):
        if number % 2:
            b = theirs()
            a = ours()
        else:
            a = ours()
            b = theirs()
        pairs.append((a, b))
    return pairs


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Take the median of the rounds' ratios; the bootstrap's seed is fixed."""
    ratios = [a / b for a, b in pairs]
    draw = random.Random(1)  # noqa: S311  no secret
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(_DRAWS))
    low, high = medians[_DRAWS // 40], medians[-_DRAWS // 40 - 1]
    return Ratio(statistics.median(ratios), low, high, len(ratios))


def verdict(name: str, found: Ratio, low: float, high: float) -> None:
    """Print a ratio beside its goal; where the interval reaches over a limit, say so."""
    met = "met" if low <= found.median <= high else "MISSED"
    if (low <= found.low and found.high <= high) != (met == "met"):
        met += ", but the interval allows the other answer"
    print(f"{name}: {found}; goal {low:g}–{high:g}: {met}", flush=True)


def conditions() -> None:
    """Print when, where and under what load of this computer a benchmark runs."""
    now = datetime.now(UTC).isoformat(timespec="minutes")
    one, five, _ = os.getloadavg()
    print(
        f"{now}: {os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()},"
        f" load {one:.2f} (5 min: {five:.2f})",
        flush=True,
    )
