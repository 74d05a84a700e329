"""Seeded pictures that look like scenes, for whoever needs inputs where no data set is.

Noise alone is no picture: all noise looks the same to a network that averages over places, so every
input would get the same answer.
"""

from typing import Any

_WAVES_COUNT = 6  #: plane waves per picture and channel
_EDGES_COUNT = 4  #: rectangles with sharp edges per picture
_GRAIN_RATIO = 0.05  #: noise, as a share of the range


def pictures(
    seed: int, count: int, shape: tuple[int, int, int], low: float = -1.0, high: float = 1.0
) -> Any:
    """Draw pictures of smooth waves, rectangles and grain, each with colours of its own.

    Args:
        seed: same seed, same pictures, whatever `count`.
        count: pictures.
        shape: height, width, channels.
        low: the value of black, as the network takes it.
        high: the value of white.

    Returns:
        (count, height, width, channels) float32 in low … high.
    """
    import numpy as np

    drawn = [_picture(np.random.default_rng([seed, k]), shape) for k in range(count)]
    return np.float32(low) + np.stack(drawn) * np.float32(high - low)


def _picture(rng: Any, shape: tuple[int, int, int]) -> Any:
    import numpy as np

    height, width, channels = shape
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    values = np.zeros(shape, np.float32) + rng.uniform(0.2, 0.8, channels).astype(np.float32)
    for _ in range(_WAVES_COUNT):
        turns_y, turns_x = rng.normal(0, 4, 2).astype(np.float32)
        phase = np.float32(rng.uniform(0, 2 * np.pi))
        swing = rng.normal(0, 0.12, channels).astype(np.float32)
        values += swing * np.sin(2 * np.pi * (turns_y * y + turns_x * x) + phase)
    for _ in range(_EDGES_COUNT):
        top, left = rng.uniform(0, 0.8, 2)
        bottom, right = top + rng.uniform(0.1, 0.5), left + rng.uniform(0.1, 0.5)
        inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)
        values = np.where(inside, rng.uniform(0, 1, channels).astype(np.float32), values)
    values += rng.normal(0, _GRAIN_RATIO, shape).astype(np.float32)
    return np.clip(values, 0, 1)
