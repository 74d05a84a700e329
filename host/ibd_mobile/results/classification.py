"""Accuracy of a classifier: where the true class stands among its scores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.stats import Interval, wilson


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where the true class stands in each sample's order of scores."""

    rank: NDArray[np.int64]  #: (n,) 1 = highest score; classes + 1 where an output is no number
    tied: NDArray[np.bool_]  #: (n,) another class has the true one's score
    class_count: int

    def top(self, k: int) -> Interval:
        """Return the share of samples whose true class is among the k highest scores."""
        return wilson(int((self.rank <= k).sum()), len(self.rank))


def rank_labels(
    scores: NDArray[np.float64], labels: NDArray[np.integer[Any]], name: str = "outputs"
) -> Ranks:
    """Find the rank of each sample's true class.

    Of classes with the same score, which integer outputs often have, the one with the lower index
    comes first, as `argmax` has it: the label does not decide. A sample with an output that is not
    a number counts as wrong.

    Args:
        scores: (n, classes).
        labels: (n,) true classes, n >= 1.
        name: what errors call the scores.

    Raises:
        DataError: a label that is no class.

    >>> rank_labels(np.array([[0.1, 0.7, 0.7]]), np.array([2])).rank
    array([2])
    """
    class_count = scores.shape[1]
    if int(labels.min()) < 0 or int(labels.max()) >= class_count:
        problem = f"has {class_count} classes, but labels go up to {int(labels.max())}"
        raise DataError(name, problem, "Check the model's data set.")
    index = labels.astype(np.int64)[:, None]
    own = np.take_along_axis(scores, index, axis=1)
    is_equal = scores == own
    is_before = (scores > own) | (is_equal & (np.arange(class_count) < index))
    rank = 1 + is_before.sum(axis=1)
    rank[np.isnan(scores).any(axis=1)] = class_count + 1
    return Ranks(rank.astype(np.int64), is_equal.sum(axis=1) > 1, class_count)
