"""Two figures set against each other: their difference and ratio, each with an interval.

The interval of a difference of two independent figures is recovered from their own intervals
(MOVER: Zou and Donner, "Construction of confidence limits about effect measures", 2008; for ratios
Donner and Zou, "Closed-form confidence intervals for functions of the normal mean and standard
deviation", 2012). So it holds for lopsided intervals too, such as Wilson's, and where five runs are
thin the difference is as wide as that. What the two share, such as the gauge's scale error, is
counted twice: the interval is too wide then, never too narrow.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ibd_mobile.results.stats import Interval, mean, mean_interval

#: fewer repetitions than this are no sample of pairs: with two, Student's t is 12.7
PAIRS_COUNT = 3


@dataclass(frozen=True, slots=True)
class Contrast:
    """How much more B is than A."""

    difference: Interval  #: B - A
    ratio: Interval | None  #: B / A; None unless both are above zero

    @property
    def is_shown(self) -> bool:
        """Whether zero lies outside the interval of the difference."""
        low, high = self.difference.low, self.difference.high
        return (low is not None and low > 0) or (high is not None and high < 0)

    @property
    def is_bounded(self) -> bool:
        """Whether there is an interval at all."""
        return self.difference.low is not None and self.difference.high is not None


def contrast(a: Interval, b: Interval) -> Contrast:
    """Set two independent figures against each other.

    >>> made = contrast(Interval(10.0, 7.0, 13.0, 5, "t"), Interval(20.0, 16.0, 24.0, 5, "t"))
    >>> made.difference
    Interval(value=10.0, low=5.0, high=15.0, n=5, method='MOVER')
    >>> made.is_shown
    True
    """
    n = min(a.n, b.n)
    low = _less(b.value - a.value, _arm(b.value, b.low), _arm(a.value, a.high))
    high = _more(b.value - a.value, _arm(b.value, b.high), _arm(a.value, a.low))
    method = "MOVER" if low is not None or high is not None else ""
    difference = Interval(b.value - a.value, low, high, n, method)
    if a.value <= 0 or b.value <= 0:
        return Contrast(difference, None)
    ratio = Interval(b.value / a.value, _ratio_low(a, b), _ratio_high(a, b), n, method)
    return Contrast(difference, ratio)


def joined(figures: Sequence[Interval]) -> Interval:
    """Average a few repetitions, too few to tell how far they lie apart.

    In the mirrored order a drift cancels in this mean. Its interval (MOVER again) knows the spread
    within each repetition and nothing of that between them.

    >>> made = joined([Interval(10.0, 7.0, 13.0, 5, "t"), Interval(20.0, 16.0, 24.0, 5, "t")])
    >>> made
    Interval(value=15.0, low=12.5, high=17.5, n=5, method='t')
    """
    if len(figures) == 1:
        return figures[0]
    value = mean(figure.value for figure in figures)
    low = _less(0.0, *(_arm(figure.value, figure.low) for figure in figures))
    high = _more(0.0, *(_arm(figure.value, figure.high) for figure in figures))
    return Interval(
        value,
        None if low is None else value + low / len(figures),
        None if high is None else value + high / len(figures),
        min(figure.n for figure in figures),
        figures[0].method,
    )


def paired(pairs: Sequence[tuple[float, float]]) -> Contrast:
    """Set repetitions against each other, each B against the A that was measured with it.

    What drifts from pair to pair (a warmer room, an older battery) falls out. The ratio is the
    geometric mean of the pairs' ratios.

    Args:
        pairs: (A, B), at least one.

    >>> paired([(1.0, 1.1), (2.0, 2.1), (4.0, 4.1)]).is_shown
    True
    """
    found = mean_interval([b - a for a, b in pairs])
    difference = Interval(found.value, found.low, found.high, found.n, _paired(found))
    if any(a <= 0 or b <= 0 for a, b in pairs):
        return Contrast(difference, None)
    logs = mean_interval([math.log(b / a) for a, b in pairs])
    low, high = (None if end is None else _exp(end) for end in (logs.low, logs.high))
    return Contrast(difference, Interval(math.exp(logs.value), low, high, logs.n, _paired(logs)))


def _paired(interval: Interval) -> str:
    return "paired t" if interval.method else ""


def _exp(power: float) -> float | None:
    """Raise e to that power; None where no float holds it."""
    return math.exp(power) if power < 700 else None


def _arm(value: float, end: float | None) -> float | None:
    return None if end is None else abs(value - end)


def _less(value: float, *arms: float | None) -> float | None:
    known = [arm for arm in arms if arm is not None]
    return value - math.hypot(*known) if len(known) == len(arms) else None


def _more(value: float, *arms: float | None) -> float | None:
    known = [arm for arm in arms if arm is not None]
    return value + math.hypot(*known) if len(known) == len(arms) else None


def _ratio_low(a: Interval, b: Interval) -> float | None:
    """Return the smallest ratio q for which B - q A reaches down to zero."""
    if b.low is None or a.high is None:
        return None
    return _root(a.value, b.value, a.high, b.low, sign=-1)


def _ratio_high(a: Interval, b: Interval) -> float | None:
    if b.high is None or a.low is None or a.low <= 0:
        return None
    return _root(a.value, b.value, a.low, b.high, sign=1)


def _root(a: float, b: float, a_end: float, b_end: float, sign: int) -> float | None:
    """Solve (b - q a)² = (b - b_end)² + q² (a - a_end)² for the ratio q below or above b / a.

    None where no ratio bounds it, since A is hardly known.
    """
    square = a_end * (2 * a - a_end)  # a² - (a - a_end)²
    constant = b_end * (2 * b - b_end)
    if square <= 0 and (sign > 0 or b_end <= 0):
        return None
    if square == 0:
        return constant / (2 * a * b)
    under = (a * b) ** 2 - square * constant
    return (a * b + sign * math.sqrt(max(under, 0.0))) / square
