"""Two ways of doing one thing, measured in turn, and their ratio with an interval.

Machines are noisy and drift; so the two are interleaved (ABBA), each round gives one ratio, and the
median of the rounds is told with a 95 % interval from a bootstrap over rounds.
"""

import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass


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
    ours: Callable[[], float], theirs: Callable[[], float], rounds: int
) -> tuple[Ratio, list[tuple[float, float]]]:
    """Measure both in every round, in an order that turns round each time."""
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
    return ratio(pairs), pairs


def ratio(pairs: list[tuple[float, float]]) -> Ratio:
    """Take the median of the rounds' ratios; the bootstrap's seed is fixed."""
    ratios = [a / b for a, b in pairs]
    draw = random.Random(1)
    medians = sorted(
        statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000)
    )
    return Ratio(statistics.median(ratios), medians[50], medians[1949], len(ratios))


def verdict(name: str, found: Ratio, low: float, high: float) -> None:
    """Print a ratio beside its goal."""
    met = "met" if low <= found.median <= high else "MISSED"
    print(f"{name}: {found}; goal {low:g}–{high:g}: {met}")
