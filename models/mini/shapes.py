"""Pictures of ten drawn shapes with labels, made from a seed: the data set `shapes`.

Run it to look at the pictures (`--sheet FILE.png`) or to print the set's hashes.

The same seed gives the same bytes on every machine. So the random numbers are our own (SplitMix64:
numpy may change its streams), rasterising is done here (Pillow's edges changed between releases;
Pillow only writes the sheet), and pixels come from + − × ÷ and √ alone, which IEEE 754 rounds one
way everywhere; sin, exp, sums of floats and matrix products are not so.
"""

import argparse
import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float64]  #: (height, width), or (height, width, channels)
Mask = npt.NDArray[np.bool_]  #: (height, width)
Inside = Callable[[Plane, Plane], Mask]  #: is the point (right, down) in the shape of radius 1?
Points = list[tuple[float, float]]

SIZE = 64  #: height and width of a picture, pixels
LABELS = (
    *("circle", "square", "triangle", "star", "cross"),
    *("ring", "hexagon", "crescent", "heart", "arrow"),
)

_SUB = 3  # samples per pixel and axis
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

    def noise(self, shape: tuple[int, ...]) -> Plane:
        """Draw bell-shaped noise of mean 0 and deviation 1: four bytes, added (Irwin–Hall)."""
        z = np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(_STEP)
        z = z + np.array([self._bits()], dtype=np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
        total = sum((z >> np.uint64(at)) & np.uint64(255) for at in (8, 24, 40, 56))
        # Four bytes have mean 4 × 127.5 and variance 4 × (256² − 1) / 12.
        bell = (np.asarray(total).astype(np.float64) - 510.0) / math.sqrt(65535.0 / 3.0)
        return bell.reshape(shape)


def _polygon(points: Points) -> Inside:
    """Make the test for the inside of a polygon: a ray crosses an odd number of edges."""

    def inside(right: Plane, down: Plane) -> Mask:
        is_in = np.zeros(right.shape, dtype=np.bool_)
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
            if y0 != y1:
                is_beside = (y0 > down) != (y1 > down)
                is_in ^= is_beside & (right < (x1 - x0) * (down - y0) / (y1 - y0) + x0)
        return is_in

    return inside


def _corners(count: int, radii: Sequence[float]) -> Points:
    """Place `count` corners around the middle, first one up; `radii` are taken in turn."""
    turns = [2.0 * math.pi * i / count for i in range(count)]
    # Rounded, so that a last bit of someone's sine cannot reach a pixel.
    return [
        (
            round(radii[i % len(radii)] * math.sin(t), 9),
            round(-radii[i % len(radii)] * math.cos(t), 9),
        )
        for i, t in enumerate(turns)
    ]


def _disc(x: Plane, y: Plane) -> Mask:
    return np.asarray(x * x + y * y < 1.0)


def _ring(x: Plane, y: Plane) -> Mask:
    square = x * x + y * y
    return np.asarray((square < 1.0) & (square > 0.3))


def _crescent(x: Plane, y: Plane) -> Mask:
    aside = x - 0.45
    return np.asarray((x * x + y * y < 1.0) & (aside * aside + y * y > 0.7))


def _heart(x: Plane, y: Plane) -> Mask:
    x, y = x * 1.2, 0.15 - y * 1.15
    bulge = x * x + y * y - 1.0
    return np.asarray(bulge * bulge * bulge - x * x * y * y * y < 0.0)


_BAR = 0.33
_CROSS = [
    *((_BAR, -1), (_BAR, -_BAR), (1, -_BAR), (1, _BAR), (_BAR, _BAR), (_BAR, 1)),
    *((-_BAR, 1), (-_BAR, _BAR), (-1, _BAR), (-1, -_BAR), (-_BAR, -_BAR), (-_BAR, -1)),
]
_INSIDE: dict[str, Inside] = {
    "circle": _disc,
    "square": _polygon([(-0.78, -0.78), (0.78, -0.78), (0.78, 0.78), (-0.78, 0.78)]),
    "triangle": _polygon(_corners(3, [1.0])),
    "star": _polygon(_corners(10, [1.0, 0.45])),
    "cross": _polygon(_CROSS),
    "ring": _ring,
    "hexagon": _polygon(_corners(6, [1.0])),
    "crescent": _crescent,
    "heart": _heart,
    "arrow": _polygon(
        [(0, -1), (0.7, -0.1), (0.27, -0.1), (0.27, 1), (-0.27, 1), (-0.27, -0.1), (-0.7, -0.1)]
    ),
}
_BLOT = _polygon([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def _paint(
    picture: Plane,
    inside: Inside,
    centre: tuple[float, float],
    axes: tuple[float, float],
    direction: tuple[float, float],
    colour: Sequence[float],
) -> None:
    """Lay a shape over the picture, in place.

    Args:
        picture: (SIZE, SIZE, 3).
        inside: the shape at radius 1.
        centre: right and down, pixels.
        axes: the two radii, pixels.
        direction: cosine and sine of the turn.
        colour: (3,), 0…255.
    """
    reach = max(axes) * 1.5
    left, top = (max(0, int(at - reach)) for at in centre)
    end_x, end_y = (min(SIZE, int(at + reach) + 1) for at in centre)
    across = (np.arange(left * _SUB, end_x * _SUB) + 0.5) / _SUB - centre[0]
    down = (np.arange(top * _SUB, end_y * _SUB)[:, np.newaxis] + 0.5) / _SUB - centre[1]
    cosine, sine = direction
    hits = inside(
        (across * cosine + down * sine) / axes[0], (down * cosine - across * sine) / axes[1]
    )
    counts = hits.reshape(end_y - top, _SUB, end_x - left, _SUB).sum(axis=(1, 3), dtype=np.int64)
    cover = (counts / (_SUB * _SUB))[:, :, np.newaxis]
    part = picture[top:end_y, left:end_x]
    part += cover * (np.asarray(colour, dtype=np.float64) - part)


def _ground(dice: Dice) -> Plane:
    """Make a background that shades from corner to corner, with blots of other colours."""
    base = np.asarray(dice.colour(0.0, 150.0))
    corners = [base + np.asarray(dice.colour()) * 0.4 - 51.0 for _ in range(4)]
    right = (np.arange(SIZE) / (SIZE - 1))[np.newaxis, :, np.newaxis]
    down = (np.arange(SIZE) / (SIZE - 1))[:, np.newaxis, np.newaxis]
    upper = corners[0] + right * (corners[1] - corners[0])
    lower = corners[2] + right * (corners[3] - corners[2])
    return np.asarray(upper + down * (lower - upper))


def _strew(dice: Dice, picture: Plane, count: int) -> None:
    """Lay small discs and strokes anywhere, in place."""
    for _ in range(count):
        centre = (dice.between(0.0, SIZE), dice.between(0.0, SIZE))
        is_stroke = dice.chance(0.5)
        long = dice.between(4.0, 14.0) if is_stroke else dice.between(1.5, 4.5)
        wide = dice.between(0.6, 1.6) if is_stroke else long
        inside = _BLOT if is_stroke else _disc
        _paint(picture, inside, centre, (long, wide), dice.direction(), dice.colour())


def _brightness(colour: Sequence[float]) -> float:
    red, green, blue = colour
    return red + green + blue  # not sum(): Python 3.12 began to round it otherwise


def _draw(dice: Dice, picture: Plane, ground: Plane, label: int) -> None:
    """Lay the labelled shape over the picture, and often a bar across it, in place.

    The shape is brighter than the bare ground there, at times by little.
    """
    radius = dice.between(10.0, 26.0)
    centre = (
        dice.between(0.8 * radius, SIZE - 0.8 * radius),
        dice.between(0.8 * radius, SIZE - 0.8 * radius),
    )
    axes = (radius, radius * dice.between(0.72, 1.0))
    behind = _brightness(ground[int(centre[1]), int(centre[0])].tolist())
    colour = dice.colour(60.0, 255.0)
    while _brightness(colour) - behind < 90.0:  # can be had: the ground stays below 3 × 202
        colour = dice.colour(60.0, 255.0)
    _paint(picture, _INSIDE[LABELS[label]], centre, axes, dice.direction(), colour)
    if dice.chance(0.5):
        at = [c + radius * dice.between(-0.8, 0.8) for c in centre]
        bar = (2.0 * SIZE, dice.between(1.0, 0.3 * radius))
        _paint(picture, _BLOT, (at[0], at[1]), bar, dice.direction(), dice.colour())


def _soften(picture: Plane) -> Plane:
    """Average each pixel with its neighbours at weights 1 2 1, both ways."""
    for _ in range(2):
        rows = np.concatenate((picture[:1], picture, picture[-1:]))
        picture = ((rows[:-2] + rows[2:]) * 0.25 + picture * 0.5).transpose(1, 0, 2)
    return picture


def _picture(seed: int, index: int, label: int) -> npt.NDArray[np.uint8]:
    dice = Dice(seed, index, 1)
    ground = _ground(dice)
    picture = ground.copy()
    _strew(dice, picture, dice.below(6))
    _draw(dice, picture, ground, label)
    _strew(dice, picture, dice.below(6))
    for _ in range(dice.below(3)):
        picture = _soften(picture)
    picture = picture + dice.between(2.0, 28.0) * dice.noise(picture.shape)
    return np.rint(np.clip(picture, 0.0, 255.0)).astype(np.uint8)


def labels(seed: int, count: int) -> npt.NDArray[np.uint8]:
    """Return the labels of a set: each ten in a row hold each class once.

    Args:
        seed: of the set, ≥ 0.
        count: pictures; a shorter set is the beginning of a longer one.

    Returns:
        (count,), places in `LABELS`.

    >>> sorted(labels(7, 10).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    order: list[int] = []
    while len(order) < count:
        dice = Dice(seed, len(order), 0)
        left = list(range(len(LABELS)))
        order += [left.pop(dice.below(len(left))) for _ in range(len(LABELS))]
    return np.asarray(order[:count], dtype=np.uint8)


truth = labels  #: (count,), as the product asks every generator


def images(seed: int, count: int) -> npt.NDArray[np.uint8]:
    """Return the pictures of a set.

    Args:
        seed: of the set, ≥ 0.
        count: pictures; a shorter set is the beginning of a longer one.

    Returns:
        (count, SIZE, SIZE, 3), red green blue.
    """
    pictures = np.empty((count, SIZE, SIZE, 3), dtype=np.uint8)
    for index, label in enumerate(labels(seed, count).tolist()):
        pictures[index] = _picture(seed, index, label)
    return pictures


def tensor(
    pictures: npt.NDArray[np.uint8],
    mean: Sequence[float],
    scale: Sequence[float],
    quantization: tuple[float, int] | None = None,
    dtype: str = "float32",
) -> npt.NDArray[Any]:
    """Turn pictures into what a network takes, as its TOML says.

    Args:
        pictures: (count, height, width, channels).
        mean: (channels,), subtracted from values in 0…255.
        scale: (channels,), what is left is divided by it.
        quantization: scale and zero point of the artifact's input; None for float32.
        dtype: of the artifact's input: float32, int8 or uint8.

    Returns:
        The pictures' shape, in `dtype`; integers are rounded half to even and saturate.

    >>> white = np.full((1, 1, 1, 3), 255, dtype=np.uint8)
    >>> tensor(white, [127.5] * 3, [127.5] * 3).tolist()
    [[[[1.0, 1.0, 1.0]]]]
    >>> tensor(white, [0.0] * 3, [255.0] * 3, (1 / 255, -128), "int8").tolist()
    [[[[127, 127, 127]]]]
    """
    offset, divisor = np.asarray(mean, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    real = (pictures - offset) / divisor
    if quantization is None:
        return real.astype(np.float32)
    step, zero_point = quantization
    limits = np.iinfo(dtype)
    stored: npt.NDArray[Any] = np.clip(np.rint(real / step) + zero_point, limits.min, limits.max)
    return stored.astype(dtype)


def sha256(array: npt.NDArray[np.uint8]) -> str:
    """Return the hash of an array's bytes, in order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _sheet(pictures: npt.NDArray[np.uint8], path: Path) -> None:
    from PIL import Image  # not needed by those who only want numbers

    rows = [np.concatenate(list(row), axis=1) for row in pictures.reshape(-1, 10, SIZE, SIZE, 3)]
    Image.fromarray(np.concatenate(rows)).save(path)


def main() -> None:
    """Print the hashes of a set, and draw its beginning if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="pictures")
    parser.add_argument("--sheet", type=Path, help="write the first 100 pictures here, as PNG")
    chosen = parser.parse_args()
    pictures = images(chosen.seed, chosen.count)
    print("images", sha256(pictures))
    print("labels", sha256(labels(chosen.seed, chosen.count)))
    if chosen.sheet:
        _sheet(pictures[: len(pictures) // 10 * 10][:100], chosen.sheet)


if __name__ == "__main__":
    main()
