"""Pictures of ten drawn shapes with labels, made from a seed: the data set `shapes`.

Run it to look at the pictures (`--sheet FILE.png`) or to print the set's hashes. The same seed
gives the same bytes on every machine; how, says `ibd_drawing`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.append(str(Path(__file__).resolve().parent))  # the product loads this file by its path
from ibd_drawing.dice import Dice
from ibd_drawing.figure import BLOT, INSIDE, Plane
from ibd_drawing.generator import Generator, run, sha256
from ibd_drawing.paint import (
    Placed,
    bright_colour,
    ground,
    paint,
    rounded,
    soften,
    strew,
)

__all__ = ["LABELS", "SIZE", "images", "labels", "sha256", "tensor", "truth"]

SIZE = 64  #: height and width of a picture, pixels
LABELS = (
    *("circle", "square", "triangle", "star", "cross"),
    *("ring", "hexagon", "crescent", "heart", "arrow"),
)


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
    colour = bright_colour(dice, ground[int(centre[1]), int(centre[0])].tolist())
    paint(picture, Placed(INSIDE[LABELS[label]], centre, axes, dice.direction()), colour)
    if dice.chance(0.5):
        at = [c + radius * dice.between(-0.8, 0.8) for c in centre]
        bar = (2.0 * SIZE, dice.between(1.0, 0.3 * radius))
        paint(picture, Placed(BLOT, (at[0], at[1]), bar, dice.direction()), dice.colour())


def _picture(seed: int, index: int, label: int) -> npt.NDArray[np.uint8]:
    dice = Dice(seed, index, 1)
    bare = ground(dice, SIZE)
    picture = bare.copy()
    strew(dice, picture, dice.below(6))
    _draw(dice, picture, bare, label)
    strew(dice, picture, dice.below(6))
    for _ in range(dice.below(3)):
        picture = soften(picture)
    return rounded(picture + dice.between(2.0, 28.0) * dice.noise(picture.shape))


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


if __name__ == "__main__":
    run(Generator(images, truth, lambda pictures, _: pictures), __doc__.splitlines()[0])
