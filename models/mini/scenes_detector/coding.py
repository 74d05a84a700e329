"""Anchors of scenes_detector, and how boxes stand in its outputs (Liu et al., SSD, 2016).

The product reads the same from the model's TOML, which is written from here.
"""

from typing import Any

import numpy as np

#: Side of each feature map, and the anchors of each place in it: height and width, shares of the
#: picture. Shapes are hardly longer than wide, so anchors are squares.
LAYERS = (
    (12, ((0.18, 0.18), (0.24, 0.24), (0.32, 0.32))),
    (6, ((0.35, 0.35), (0.45, 0.45), (0.57, 0.57))),
)
SCALE = (10.0, 10.0, 5.0, 5.0)  #: of codes: y, x, height, width
LEAST_OVERLAP = 0.5  # an anchor that overlaps a box so much is taught to find it
MOST_BESIDE = 0.4  # one that overlaps all boxes less is taught to find nothing


def anchors() -> Any:
    """Return (anchors, 4): y and x of the centre, height and width, as shares of the picture."""
    found = []
    for side, boxes in LAYERS:
        centre = (np.arange(side) + 0.5) / side
        laid = np.empty((side, side, len(boxes), 4))
        laid[..., 0], laid[..., 1] = centre[:, None, None], centre[None, :, None]
        laid[..., 2:] = boxes
        found.append(laid.reshape(-1, 4))
    return np.concatenate(found)


def overlaps(laid: Any, corners: Any) -> Any:
    """Return the overlap (IoU) of each anchor with each box, (anchors, boxes).

    Args:
        laid: (anchors, 4), as `anchors`.
        corners: (boxes, 4), top, left, bottom, right.
    """
    start = np.maximum((laid[:, :2] - laid[:, 2:] / 2)[:, None], corners[None, :, :2])
    end = np.minimum((laid[:, :2] + laid[:, 2:] / 2)[:, None], corners[None, :, 2:])
    shared = np.clip(end - start, 0.0, None).prod(-1)
    areas = (corners[:, 2:] - corners[:, :2]).prod(-1)
    return shared / (laid[:, 2:].prod(-1)[:, None] + areas[None] - shared)


def encode(laid: Any, corners: Any) -> Any:
    """Return the codes of boxes, each against its own anchor, (n, 4)."""
    centre, size = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
    moved, grown = (centre - laid[:, :2]) / laid[:, 2:], np.log(size / laid[:, 2:])
    return np.concatenate((moved, grown), axis=1) * np.asarray(SCALE)


def lesson(laid: Any, corners: Any, labels: Any, class_count: int) -> Any:
    """Say what each anchor shall answer for one picture.

    Each box is taught to the anchors that overlap it well, and to the best one in any case.

    Args:
        laid: (anchors, 4).
        corners: (boxes, 4), at least one.
        labels: (boxes,).
        class_count: classes.

    Returns:
        (anchors, 4 + class_count + 2) float32: code; 1 for the class; 1 where there is a box;
        1 where the scores count at all.
    """
    shared = overlaps(laid, corners)
    box = shared.argmax(1)
    is_box = shared.max(1) >= LEAST_OVERLAP
    best = shared.argmax(0)
    box[best], is_box[best] = np.arange(len(corners)), True
    counts = is_box | (shared.max(1) < MOST_BESIDE)
    taught = np.zeros((len(laid), 4 + class_count + 2), np.float32)
    taught[:, :4] = encode(laid, corners[box]) * is_box[:, None]
    taught[is_box, 4 + labels[box[is_box]]] = 1.0
    taught[:, -2], taught[:, -1] = is_box, counts
    return taught
