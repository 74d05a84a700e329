"""From a detector's raw outputs to boxes: anchors, scores, suppression of the weaker of two."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import BoxCoding
from ibd_mobile.results.boxes import Boxes, overlaps

Outputs = tuple[NDArray[np.float64], NDArray[np.float64]]  #: codes and scores of one picture

_REMEDY = "Check the model's [boxes] against its outputs."


def anchors(coding: BoxCoding) -> NDArray[np.float64]:
    """Lay out all anchors: by layer, then row, column and box.

    Returns:
        (anchors, 4) y and x of the centre, height, width, as shares of the picture.
    """
    found = []
    for layer in coding.anchors:
        sizes = np.asarray(layer.boxes, np.float64).reshape(-1, 2)
        y = (np.arange(layer.rows) + 0.5) / layer.rows
        x = (np.arange(layer.columns) + 0.5) / layer.columns
        laid = np.empty((layer.rows, layer.columns, len(sizes), 4))
        laid[..., 0], laid[..., 1] = y[:, None, None], x[None, :, None]
        laid[..., 2:] = sizes
        found.append(laid.reshape(-1, 4))
    return np.concatenate(found)


def decode(outputs: Iterable[Outputs], coding: BoxCoding) -> Boxes:
    """Turn the outputs for a set of pictures into the boxes that the detector claims to see.

    In order of their scores (of equal ones the earlier anchor, then the lower class, goes first)
    boxes are kept unless one of the same class that was kept overlaps them too much, until the
    picture has as many as it may. Then they are cut at the picture's edges. A box with a code or a
    score that is not a finite number is no box.

    Args:
        outputs: of each picture (anchors, 4) codes, and (anchors, classes) scores before softmax
            or sigmoid; with a background the class after it is class 0.
        coding: of the model.

    Raises:
        DataError: the outputs do not have as many anchors as the coding.
    """
    laid = anchors(coding)
    found = []
    for number, (codes, scores) in enumerate(outputs):
        if codes.shape != laid.shape or scores.ndim != 2 or len(scores) != len(laid):
            problem = f"are {codes.shape} and {scores.shape}, but the model has {len(laid)} anchors"
            raise DataError("the detector's outputs", problem, _REMEDY)
        found.append(_picture(number, codes, scores, laid, coding))
    if not found:
        return Boxes(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4)), np.empty(0))
    parts = zip(*((b.picture, b.label, b.corner, b.score) for b in found), strict=True)
    return Boxes(*(np.concatenate(part) for part in parts))


def _probabilities(scores: NDArray[np.float64], coding: BoxCoding) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", over="ignore"):
        if coding.scores == "sigmoid":
            found = 1 / (1 + np.exp(-scores))
        else:
            raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
            found = raised / raised.sum(axis=-1, keepdims=True)
    return found[..., 1:] if coding.has_background else found


def _corners(
    codes: NDArray[np.float64], laid: NDArray[np.float64], coding: BoxCoding
) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", over="ignore"):
        code = codes / np.asarray(coding.scale)
        centre = code[:, :2] * laid[:, 2:] + laid[:, :2]
        half = np.exp(code[:, 2:]) * laid[:, 2:] / 2
        return np.concatenate((centre - half, centre + half), axis=1)


def _picture(
    number: int,
    codes: NDArray[np.float64],
    scores: NDArray[np.float64],
    laid: NDArray[np.float64],
    coding: BoxCoding,
) -> Boxes:
    claimed, corner = _probabilities(scores, coding), _corners(codes, laid, coding)
    is_number = np.isfinite(corner).all(axis=1) & np.isfinite(scores).all(axis=1)
    is_box = is_number & (corner[:, 2:] > corner[:, :2]).all(axis=1)
    anchor, label = np.nonzero((claimed >= coding.least_score_ratio) & is_box[:, np.newaxis])
    score = claimed[anchor, label]
    order = np.argsort(-score, kind="stable")
    anchor, label, score = anchor[order], label[order], score[order]
    kept = _kept(corner, anchor, label, coding)
    cut = np.clip(corner[anchor[kept]], 0.0, 1.0)
    inside = (cut[:, 2:] > cut[:, :2]).all(axis=1)
    kept, cut = kept[inside], cut[inside]
    return Boxes(np.full(len(kept), number), label[kept].astype(np.int64), cut, score[kept])


def _kept(
    corner: NDArray[np.float64],
    anchor: NDArray[np.intp],
    label: NDArray[np.intp],
    coding: BoxCoding,
) -> NDArray[np.intp]:
    """Find which claims stay, of claims that are ordered by falling score.

    Few are looked at before the picture has all it may have, so each is held against those kept
    when its turn comes, and most never are.
    """
    kept: list[int] = []
    of_class: dict[int, list[NDArray[np.float64]]] = {}
    for at, name in enumerate(label):
        if len(kept) == coding.boxes_count:
            break
        box, before = corner[anchor[at]], of_class.setdefault(int(name), [])
        if before and overlaps(box[np.newaxis], np.array(before)).max() > coding.overlap_ratio:
            continue
        kept.append(at)
        before.append(box)
    return np.asarray(kept, np.intp)
