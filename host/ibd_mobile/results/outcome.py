"""What two networks said of the same pictures, picture by picture.

Both are right and wrong about mostly the same pictures. An interval of their difference that knows
this is several times narrower than one that is recovered from the two figures' own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.context import Context
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.record import Record
from ibd_mobile.results import document
from ibd_mobile.results.accuracy import (
    NAMES,
    detections_of,
    evidence_of,
    likeness_of,
    ranks_of,
)
from ibd_mobile.results.bootstrap import draws
from ibd_mobile.results.detection import Detections
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.stats import Z_95, Interval, mean_interval, percentile
from ibd_mobile.results.truth import read_truth

_REMEDY = "See `ibd-mobile verify`."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each picture adds to the accuracy of a job."""

    truth_sha256: str  #: of the pictures: those of two jobs can be paired where it is the same
    images_sha256: str
    figures: Mapping[str, NDArray[np.float64]]  #: metric -> (pictures,)
    detections: Detections | None = None  #: whose figures are of all pictures together


def outcome_of(folder: JobFolder, record: Record) -> Outcome | None:
    """Read again what a filed accuracy job's outputs say of each picture.

    Returns:
        None where it has no outputs or no truth.

    Raises:
        DataError: a file is damaged, or not what the record was made of.
    """
    if not (folder.outputs.is_file() and folder.truth.is_file()):
        return None
    for path in (folder.context, folder.outputs, folder.truth):
        if record.raw_sha256.get(path.name) != sha256_of(path):
            raise DataError(str(path), "was changed after the job was filed", _REMEDY)
    context = document.read(folder.context, Context, remedy=_REMEDY)
    model, dataset = context.model, context.model.dataset
    if dataset is None:
        return None
    evidence = evidence_of(context, folder.outputs, read_truth(folder.truth, model))
    if evidence is None:
        return None
    pictures = dataset.truth_sha256, dataset.images_sha256
    if model.application == "detection":
        return Outcome(*pictures, {}, detections_of(evidence))
    if model.application == "classification":
        rank = ranks_of(evidence).rank
        parts = [(rank <= k).astype(np.float64) for k in (1, 5)]
    else:
        parts = list(np.array(likeness_of(evidence)).T)
    return Outcome(*pictures, dict(zip(NAMES[model.application], parts, strict=True)))


def paired_difference(a: Outcome, b: Outcome, metric: str) -> Interval | None:
    """Return how much more accurate B is than A on the same pictures.

    Returns:
        None where they are of other pictures, or have no such figure of each.
    """
    if (a.truth_sha256, a.images_sha256) != (b.truth_sha256, b.images_sha256):
        return None
    if a.detections is not None and b.detections is not None:
        return _by_bootstrap(a.detections, b.detections, metric.removesuffix("_ratio"))
    if metric not in a.figures or metric not in b.figures:
        return None
    one, other = a.figures[metric], b.figures[metric]
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return None
    if metric in NAMES["classification"]:
        return _of_answers(one, other)
    found = mean_interval((other - one).tolist())
    return Interval(found.value, found.low, found.high, found.n, "paired t" if found.method else "")


def _of_answers(a: NDArray[np.float64], b: NDArray[np.float64]) -> Interval:
    """Interval of the difference of two shares of the same answers.

    Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial proportions
    based on paired data" (2012): one answer is added to each kind on which the two disagree.
    """
    n, gained, lost = len(a), int((b > a).sum()), int((b < a).sum())
    more, less = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    centre = more - less
    half = Z_95 * float(np.sqrt((more + less - centre**2) / (n + 2)))
    value = (gained - lost) / n
    return Interval(
        value, min(centre - half, value), max(centre + half, value), n, "paired answers"
    )


def _by_bootstrap(a: Detections, b: Detections, name: str) -> Interval | None:
    """Draw the pictures of both together, as often as for the figures themselves."""
    whole = float(b.figure(name)[0] - a.figure(name)[0])
    if name == "map_voc07" or np.isnan(whole):
        return None
    drawn = np.concatenate([b.figure(name, w) - a.figure(name, w) for w in draws(a.pictures_count)])
    known = drawn[~np.isnan(drawn)].tolist()
    if not known or min(known) == max(known):
        return Interval(whole, None, None, a.pictures_count, "")
    low, high = (2 * whole - percentile(known, q) for q in (97.5, 2.5))
    return Interval(whole, min(low, whole), max(high, whole), a.pictures_count, "paired bootstrap")
