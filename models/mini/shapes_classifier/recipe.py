"""What the two trainings of shapes_classifier share: the layers, the pictures, the schedule."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MINI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MINI))
import shapes  # noqa: E402  # in the folder above, where the product finds it

ID = "shapes_classifier"
#: Filters of the 3×3 stem, which has stride 2.
STEM = 16
#: Filters and stride of each depthwise-separable block.
BLOCKS = ((32, 1), (48, 1), (64, 2), (64, 1), (64, 1), (88, 2), (88, 1), (88, 1))
#: Of each batch normalisation; the frameworks' own defaults differ.
EPSILON = 1e-3
#: Nothing is subtracted and 255 divides, so that int8 with scale 1/255 is the picture less 128.
MEAN, SCALE = [0.0] * 3, [255.0] * 3
TRAIN_SEED, TRAIN_COUNT = 2, 12_000
VALIDATION_SEED, VALIDATION_COUNT = 3, 1000
BATCH = 32
STEPS_COUNT = -(-TRAIN_COUNT // BATCH)  #: of one epoch; the first warms up
RATE, WEIGHT_DECAY = 2e-3, 1e-3

_TURNS: tuple[Callable[[Any], Any], ...] = (
    lambda pictures: pictures[:, ::-1],
    lambda pictures: pictures[:, :, ::-1],
    lambda pictures: pictures.transpose(0, 2, 1, 3),
)


def turned(pictures: Any, rng: np.random.Generator) -> Any:
    """Mirror and transpose at random: no class changes by that."""
    pictures = pictures.copy()
    for turn in _TURNS:
        chosen = rng.random(len(pictures)) < 0.5
        pictures[chosen] = turn(pictures[chosen])
    return pictures


def rate(step: int, epochs_count: int) -> float:
    """Return the learning rate of a step: up in a line for an epoch, then down along a cosine.

    >>> [round(rate(step, 11), 6) for step in (374, 375, 2250, 4124)]
    [0.001995, 0.002, 0.001, 0.0]
    """
    if step < STEPS_COUNT:
        return RATE * (step + 1) / (STEPS_COUNT + 1)
    done_ratio = (step - STEPS_COUNT) / (STEPS_COUNT * (epochs_count - 1))
    return RATE * 0.5 * (1 + math.cos(math.pi * done_ratio))


def taught() -> tuple[Any, Any]:
    """Return pictures and labels to learn from."""
    return shapes.images(TRAIN_SEED, TRAIN_COUNT), shapes.labels(TRAIN_SEED, TRAIN_COUNT)


def validated() -> tuple[Any, Any]:
    """Return pictures and labels to look at progress with; nothing is chosen by them."""
    return (
        shapes.images(VALIDATION_SEED, VALIDATION_COUNT),
        shapes.labels(VALIDATION_SEED, VALIDATION_COUNT),
    )
