"""Means, intervals and percentiles: the statistics behind every metric.

Sums are exact (`math.fsum`), so a figure depends neither on the order of its samples nor on the
processor that made it, and `reparse` gives it again to the last bit.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: two-sided 95 % point of the normal distribution
Z_95 = statistics.NormalDist().inv_cdf(0.975)
#: batch means: enough batches for a usable t, few enough that each outlasts the correlation
_BATCHES = 20
_T_LIMIT_DOF = 1e6


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float | None  #: None: cannot be bounded, as with a single sample
    high: float | None
    n: int
    method: str  #: "t", "wilson", "batch means", "gauge"; "" without an interval

    def scaled(self, factor: float) -> "Interval":
        """Multiply by an exactly known factor, > 0."""
        low, high = (None if b is None else b * factor for b in (self.low, self.high))
        return Interval(self.value * factor, low, high, self.n, self.method)

    def reciprocal(self, numerator: float = 1.0) -> "Interval":
        """Divide an exactly known number, > 0, by it; `value` must be > 0.

        A bound that is not positive leaves the other side open.

        >>> Interval(2.0, -1.0, 4.0, 5, "t").reciprocal()
        Interval(value=0.5, low=0.25, high=None, n=5, method='t')
        """
        low = None if self.high is None or self.high <= 0 else numerator / self.high
        high = None if self.low is None or self.low <= 0 else numerator / self.low
        return Interval(numerator / self.value, low, high, self.n, self.method)


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean of at least one value.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    known = list(values)
    return math.fsum(known) / len(known)


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample, with n - 1; n >= 2."""
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1))


def percentile(values: Sequence[float], q: float) -> float:
    """Return the q-th percentile by linear interpolation between closest ranks.

    Definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages" (1996).

    Args:
        values: at least one, in any order.
        q: in 0…100.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50)
    2.5
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * q / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """Return the median of at least one value."""
    return percentile(values, 50)


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean of independent values with Student's 95 % interval.

    A single value has no interval. The bounds are not clamped: with few and wild values the
    lower one may be negative, which says that the mean is not known.
    """
    middle, n = mean(values), len(values)
    if n < 2:
        return Interval(middle, None, None, n, "")
    half = t_quantile(n - 1) * deviation(values) / math.sqrt(n)
    return Interval(middle, middle - half, middle + half, n, "t")


def batch_mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean of a stationary series, with an interval that allows for autocorrelation.

    Consecutive values are gathered in up to 20 batches whose means are nearly independent
    (Law and Kelton, "Simulation Modeling and Analysis", batch means). Below 40 values a batch
    would be a single value, and this is `mean_interval`.
    """
    n = len(values)
    if n < 2 * _BATCHES:
        return mean_interval(values)
    means = [mean(part.tolist()) for part in np.array_split(np.asarray(values, float), _BATCHES)]
    middle = mean(values)
    half = t_quantile(_BATCHES - 1) * deviation(means) / math.sqrt(_BATCHES)
    return Interval(middle, middle - half, middle + half, n, "batch means")


def wilson(successes: int, n: int) -> Interval:
    """Return a share with Wilson's 95 % score interval.

    Unlike the textbook interval it stays within 0…1 and does not shrink to a point at 0 and 1
    (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it).

    Args:
        successes: in 0…n.
        n: at least 1.

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.49, 0.943)
    """
    share, z2 = successes / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(share, low, high, n, "wilson")


def successive_difference_variance(values: NDArray[np.float64], lag: int = 1) -> float:
    """Return the variance between neighbours: half the mean square of their differences.

    For independent values it is their variance (von Neumann 1941). A slow change, which regular
    sampling follows and integrates rightly, adds almost nothing. That makes it the estimator of
    choice for systematic samples (Wolter, "Introduction to Variance Estimation", ch. 8).

    Args:
        values: (n,), n > lag.
        lag: neighbours are this many samples apart, where closer ones share what they measured.
    """
    steps = values[lag:] - values[:-lag]
    return math.fsum((steps * steps).tolist()) / len(steps) / 2


@lru_cache(maxsize=1024)
def t_quantile(dof: float) -> float:
    """Return the two-sided 95 % point of Student's t.

    Args:
        dof: degrees of freedom, at least 1, not necessarily whole.

    >>> round(t_quantile(4), 3)
    2.776
    """
    if dof > _T_LIMIT_DOF:
        return Z_95
    low, high = 1.0, 16.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if _t_tail(middle, dof) > 0.05:
            low = middle
        else:
            high = middle
    return high


def _t_tail(t: float, dof: float) -> float:
    """P(|T| > t), the regularised incomplete beta I_x(dof/2, 1/2) at x = dof/(dof + t²)."""
    x, a, b = dof / (dof + t * t), dof / 2, 0.5
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logarithm + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction 26.5.8 of Abramowitz and Stegun, by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            result *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return result
