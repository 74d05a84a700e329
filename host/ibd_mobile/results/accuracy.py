"""Accuracy of a job, by the measures of its application."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.context import Context
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Application, Artifact, Model, Variant
from ibd_mobile.results.box_decoding import decode
from ibd_mobile.results.boxes import true_boxes
from ibd_mobile.results.classification import Ranks, rank_labels
from ibd_mobile.results.detection import Detections, match
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.outputs import read_outputs
from ibd_mobile.results.stats import Interval, mean_interval
from ibd_mobile.results.super_resolution import SSIM_LEAST_PX, inner, luma, psnr_db, ssim_ratio
from ibd_mobile.results.truth import Truth

#: metrics of each application, in the order of tables
NAMES: dict[Application, tuple[str, ...]] = {
    "classification": ("top1_ratio", "top5_ratio"),
    "detection": ("map_coco_ratio", "map_voc_ratio", "map_voc07_ratio", "miou_ratio"),
    "super_resolution": ("psnr_y_db", "ssim_ratio"),
}
#: labels whose first output is «nothing of this», so that the set's first class is the second
_AFTER_BACKGROUND = frozenset({"imagenet_1001"})
#: name of a reference accuracy in a model's TOML -> metric that it can be held against
REFERENCES = {
    "top1": "top1_ratio",
    "top5": "top5_ratio",
    "map_coco": "map_coco_ratio",
    "map_voc": "map_voc_ratio",
    "map_voc07": "map_voc07_ratio",
    "miou": "miou_ratio",
    "psnr_db": "psnr_y_db",
    "ssim": "ssim_ratio",
}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The figures of one application, each with its interval or the reason why it has none."""

    figures: Mapping[str, Interval | str]  #: by metric name, all of `NAMES`
    note: str = ""  #: what a reader of these figures should know


@dataclass(frozen=True, slots=True)
class Evidence:
    """What accuracy is made of, once all of it is there."""

    model: Model
    variant: Variant  #: how pictures became inputs, and how outputs become pictures
    artifact: Artifact
    truth: NDArray[np.generic]  #: as `core.model.Dataset.truth_sha256` says
    samples: Iterable[tuple[NDArray[np.float64], ...]]  #: all outputs of each picture
    name: str  #: what errors call the outputs


def accuracy_of(facts: Facts) -> Accuracy:
    """Hold what a job's outputs say against the truth of its data set.

    Raises:
        DataError: outputs and truth do not fit together.
    """
    evidence = _evidence(facts)
    if isinstance(evidence, str):
        return Accuracy(dict.fromkeys(NAMES[facts.context.model.application], evidence))
    return judge(evidence)


def judge(evidence: Evidence) -> Accuracy:
    """Make the figures of one application from outputs of any origin.

    Raises:
        DataError: outputs and truth do not fit together.
    """
    return _MAKERS[evidence.model.application](evidence)


def _evidence(facts: Facts) -> Evidence | str:
    context, model = facts.context, facts.context.model
    if context.artifact.is_untrained:
        return "the weights are random"
    if model.dataset is None and context.job.kind != "accuracy":
        return f"no data set of {model.id} is known"
    if context.job.kind != "accuracy":
        return "measured by an accuracy job"
    if facts.outputs is None:
        phase = facts.phase("dataset")
        return phase if isinstance(phase, str) else "the program wrote no outputs"
    made = None if facts.truth is None else evidence_of(context, facts.outputs, facts.truth)
    return made or "the truth of the data set is not at hand"


def evidence_of(context: Context, outputs: Path, truth: Truth) -> Evidence | None:
    """Lay a job's outputs beside the truth; None where its model has no data set.

    Raises:
        DataError: the outputs cannot be read, or not of all pictures.
    """
    model = context.model
    variant = model.variant(context.job.training_framework)
    if model.dataset is None or variant is None:
        return None
    samples = read_outputs(
        outputs, context.artifact.outputs, context.job.batch, model.dataset.count
    )
    return Evidence(model, variant, context.artifact, truth, samples, str(outputs))


def ranks_of(evidence: Evidence) -> Ranks:
    """Find where the true class of each picture stands among a classifier's scores."""
    scores = np.array([outputs[0].ravel() for outputs in evidence.samples])
    is_shifted = evidence.variant.labels in _AFTER_BACKGROUND
    labels = evidence.truth.astype(np.int64) + (1 if is_shifted else 0)
    return rank_labels(scores, labels, evidence.name)


def _classification(evidence: Evidence) -> Accuracy:
    ranks = ranks_of(evidence)
    found: dict[str, Interval | str] = {}
    for name, k in zip(NAMES["classification"], (1, 5), strict=True):
        found[name] = ranks.top(k)
        if ranks.class_count <= k:
            count = ranks.class_count
            found[name] = f"with {count} classes every answer is among the {k} best"
    tied = int(ranks.tied.sum())
    note = f"in {tied} samples another class has the same score as the true one" if tied else ""
    return Accuracy(found, note)


def detections_of(evidence: Evidence) -> Detections | None:
    """Hold a detector's boxes against the true ones; None where it does not say what they are."""
    coding, dataset = evidence.model.boxes, evidence.model.dataset
    if coding is None or dataset is None:
        return None
    codes, scores = _raw_outputs(evidence.artifact)
    found = decode(((out[codes], out[scores]) for out in evidence.samples), coding)
    return match(true_boxes(evidence.truth.astype(np.float64)), found, dataset.count)


def _detection(evidence: Evidence) -> Accuracy:
    made = detections_of(evidence)
    if made is None:
        reason = "the model does not say how its outputs become boxes"
        return Accuracy(dict.fromkeys(NAMES["detection"], reason))
    return Accuracy({f"{name}_ratio": figure for name, figure in made.intervals().items()})


def _raw_outputs(artifact: Artifact) -> tuple[int, int]:
    """Find which output holds the boxes' codes and which the scores: converters reorder them."""
    shapes = [tensor.shape for tensor in artifact.outputs]
    codes = [place for place, shape in enumerate(shapes) if len(shape) == 3 and shape[-1] == 4]
    if len(shapes) != 2 or not codes:
        problem = f"has outputs {shapes}, not (batch, anchors, 4) and (batch, anchors, classes)"
        raise DataError(f"artifact '{artifact.file}'", problem, "Convert the network anew.")
    if len(codes) == 2:
        problem = f"has outputs {shapes}: 4 scores cannot be told from the 4 numbers of a box"
        raise DataError(f"artifact '{artifact.file}'", problem, "Give the detector another class.")
    return codes[0], 1 - codes[0]


def likeness_of(evidence: Evidence) -> list[tuple[float, float]]:
    """Compare each picture that a network made with the true one: PSNR (dB) and SSIM.

    Infinite where both are equal; NaN where it holds pixels that are no numbers, or is too small.

    Raises:
        DataError: the pictures are of other sizes.
    """
    order, border_px = evidence.variant.input.colour_order, evidence.model.border_px
    found = []
    for true, outputs in zip(evidence.truth, evidence.samples, strict=True):
        made = _picture(outputs[0], evidence)
        if made.shape != true.shape:
            problem = f"holds pictures of {made.shape}, but the true ones are {true.shape}"
            raise DataError(evidence.name, problem, "Check the model's data set.")
        if not np.isfinite(made).all():
            found.append((np.nan, np.nan))
            continue
        pair = [inner(luma(p, order), border_px) for p in (true.astype(np.float64), made)]
        is_small = min(pair[0].shape) < SSIM_LEAST_PX
        found.append((psnr_db(*pair), np.nan if is_small else ssim_ratio(*pair)))
    return found


def _super_resolution(evidence: Evidence) -> Accuracy:
    psnr_name, ssim_name = NAMES["super_resolution"]
    psnr, ssim = (list(figures) for figures in zip(*likeness_of(evidence), strict=True))
    unknown = int(np.isnan(psnr).sum())
    if unknown:
        reason = f"{unknown} of {len(psnr)} pictures hold pixels that are no numbers"
        return Accuracy({psnr_name: reason, ssim_name: reason})
    return Accuracy({psnr_name: _psnr(psnr), ssim_name: _ssim(ssim)})


def _picture(output: NDArray[np.float64], evidence: Evidence) -> NDArray[np.float64]:
    """Turn an output into the 8-bit picture that a screen would show: (height, width, channels)."""
    is_last = evidence.artifact.layout == "NHWC"
    picture = output if is_last else np.moveaxis(output, 0, -1)
    taken = evidence.variant.input
    values: NDArray[np.float64] = picture * np.asarray(taken.scale) + np.asarray(taken.mean)
    return np.clip(np.rint(values), 0.0, 255.0)


def _psnr(found: list[float]) -> Interval | str:
    equal = found.count(float("inf"))
    if equal:
        return f"{equal} of {len(found)} pictures are the true ones, so their PSNR has no bound"
    return mean_interval(found)


def _ssim(found: list[float]) -> Interval | str:
    if np.isnan(found).any():
        return f"pictures below {SSIM_LEAST_PX} × {SSIM_LEAST_PX} pixels are too small for SSIM"
    return mean_interval(found)


_MAKERS: dict[Application, Callable[[Evidence], Accuracy]] = {
    "classification": _classification,
    "detection": _detection,
    "super_resolution": _super_resolution,
}
