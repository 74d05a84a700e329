"""Grey pictures, and the same with half of their detail lost, from a seed: the data set `textures`.

The pictures of the set are what a network gets: made half as large and as large again, bicubic
both times. The truth is what they were before. Run it to look at both side by side
(`--sheet FILE.png`) or to print the set's hashes. The same seed gives the same bytes on every
machine; how, says `ibd_drawing`.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.append(str(Path(__file__).resolve().parent))  # the product loads this file by its path
from ibd_drawing.dice import Dice
from ibd_drawing.figure import BLOT, INSIDE, Plane
from ibd_drawing.generator import Generator, run, sha256
from ibd_drawing.paint import Placed, paint, rounded, shade, soften

__all__ = ["SIZE", "images", "sha256", "truth"]

SIZE = 48  #: height and width of a picture, pixels

Grey = npt.NDArray[np.uint8]  #: (count, height, width, 1)
_Whole = npt.NDArray[np.int64]

# Keys' cubic kernel (1981, a = −1/2) at distances 1/4, 3/4, 5/4 and 7/4, in 128ths.
_AT = (111, 29, -9, -3)
_HALVE = (_AT[3], _AT[2], _AT[1], _AT[0], _AT[0], _AT[1], _AT[2], _AT[3])  # in 256ths
_BEFORE = (_AT[3], _AT[1], _AT[0], _AT[2])  # of a new pixel a quarter before an old one, in 128ths


def _halved(rows: _Whole) -> _Whole:
    """Make (count, n, …) into (count, n/2, …) at 256 times the value; ends are repeated."""
    padded = np.concatenate((rows[:, :1],) * 3 + (rows,) + (rows[:, -1:],) * 3, axis=1)
    half = rows.shape[1] // 2
    parts = [padded[:, at : at + 2 * half : 2] * weight for at, weight in enumerate(_HALVE)]
    return np.sum(parts, axis=0, dtype=np.int64)


def _doubled(rows: _Whole) -> _Whole:
    """Make (count, n, …) into (count, 2n, …) at 128 times the value; ends are repeated."""
    count = rows.shape[1]
    padded = np.concatenate((rows[:, :1],) * 2 + (rows,) + (rows[:, -1:],) * 2, axis=1)
    taken = [padded[:, at : at + count] for at in range(5)]
    before = np.sum([t * w for t, w in zip(taken[:4], _BEFORE, strict=True)], axis=0)
    after = np.sum([t * w for t, w in zip(taken[1:], reversed(_BEFORE), strict=True)], axis=0)
    both = np.stack((before, after), axis=2)
    return both.reshape(rows.shape[0], 2 * count, *rows.shape[2:]).astype(np.int64)


def _stored(values: _Whole, one: int) -> Grey:
    """Divide by `one`, round to nearest (halves up), keep within 0…255."""
    return np.clip((values + one // 2) // one, 0, 255).astype(np.uint8)


def _both_ways(pictures: Grey, step: str) -> Grey:
    resample, one = (_halved, 256 * 256) if step == "halve" else (_doubled, 128 * 128)
    once = resample(pictures[..., 0].astype(np.int64))
    return _stored(resample(once.transpose(0, 2, 1)).transpose(0, 2, 1), one)[..., np.newaxis]


def blurred(pictures: Grey) -> Grey:
    """Make pictures half as large and as large again, bicubic, in whole numbers.

    Args:
        pictures: (count, height, width, 1), sides even.

    >>> flat = np.full((1, 4, 4, 1), 200, dtype=np.uint8)
    >>> np.array_equal(blurred(flat), flat)
    True
    """
    return _both_ways(_both_ways(pictures, "halve"), "double")


def _stripes(dice: Dice, picture: Plane) -> None:
    """Lay parallel strokes over a part of the picture, in place."""
    gap, count = dice.between(3.0, 8.0), 3 + dice.below(5)
    length, wide = dice.between(6.0, 22.0), dice.between(0.15, 0.35) * gap
    cosine, sine = direction = dice.direction()
    x, y = dice.between(0.0, SIZE), dice.between(0.0, SIZE)
    colour = [dice.between(0.0, 255.0)]
    for k in range(count):
        centre = (x - sine * gap * k, y + cosine * gap * k)
        paint(picture, Placed(BLOT, centre, (length, wide), direction), colour)


def _shape(dice: Dice, picture: Plane) -> None:
    """Lay one of the ten shapes anywhere, in place."""
    inside = list(INSIDE.values())[dice.below(len(INSIDE))]
    radius = dice.between(4.0, 18.0)
    centre = (dice.between(0.0, SIZE), dice.between(0.0, SIZE))
    axes = (radius, radius * dice.between(0.6, 1.0))
    paint(picture, Placed(inside, centre, axes, dice.direction()), [dice.between(0.0, 255.0)])


def _picture(seed: int, index: int) -> npt.NDArray[np.uint8]:
    dice = Dice(seed, index, 1)
    picture = shade([np.asarray([dice.between(0.0, 255.0)]) for _ in range(4)], SIZE)
    for _ in range(4 + dice.below(6)):
        (_stripes if dice.chance(0.35) else _shape)(dice, picture)
    if dice.chance(0.3):
        picture = soften(picture)
    return rounded(picture + dice.between(0.0, 2.0) * dice.noise(picture.shape))


def truth(seed: int, count: int) -> Grey:
    """Return the pictures of a set as they were drawn.

    Args:
        seed: of the set, ≥ 0.
        count: pictures; a shorter set is the beginning of a longer one.

    Returns:
        (count, SIZE, SIZE, 1).
    """
    pictures = np.empty((count, SIZE, SIZE, 1), dtype=np.uint8)
    for index in range(count):
        pictures[index] = _picture(seed, index)
    return pictures


def images(seed: int, count: int) -> Grey:
    """Return what is left of the pictures of a set, (count, SIZE, SIZE, 1)."""
    return blurred(truth(seed, count))


def beside(given: Grey, drawn: Grey) -> Grey:
    """Put what a network gets to the left of what was drawn."""
    return np.concatenate((given, drawn), axis=2)


if __name__ == "__main__":
    run(Generator(images, truth, beside), __doc__.splitlines()[0])
