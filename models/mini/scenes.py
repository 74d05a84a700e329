"""Pictures of several drawn shapes with the boxes around them, from a seed: the data set `scenes`.

Run it to look at the pictures (`--sheet FILE.png`) or to print the set's hashes. The same seed
gives the same bytes on every machine, boxes included; how, says `ibd_drawing`.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.append(str(Path(__file__).resolve().parent))  # the product loads this file by its path
from ibd_drawing.dice import Dice
from ibd_drawing.figure import BLOT, INSIDE, Plane
from ibd_drawing.generator import Generator, run, sha256
from ibd_drawing.paint import (
    SUB,
    Placed,
    bright_colour,
    ground,
    paint,
    rounded,
    soften,
    strew,
)

__all__ = ["LABELS", "SIZE", "images", "sha256", "truth"]

SIZE = 96  #: height and width of a picture, pixels
# Not four: outputs of codes and of scores could not be told apart by their shapes.
LABELS = ("circle", "square", "triangle", "star", "heart")

_MOST = 4  # shapes of a scene
_TRIES = 20  # to find a free place
_BESIDE = 0.1  # of the smaller box may lie under another

Box = tuple[int, int, int, int]  #: top, left, bottom, right, in samples (pixels × SUB)


@dataclass(frozen=True)
class Thing:
    """A shape in a scene."""

    label: int  #: place in `LABELS`
    placed: Placed
    box: Box


def _area(box: Box) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def _is_free(box: Box, others: list[Thing]) -> bool:
    for other in others:
        both = (
            *(max(a, b) for a, b in zip(box[:2], other.box[:2], strict=True)),
            *(min(a, b) for a, b in zip(box[2:], other.box[2:], strict=True)),
        )
        shared = _area((both[0], both[1], both[2], both[3]))
        if shared > _BESIDE * min(_area(box), _area(other.box)):
            return False
    return True


def _thing(dice: Dice) -> Thing:
    """Draw a shape and its place; some stand over the picture's edge a little."""
    label = dice.below(len(LABELS))
    radius = dice.between(8.0, 26.0)
    low, high = 0.8 * radius, SIZE - 0.8 * radius
    centre = (dice.between(low, high), dice.between(low, high))
    axes = (radius, radius * dice.between(0.78, 1.0))
    placed = Placed(INSIDE[LABELS[label]], centre, axes, dice.direction())
    return Thing(label, placed, placed.bounds(SIZE, SIZE))


def _things(seed: int, index: int) -> list[Thing]:
    """Draw what stands in a scene: one to four shapes that hardly touch."""
    dice = Dice(seed, index, 0)
    things: list[Thing] = []
    for _ in range(1 + dice.below(_MOST)):
        for _ in range(_TRIES):
            thing = _thing(dice)
            if _is_free(thing.box, things):
                things.append(thing)
                break
    return things


def _bar(dice: Dice, picture: Plane, placed: Placed) -> None:
    """Lay a bar across a shape, in place; it is no longer than the shape is wide."""
    radius = placed.axes[0]
    at = [c + radius * dice.between(-0.6, 0.6) for c in placed.centre]
    bar = (1.2 * radius, dice.between(0.7, 0.2 * radius))
    paint(picture, Placed(BLOT, (at[0], at[1]), bar, dice.direction()), dice.colour())


def _picture(seed: int, index: int) -> npt.NDArray[np.uint8]:
    dice = Dice(seed, index, 1)
    bare = ground(dice, SIZE)
    picture = bare.copy()
    strew(dice, picture, dice.below(8))
    for thing in _things(seed, index):
        right, down = (int(at) for at in thing.placed.centre)
        paint(picture, thing.placed, bright_colour(dice, bare[down, right].tolist()))
        if dice.chance(0.3):
            _bar(dice, picture, thing.placed)
    strew(dice, picture, dice.below(8))
    for _ in range(dice.below(3)):
        picture = soften(picture)
    return rounded(picture + dice.between(2.0, 22.0) * dice.noise(picture.shape))


def images(seed: int, count: int) -> npt.NDArray[np.uint8]:
    """Return the pictures of a set.

    Args:
        seed: of the set, ≥ 0.
        count: pictures; a shorter set is the beginning of a longer one.

    Returns:
        (count, SIZE, SIZE, 3), red green blue.
    """
    pictures = np.empty((count, SIZE, SIZE, 3), dtype=np.uint8)
    for index in range(count):
        pictures[index] = _picture(seed, index)
    return pictures


def truth(seed: int, count: int) -> npt.NDArray[np.float32]:
    """Return the boxes of a set: of each shape's visible part, whatever lies before it.

    Ends lie on the grid of samples (thirds of a pixel), so each is one division of integers.

    Args:
        seed: of the set, ≥ 0.
        count: pictures.

    Returns:
        (boxes, 6): picture, place in `LABELS`, top, left, bottom, right as shares of the picture.

    >>> truth(7, 1)[:, :2].tolist()
    [[0.0, 1.0]]
    """
    rows = [
        [index, thing.label, *(end / (SIZE * SUB) for end in thing.box)]
        for index in range(count)
        for thing in _things(seed, index)
    ]
    return np.asarray(rows, dtype=np.float32).reshape(-1, 6)


def framed(
    pictures: npt.NDArray[np.uint8], boxes: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Draw boxes into pictures: each class has its colour.

    Args:
        pictures: (count, SIZE, SIZE, 3).
        boxes: (boxes, 6), as `truth` gives them.
    """
    colours = ((255, 60, 60), (60, 255, 60), (90, 120, 255), (255, 255, 60), (255, 90, 255))
    shown = pictures.copy()
    for picture, label, *ends in boxes.tolist():
        top, left, bottom, right = (min(SIZE - 1, round(end * SIZE)) for end in ends)
        part, colour = shown[int(picture)], colours[int(label)]
        part[top, left : right + 1] = part[bottom, left : right + 1] = colour
        part[top : bottom + 1, left] = part[top : bottom + 1, right] = colour
    return shown


if __name__ == "__main__":
    run(Generator(images, truth, framed), __doc__.splitlines()[0])
