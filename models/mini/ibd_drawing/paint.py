"""Laying shapes and colours over a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ibd_drawing.dice import Dice
from ibd_drawing.figure import BLOT, Inside, Mask, Plane, disc

SUB = 3  #: samples per pixel and axis


@dataclass(frozen=True)
class Placed:
    """A shape at its place in a picture."""

    inside: Inside  #: the shape at radius 1
    centre: tuple[float, float]  #: right and down, pixels
    axes: tuple[float, float]  #: the two radii, pixels
    direction: tuple[float, float]  #: cosine and sine of the turn

    def hits(self, height: int, width: int) -> tuple[Mask, int, int]:
        """Say which samples of a picture the shape takes.

        Returns:
            (rows × SUB, columns × SUB) of the part that it can reach, that part's top and left,
            pixels.
        """
        reach = max(self.axes) * 1.5
        left, top = (max(0, int(at - reach)) for at in self.centre)
        end_x = min(width, int(self.centre[0] + reach) + 1)
        end_y = min(height, int(self.centre[1] + reach) + 1)
        across = (np.arange(left * SUB, end_x * SUB) + 0.5) / SUB - self.centre[0]
        down = (np.arange(top * SUB, end_y * SUB)[:, np.newaxis] + 0.5) / SUB - self.centre[1]
        cosine, sine = self.direction
        hits = self.inside(
            (across * cosine + down * sine) / self.axes[0],
            (down * cosine - across * sine) / self.axes[1],
        )
        return hits, top, left

    def bounds(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return the smallest box around the shape, as far as it lies in the picture.

        Returns:
            top, left, bottom, right, in samples (pixels × SUB); the latter two lie just outside.
        """
        hits, top, left = self.hits(height, width)
        rows, columns = np.flatnonzero(hits.any(axis=1)), np.flatnonzero(hits.any(axis=0))
        if not rows.size:
            return 0, 0, 0, 0
        return (
            top * SUB + int(rows[0]),
            left * SUB + int(columns[0]),
            top * SUB + int(rows[-1]) + 1,
            left * SUB + int(columns[-1]) + 1,
        )


def paint(picture: Plane, placed: Placed, colour: Sequence[float]) -> None:
    """Lay a shape over the picture, in place.

    Args:
        picture: (height, width, channels).
        placed: the shape and where it goes.
        colour: (channels,), 0…255.
    """
    hits, top, left = placed.hits(*picture.shape[:2])
    rows, columns = hits.shape[0] // SUB, hits.shape[1] // SUB
    counts = hits.reshape(rows, SUB, columns, SUB).sum(axis=(1, 3), dtype=np.int64)
    cover = (counts / (SUB * SUB))[:, :, np.newaxis]
    part = picture[top : top + rows, left : left + columns]
    part += cover * (np.asarray(colour, dtype=np.float64) - part)


def shade(corners: Sequence[Plane], size: int) -> Plane:
    """Make a picture that shades from corner to corner.

    Args:
        corners: upper left, upper right, lower left, lower right; each (channels,).
        size: height and width, pixels.
    """
    right = (np.arange(size) / (size - 1))[np.newaxis, :, np.newaxis]
    down = (np.arange(size) / (size - 1))[:, np.newaxis, np.newaxis]
    upper = corners[0] + right * (corners[1] - corners[0])
    lower = corners[2] + right * (corners[3] - corners[2])
    return np.asarray(upper + down * (lower - upper))


def ground(dice: Dice, size: int) -> Plane:
    """Make a background of dark colours, different in each corner."""
    base = np.asarray(dice.colour(0.0, 150.0))
    return shade([base + np.asarray(dice.colour()) * 0.4 - 51.0 for _ in range(4)], size)


def strew(dice: Dice, picture: Plane, count: int) -> None:
    """Lay small discs and strokes anywhere, in place."""
    size = picture.shape[0]
    for _ in range(count):
        centre = (dice.between(0.0, size), dice.between(0.0, size))
        is_stroke = dice.chance(0.5)
        long = dice.between(4.0, 14.0) if is_stroke else dice.between(1.5, 4.5)
        wide = dice.between(0.6, 1.6) if is_stroke else long
        placed = Placed(BLOT if is_stroke else disc, centre, (long, wide), dice.direction())
        paint(picture, placed, dice.colour())


def brightness(colour: Sequence[float]) -> float:
    """Add up red, green and blue."""
    red, green, blue = colour
    return red + green + blue  # not sum(): Python 3.12 began to round it otherwise


def bright_colour(dice: Dice, behind: Sequence[float]) -> list[float]:
    """Draw a colour that is brighter than what lies behind, at times by little.

    Args:
        dice: to draw with.
        behind: a colour of `ground`, which stays below 3 × 202, so that there is a brighter one.
    """
    colour = dice.colour(60.0, 255.0)
    while brightness(colour) - brightness(behind) < 90.0:
        colour = dice.colour(60.0, 255.0)
    return colour


def soften(picture: Plane) -> Plane:
    """Average each pixel with its neighbours at weights 1 2 1, both ways."""
    for _ in range(2):
        rows = np.concatenate((picture[:1], picture, picture[-1:]))
        picture = ((rows[:-2] + rows[2:]) * 0.25 + picture * 0.5).transpose(1, 0, 2)
    return picture


def rounded(picture: Plane) -> npt.NDArray[np.uint8]:
    """Turn a picture into bytes: the nearest, within 0…255."""
    return np.rint(np.clip(picture, 0.0, 255.0)).astype(np.uint8)
