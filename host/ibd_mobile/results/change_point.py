"""Where a series of inferences becomes slower or faster for good, as when a phone throttles.

Binary segmentation with cumulative sums (Scott and Knott 1974; Page 1954) of the logarithms: a
split is kept if its sum stands out of what noise alone would reach somewhere, and if it is large
enough to matter. Noise is measured between neighbours, so that a change does not count as noise,
and at several distances, so that noise which lasts does not count as change.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: schedulers and memory traffic change inferences by some percent; less than this is theirs
LEAST_CHANGE_RATIO = 0.05
_LEAST_COUNT = 8  #: fewer inferences on one side tell no level
_CLIP_SIGMAS = 4.0  #: one inference that was interrupted is no change
_STEPS = (1, 2, 4, 8, 16, 32)
_SIGMA_OF_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A moment from which inferences take longer, or less long."""

    index: int  #: of the first inference after it
    ratio: float  #: median duration after it by the one before it; > 1 = slower


def change_points(duration_ns: NDArray[np.int64]) -> list[ChangePoint]:
    """Find where the level of a series changes.

    Args:
        duration_ns: (n,) of consecutive inferences, > 0.

    Returns:
        In order; none where the series is too short or does not change by `LEAST_CHANGE_RATIO`.

    >>> steady, throttled = np.full(50, 1000), np.full(50, 1300)
    >>> change_points(np.concatenate([steady, throttled]))
    [ChangePoint(index=50, ratio=1.3)]
    """
    if len(duration_ns) < 2 * _LEAST_COUNT:
        return []
    level = np.log(np.maximum(duration_ns, 1).astype(np.float64))
    splits = sorted(_splits(_clipped(level), 0, len(level), _noise(level)))
    bounds = [0, *splits, len(level)]
    found = []
    for before, index, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        step = float(np.median(level[index:after]) - np.median(level[before:index]))
        if abs(step) >= math.log1p(LEAST_CHANGE_RATIO):
            found.append(ChangePoint(index, round(math.exp(step), 6)))
    return found


def _splits(level: NDArray[np.float64], start: int, end: int, noise: float) -> list[int]:
    count = end - start
    if count < 2 * _LEAST_COUNT:
        return []
    part = level[start:end]
    k = np.arange(_LEAST_COUNT, count - _LEAST_COUNT + 1)
    sums = np.cumsum(part - part.mean())[k - 1]
    strength = np.abs(sums) / np.sqrt(k * (count - k) / count)
    place = int(strength.argmax())
    step = abs(sums[place]) * count / (k[place] * (count - k[place]))
    # noise alone reaches about sqrt(2 log n) standard errors somewhere among n places
    limit = noise * (math.sqrt(2 * math.log(len(level))) + 1)
    if strength[place] <= limit or step < math.log1p(LEAST_CHANGE_RATIO) / 2:
        return []
    split = start + int(k[place])
    return [*_splits(level, start, split, noise), split, *_splits(level, split, end, noise)]


def _noise(level: NDArray[np.float64]) -> float:
    """Return the standard deviation that a mean of many would be judged by.

    The scatter of means of m neighbours, times sqrt(m), is the same for every m if inferences are
    independent, and grows with m if noise lasts: the greatest one counts.
    """
    found = []
    for m in _STEPS:
        blocks = len(level) // m
        if blocks < 2 * _LEAST_COUNT:
            break
        means = level[: blocks * m].reshape(blocks, m).mean(axis=1)
        steps = np.abs(np.diff(means))
        found.append(_SIGMA_OF_MAD * float(np.median(steps)) / math.sqrt(2) * math.sqrt(m))
    return max(found, default=0.0)


def _clipped(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pull in what lies far from its neighbours, and leave levels where they are."""
    width = 2 * (_LEAST_COUNT // 2) + 1
    padded = np.pad(level, width // 2, mode="edge")
    near = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    spread = _CLIP_SIGMAS * _SIGMA_OF_MAD * float(np.median(np.abs(level - near)))
    return np.clip(level, near - spread, near + spread)
