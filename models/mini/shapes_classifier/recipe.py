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
EPOCHS_COUNT, BATCH = 16, 32
STEPS_COUNT = EPOCHS_COUNT * -(-TRAIN_COUNT // BATCH)
RATE, WEIGHT_DECAY, WARM_UP_RATIO = 2e-3, 1e-3, 1 / 16

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


def rate(step: int) -> float:
    """Return the learning rate of a step: up in a line, then down along a cosine.

    >>> rate(0) < rate(375) == RATE, round(rate(STEPS_COUNT), 9)
    (True, 0.0)
    """
    warm_up = round(STEPS_COUNT * WARM_UP_RATIO)
    if step < warm_up:
        return RATE * (step + 1) / (warm_up + 1)
    return RATE * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (STEPS_COUNT - warm_up)))


def taught() -> tuple[Any, Any]:
    """Return pictures and labels to learn from."""
    return shapes.images(TRAIN_SEED, TRAIN_COUNT), shapes.labels(TRAIN_SEED, TRAIN_COUNT)


def validated() -> tuple[Any, Any]:
    """Return pictures and labels to look at progress with; nothing is chosen by them."""
    return (
        shapes.images(VALIDATION_SEED, VALIDATION_COUNT),
        shapes.labels(VALIDATION_SEED, VALIDATION_COUNT),
    )
