"""Intervals of figures that are no means: the set is drawn again and again from itself.

What the draws are above the figure of the set, that figure is taken to be above the true one (the
basic bootstrap; Davison and Hinkley, "Bootstrap methods and their application", 1997, ch. 5). The
plain middle 95 % of the draws would be no interval for average precision: drawn sets hold pictures
twice, and a curve that takes the best precision from each point on gains by that. How often each
kind holds the truth, tells `benchmarks/detection_coverage.py`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.results.stats import Interval, percentile

#: the ends of the interval then scatter by about a twentieth of its width
DRAWS_COUNT = 1000
_AT_ONCE_COUNT = 50  #: draws held in memory together
_SEED = 1


def draws(samples_count: int) -> Iterator[NDArray[np.int64]]:
    """Draw a set of samples from itself with replacement, `DRAWS_COUNT` times.

    The same draws each time and everywhere: numbers made again must be the same to the last bit.

    Yields:
        (some draws, samples) how often each sample is in each draw.
    """
    random = np.random.RandomState(_SEED)  # whose stream numpy promises never to change
    for _ in range(0, DRAWS_COUNT, _AT_ONCE_COUNT):
        picked = random.randint(0, samples_count, (_AT_ONCE_COUNT, samples_count))
        yield np.stack([np.bincount(row, minlength=samples_count) for row in picked])


def basic_interval(value: float, drawn: NDArray[np.float64], samples_count: int) -> Interval:
    """Put a 95 % interval around a figure that lies in 0…1.

    Its ends stay in 0…1 too, and the figure between them.

    Args:
        value: the figure of the whole set.
        drawn: (draws,) the figure of each draw; NaN where it has none.
        samples_count: in the set.

    Returns:
        No bounds where the draws do not differ: what happened in every sample, or in none, tells
        nothing of how rare the other case is.
    """
    known = drawn[~np.isnan(drawn)].tolist()
    if not known or min(known) == max(known):
        return Interval(value, None, None, samples_count, "")
    low, high = 2 * value - percentile(known, 97.5), 2 * value - percentile(known, 2.5)
    low, high = max(0.0, min(low, value)), min(1.0, max(high, value))
    return Interval(value, low, high, samples_count, "bootstrap")
