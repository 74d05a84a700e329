"""Accuracy of a classifier, from the outputs that the device wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Quantization, Tensor
from ibd_mobile.results.document import read_plain
from ibd_mobile.results.stats import Interval, wilson

_REMEDY = "Measure the job again with `ibd-mobile resume`."


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where the true class stands in each sample's order of scores."""

    rank: NDArray[np.int64]  #: (n,) 1 = highest score; classes + 1 where an output is no number
    tied: NDArray[np.bool_]  #: (n,) another class has the true one's score
    class_count: int

    def top(self, k: int) -> Interval:
        """Return the share of samples whose true class is among the k highest scores."""
        return wilson(int((self.rank <= k).sum()), len(self.rank))


def read_scores(path: Path, outputs: Sequence[Tensor], batch: int) -> NDArray[np.float64]:
    """Read a classifier's scores, dequantised where they are stored as integers.

    A file holds one record per inference: all output tensors, one after the other. The scores are
    the first tensor.

    Args:
        path: outputs.bin.
        outputs: of the artifact, in its order.
        batch: samples of one inference.

    Returns:
        (n, classes).

    Raises:
        DataError: missing, or not a whole number of records.
    """
    content = read_plain(path, remedy=_REMEDY)
    shapes = [(batch if t.shape[0] == -1 else t.shape[0], *t.shape[1:]) for t in outputs]
    sizes = [
        int(np.prod(shape)) * np.dtype(t.dtype).itemsize
        for t, shape in zip(outputs, shapes, strict=True)
    ]
    if not content or len(content) % sum(sizes):
        problem = f"its {len(content)} bytes are no whole number of {sum(sizes)}-byte outputs"
        raise DataError(str(path), problem, _REMEDY)
    records = np.frombuffer(content, np.uint8).reshape(-1, sum(sizes))
    stored_type = np.dtype(outputs[0].dtype).newbyteorder("<")
    stored = np.ascontiguousarray(records[:, : sizes[0]]).view(stored_type)
    scores = stored.reshape(len(records) * shapes[0][0], -1).astype(np.float64)
    return _dequantised(scores, outputs[0].quantization)


def _dequantised(
    stored: NDArray[np.float64], quantization: Quantization | None
) -> NDArray[np.float64]:
    if quantization is None:
        return stored
    return quantization.scale * (stored - quantization.zero_point)


def rank_labels(
    scores: NDArray[np.float64], labels: NDArray[np.integer[Any]], name: str = "outputs"
) -> Ranks:
    """Find the rank of each sample's true class.

    Of classes with the same score, which integer outputs often have, the one with the lower index
    comes first, as `argmax` has it: the label does not decide. A sample with an output that is not
    a number counts as wrong. The last inference of a batched run may be filled up; samples beyond
    the labels are left out.

    Args:
        scores: (m, classes), m >= n.
        labels: (n,) true classes.
        name: what errors call the scores.

    Raises:
        DataError: fewer samples than labels, or a label that is no class.

    >>> rank_labels(np.array([[0.1, 0.7, 0.7]]), np.array([2])).rank
    array([2])
    """
    n, class_count = len(labels), scores.shape[1]
    if len(scores) < n or not n:
        raise DataError(name, f"holds {len(scores)} samples for {n} labels", _REMEDY)
    if int(labels.min()) < 0 or int(labels.max()) >= class_count:
        problem = f"has {class_count} classes, but labels go up to {int(labels.max())}"
        raise DataError(name, problem, "Check the model's data set.")
    scores, index = scores[:n], labels.astype(np.int64)[:, None]
    own = np.take_along_axis(scores, index, axis=1)
    is_equal = scores == own
    is_before = (scores > own) | (is_equal & (np.arange(class_count) < index))
    rank = 1 + is_before.sum(axis=1)
    rank[np.isnan(scores).any(axis=1)] = class_count + 1
    return Ranks(rank.astype(np.int64), is_equal.sum(axis=1) > 1, class_count)
