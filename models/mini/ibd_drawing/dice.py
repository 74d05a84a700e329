"""Random numbers that are the same on every machine and with every version of numpy."""

import math

import numpy as np
import numpy.typing as npt

_MASK_64 = 2**64 - 1
_STEP = 0x9E3779B97F4A7C15


def _mix(z: int) -> int:
    """Finish a SplitMix64 step (Steele, Lea, Flood 2014)."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK_64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK_64
    return z ^ (z >> 31)


class Dice:
    """Random numbers that depend on the words they were made with, and on nothing else."""

    def __init__(self, *words: int) -> None:
        self._state = 0
        for word in words:
            self._state = _mix((self._state + word + _STEP) & _MASK_64)

    def _bits(self) -> int:
        self._state = (self._state + _STEP) & _MASK_64
        return _mix(self._state)

    def between(self, low: float, high: float) -> float:
        """Draw evenly from low ≤ x < high."""
        return low + (high - low) * ((self._bits() >> 11) * 2.0**-53)

    def below(self, limit: int) -> int:
        """Draw one of 0 … limit − 1."""
        return self._bits() * limit >> 64

    def chance(self, ratio: float) -> bool:
        """Say yes in this share of cases."""
        return self.between(0.0, 1.0) < ratio

    def colour(self, low: float = 0.0, high: float = 255.0) -> list[float]:
        """Draw red, green and blue."""
        return [self.between(low, high) for _ in range(3)]

    def direction(self) -> tuple[float, float]:
        """Draw a point of the unit circle, without sine or cosine."""
        while True:
            x, y = self.between(-1.0, 1.0), self.between(-1.0, 1.0)
            square = x * x + y * y
            if 0.01 < square <= 1.0:
                root = math.sqrt(square)
                return x / root, y / root

    def noise(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Draw bell-shaped noise of mean 0 and deviation 1: four bytes, added (Irwin–Hall)."""
        z = np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(_STEP)
        z = z + np.array([self._bits()], dtype=np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
        total = sum((z >> np.uint64(at)) & np.uint64(255) for at in (8, 24, 40, 56))
        # Four bytes have mean 4 × 127.5 and variance 4 × (256² − 1) / 12.
        bell = (np.asarray(total).astype(np.float64) - 510.0) / math.sqrt(65535.0 / 3.0)
        return bell.reshape(shape)
