"""Average precision of a detector, by the rules of COCO and of the VOC challenges.

All three averages are one sum: over the hits in order of falling score, the best precision from
there on times the share of recall that the hit adds. They differ in how recall is counted (at 101
or 11 points, or as it is) and in which true box a found one is held against.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.results.boxes import Boxes, overlaps

#: as pycocotools spells them: a recall of 0.57 misses the point 57 × 0.01 by its last bit
_COCO_OVERLAPS = np.linspace(0.5, 0.95, 10)
_COCO_RECALLS = np.linspace(0.0, 1.0, 101)
#: boxes per picture and class that COCO looks at
_COCO_BOXES_COUNT = 100
_VOC_OVERLAPS = np.array([0.5])
_VOC07_POINTS = 11

#: (…, hits) true boxes found until there, (…, 1) true boxes there are -> share of recall covered
Recall = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Matches:
    """Found boxes of one class in order of falling score, and which of them are hits."""

    picture: NDArray[np.int64]  #: (n,)
    overlap: NDArray[np.float64]  #: (thresholds, n) with the true box that is hit; 0: no hit
    true_count: NDArray[np.int64]  #: (pictures,) true boxes of this class that count
    #: (thresholds, n) found where nothing counts; None: nowhere
    is_ignored: NDArray[np.bool_] | None = None


def coco_matches(truth: Boxes, found: Boxes, pictures_count: int) -> Matches:
    """Match boxes of one class as COCO does, at ten overlaps from 0.5 to 0.95.

    The best 100 of a picture, in order of their scores, each take the true box that they overlap
    most among those still free. No size is left out. A true box that is to be ignored is a crowd:
    a box that takes no other, and of which the threshold's share lies within the crowd, does not
    count, and any number of boxes may lie there.
    """
    best = _best(found, _COCO_BOXES_COUNT)
    return _matches(truth, best, pictures_count, (_COCO_OVERLAPS, _coco_hits, True))


def voc_matches(truth: Boxes, found: Boxes, pictures_count: int) -> Matches:
    """Match boxes of one class as the VOC development kit does, at an overlap of 0.5.

    Each box is held against the true one that it overlaps most; if that is taken it is wrong, even
    where it would fit another. A true box that is to be ignored is difficult: boxes that are held
    against it do not count.
    """
    return _matches(truth, found, pictures_count, (_VOC_OVERLAPS, _voc_hits, False))


def coco_recall(hits: NDArray[np.int64], true_count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the 101 points of recall that are reached, as COCO counts it."""
    return np.searchsorted(_COCO_RECALLS, hits / true_count, side="right") / len(_COCO_RECALLS)


def voc07_recall(hits: NDArray[np.int64], true_count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the 11 points of recall that are reached, as VOC counted it until 2009."""
    return ((_VOC07_POINTS - 1) * hits // true_count + 1) / _VOC07_POINTS


def voc_recall(hits: NDArray[np.int64], true_count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Recall itself: the area below all points, as VOC has it since 2010."""
    return hits / true_count


def average_precision(
    matches: Matches, recall: Recall, weight: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Average precision of a class, the mean over its thresholds.

    Args:
        matches: of the class.
        recall: how recall is counted.
        weight: (draws, pictures) how often each picture counts.

    Returns:
        (draws,); NaN where no counted picture has a true box.
    """
    true_count = (weight @ matches.true_count)[:, np.newaxis]
    all_hits = np.flatnonzero(matches.overlap.any(axis=0))
    heeded = all_hits[-1] + 1 if len(all_hits) else 0  # after the last hit nothing matters
    of_box = weight[:, matches.picture[:heeded]]
    all_seen = np.cumsum(of_box, axis=1)
    found = np.zeros(len(weight))
    for row, overlap in enumerate(matches.overlap):
        at = np.flatnonzero(overlap)
        if not len(at):
            continue
        seen = all_seen
        if matches.is_ignored is not None and matches.is_ignored[row, :heeded].any():
            seen = np.cumsum(of_box * ~matches.is_ignored[row, :heeded], axis=1)
        hits, until = np.cumsum(of_box[:, at], axis=1), seen[:, at]
        precision = np.divide(hits, until, out=np.zeros(hits.shape), where=until > 0)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        covered = recall(hits, np.maximum(true_count, 1))
        found += (best * np.diff(covered, axis=1, prepend=0.0)).sum(axis=1)
    return np.where(true_count[:, 0] > 0, found / len(matches.overlap), np.nan)


def _best(found: Boxes, count: int) -> Boxes:
    """Keep the boxes with the highest scores of each picture, in the order they came."""
    order = np.lexsort((-found.score, found.picture))
    picture = found.picture[order]
    place = np.arange(len(order)) - np.searchsorted(picture, picture)
    kept = np.sort(order[place < count])
    return Boxes(found.picture[kept], found.label[kept], found.corner[kept], found.score[kept])


#: (boxes, counted true ones) and (boxes, ignored true ones) overlaps, threshold -> of each box its
#: overlap with the true one that it takes, or 0; and whether it does not count
_Hits = Callable[
    [NDArray[np.float64], NDArray[np.float64], float], tuple[list[float], NDArray[np.bool_]]
]


def _matches(
    truth: Boxes,
    found: Boxes,
    pictures_count: int,
    rule: tuple[NDArray[np.float64], _Hits, bool],
) -> Matches:
    thresholds, hits, is_crowd = rule
    order = np.lexsort((found.picture, -found.score))  # stable: equal scores in picture order
    picture, corner = found.picture[order], found.corner[order]
    counted, ignored = truth.where(truth.score > 0), truth.where(truth.score == 0)
    true_count = np.bincount(counted.picture, minlength=pictures_count)
    overlap = np.zeros((len(thresholds), len(order)))
    is_ignored = np.zeros(overlap.shape, np.bool_) if len(ignored.picture) else None
    has_truth = np.bincount(truth.picture, minlength=pictures_count) > 0
    for number in np.unique(picture[has_truth[picture]]):
        own = np.flatnonzero(picture == number)
        shared = overlaps(corner[own], counted.corner[counted.picture == number])
        beside = overlaps(corner[own], ignored.corner[ignored.picture == number], of_first=is_crowd)
        for row, threshold in enumerate(thresholds.tolist()):
            overlap[row, own], without = hits(shared, beside, threshold)
            if is_ignored is not None:
                is_ignored[row, own] = without
    return Matches(picture, overlap, true_count, is_ignored)


def _coco_hits(
    shared: NDArray[np.float64], crowds: NDArray[np.float64], threshold: float
) -> tuple[list[float], NDArray[np.bool_]]:
    found, is_free = [0.0] * len(shared), [True] * shared.shape[1]
    for box in np.flatnonzero((shared >= threshold).any(axis=1)).tolist():
        best, taken = threshold, -1
        for true, overlap in enumerate(shared[box].tolist()):
            if is_free[true] and overlap >= best:  # of equal ones the last, as COCO has it
                best, taken = overlap, true
        if taken >= 0:
            found[box], is_free[taken] = best, False
    return found, (np.array(found) == 0) & (crowds >= threshold).any(axis=1)


def _voc_hits(
    shared: NDArray[np.float64], difficult: NDArray[np.float64], threshold: float
) -> tuple[list[float], NDArray[np.bool_]]:
    most, most_difficult = (part.max(axis=1, initial=0.0) for part in (shared, difficult))
    is_ignored = (most_difficult >= threshold) & (most_difficult > most)
    found, is_free = [0.0] * len(shared), [True] * shared.shape[1]
    for box in np.flatnonzero((most >= threshold) & ~is_ignored).tolist():
        true = int(shared[box].argmax())
        if is_free[true]:
            found[box], is_free[true] = float(shared[box, true]), False
    return found, is_ignored
