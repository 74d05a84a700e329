"""Accuracy of a detector: average precision over its classes, and how well its hits fit.

Four figures, because four are in use and none can be turned into another:

- `map_coco`: COCO's AP, over classes, ten overlaps from 0.5 to 0.95 and 101 points of recall;
- `map_voc`: VOC's mAP since 2010, at an overlap of 0.5, the area below precision over recall;
- `map_voc07`: VOC's mAP until 2009, at an overlap of 0.5 and 11 points of recall. It has no
  interval: it jumps where a class reaches another tenth of recall, and no draws tell of that;
- `miou`: mean overlap (intersection over union) of hits with their true boxes. Hits are COCO's at
  0.5, so it is never below that; those of all classes count alike. It tells how well boxes fit,
  and nothing of what was missed or invented.

True boxes that are to be ignored (COCO's crowds, VOC's difficult objects) are neither found nor
missed, and what is found there is neither right nor wrong; each average has its own rule for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.results.average_precision import (
    Matches,
    Recall,
    average_precision,
    coco_matches,
    coco_recall,
    voc07_recall,
    voc_matches,
    voc_recall,
)
from ibd_mobile.results.bootstrap import basic_interval, draws
from ibd_mobile.results.boxes import Boxes
from ibd_mobile.results.stats import Interval

#: in the order of tables
FIGURES = ("map_coco", "map_voc", "map_voc07", "miou")
_RECALLS: dict[str, Recall] = {
    "map_coco": coco_recall,
    "map_voc": voc_recall,
    "map_voc07": voc07_recall,
}
_NO_TRUTH = "the data set has no true box"
_NO_HIT = "no true box was found, so nothing can be said of the fit"


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in a set of pictures, held against the truth by both rules."""

    coco: list[Matches]  #: by class
    voc: list[Matches]  #: likewise
    pictures_count: int

    def figures(self, weight: NDArray[np.int64] | None = None) -> dict[str, NDArray[np.float64]]:
        """Make the four figures.

        Args:
            weight: (draws, pictures) how often each picture counts; None = once, one draw.

        Returns:
            name -> (draws,); NaN where a draw has no true box, or no hit.
        """
        return {name: self.figure(name, weight) for name in FIGURES}

    def figure(self, name: str, weight: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Make one of the four figures, as `figures` does."""
        times = np.ones((1, self.pictures_count), np.int64) if weight is None else weight
        if name == "miou":
            return _mean_overlap(self.coco, times)
        matches, recall = (self.coco if name == "map_coco" else self.voc), _RECALLS[name]
        return _mean_precision(matches, recall, times)

    def intervals(self) -> dict[str, Interval | str]:
        """Make the four figures, each with its interval or the reason why it has none."""
        whole = {name: float(figure[0]) for name, figure in self.figures().items()}
        parts = [self.figures(weight) for weight in draws(self.pictures_count)]
        drawn = {name: np.concatenate([part[name] for part in parts]) for name in whole}
        found: dict[str, Interval | str] = {}
        for name, value in whole.items():
            if np.isnan(value):
                found[name] = _NO_HIT if name == "miou" else _NO_TRUTH
            elif name == "map_voc07":
                found[name] = Interval(value, None, None, self.pictures_count, "")
            else:
                found[name] = basic_interval(value, drawn[name], self.pictures_count)
        return found


def match(truth: Boxes, found: Boxes, pictures_count: int) -> Detections:
    """Hold what a detector found against the truth, class by class.

    Args:
        truth: of all pictures.
        found: likewise.
        pictures_count: at least 1; those without any box count too.
    """
    labels = np.unique(np.concatenate((truth.label, found.label))).tolist()
    pairs = [(truth.of_class(label), found.of_class(label)) for label in labels]
    return Detections(
        [coco_matches(true, claimed, pictures_count) for true, claimed in pairs],
        [voc_matches(true, claimed, pictures_count) for true, claimed in pairs],
        pictures_count,
    )


def _mean_precision(
    matches: Sequence[Matches], recall: Recall, weight: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Average over the classes that have a true box, as COCO and VOC do."""
    total, count = np.zeros(len(weight)), np.zeros(len(weight), np.int64)
    for of_class in matches:
        precision = average_precision(of_class, recall, weight)
        is_known = ~np.isnan(precision)
        total, count = total + np.where(is_known, precision, 0.0), count + is_known
    return np.divide(total, count, out=np.full(len(weight), np.nan), where=count > 0)


def _mean_overlap(matches: Sequence[Matches], weight: NDArray[np.int64]) -> NDArray[np.float64]:
    total, count = np.zeros(len(weight)), np.zeros(len(weight), np.int64)
    for of_class in matches:
        at = np.flatnonzero(of_class.overlap[0])
        times = weight[:, of_class.picture[at]]
        total, count = total + times @ of_class.overlap[0, at], count + times.sum(axis=1)
    return np.divide(total, count, out=np.full(len(weight), np.nan), where=count > 0)
