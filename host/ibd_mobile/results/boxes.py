"""Boxes in pictures, true or found, and how far two of them overlap."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRUTH_COLUMNS = 6  #: picture, class, y0, x0, y1, x1
IGNORING_COLUMNS = 7  #: the same, and 1 where a box is to be ignored


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of a set of pictures, picture by picture.

    Shapes share n, the number of boxes in all pictures. Corners are shares of the picture's
    height and width: overlaps do not depend on its size or shape.
    """

    picture: NDArray[np.int64]  #: (n,) which picture, from 0; does not fall
    label: NDArray[np.int64]  #: (n,) class, from 0; a background is no class
    corner: NDArray[np.float64]  #: (n, 4) y0, x0, y1, x1
    score: NDArray[np.float64]  #: (n,) 0…1; 1 for true ones, 0 for those to be ignored

    def of_class(self, label: int) -> "Boxes":
        """Return the boxes of one class, in their order."""
        return self.where(self.label == label)

    def where(self, at: NDArray[np.bool_]) -> "Boxes":
        """Return some of the boxes, in their order."""
        return Boxes(self.picture[at], self.label[at], self.corner[at], self.score[at])


def true_boxes(truth: NDArray[np.floating[Any]]) -> Boxes:
    """Take a data set's truth apart; boxes come in the order of their pictures.

    Args:
        truth: (n, 6) picture, class, y0, x0, y1, x1 as shares of the picture; or (n, 7), the
            last one 1 where neither finding nor missing the box counts: it marks a crowd (COCO),
            or is difficult (VOC).
    """
    rows = truth.astype(np.float64)[np.argsort(truth[:, 0], kind="stable")]
    picture, label = (rows[:, k].astype(np.int64) for k in (0, 1))
    is_ignored = rows[:, TRUTH_COLUMNS:].any(axis=1)
    return Boxes(picture, label, rows[:, 2:TRUTH_COLUMNS], np.where(is_ignored, 0.0, 1.0))


def overlaps(
    one: NDArray[np.float64], other: NDArray[np.float64], *, of_first: bool = False
) -> NDArray[np.float64]:
    """Return the intersection over union of each box with each other.

    Corners are points, not pixels: a box from 0 to 1 is 1 wide. A box without area overlaps
    nothing, itself included.

    Args:
        one: (m, 4) y0, x0, y1, x1.
        other: (n, 4).
        of_first: intersection over the area of the first instead: how much of it lies within.

    Returns:
        (m, n), 0…1.

    >>> left, all = np.array([[0, 0, 1, 0.5]]), np.array([[0, 0, 1, 1.0]])
    >>> overlaps(left, all).item()
    0.5
    """
    a, b = one[:, np.newaxis], other[np.newaxis]
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=-1)
    area_a, area_b = ((box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b))
    whole = area_a + 0 * shared if of_first else area_a + area_b - shared
    found: NDArray[np.float64] = np.zeros_like(shared)
    return np.divide(shared, whole, out=found, where=shared > 0)
