"""The drawn shapes: for each, which points lie in it."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Inside = Callable[[Plane, Plane], Mask]  #: is the point (right, down) in the shape of radius 1?
Points = list[tuple[float, float]]


def polygon(points: Points) -> Inside:
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


def disc(x: Plane, y: Plane) -> Mask:
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
INSIDE: dict[str, Inside] = {
    "circle": disc,
    "square": polygon([(-0.78, -0.78), (0.78, -0.78), (0.78, 0.78), (-0.78, 0.78)]),
    "triangle": polygon(_corners(3, [1.0])),
    "star": polygon(_corners(10, [1.0, 0.45])),
    "cross": polygon(_CROSS),
    "ring": _ring,
    "hexagon": polygon(_corners(6, [1.0])),
    "crescent": _crescent,
    "heart": _heart,
    "arrow": polygon(
        [(0, -1), (0.7, -0.1), (0.27, -0.1), (0.27, 1), (-0.27, 1), (-0.27, -0.1), (-0.7, -0.1)]
    ),
}
BLOT = polygon([(-1, -1), (1, -1), (1, 1), (-1, 1)])
