"""Accuracy of a job, by the measures of its application."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.context import Context
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Application, Artifact, Dataset, Input
from ibd_mobile.results.box_decoding import decode
from ibd_mobile.results.boxes import true_boxes
from ibd_mobile.results.classification import rank_labels
from ibd_mobile.results.detection import match
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.outputs import read_outputs
from ibd_mobile.results.stats import Interval, mean_interval
from ibd_mobile.results.super_resolution import SSIM_LEAST_PX, luma, psnr_db, ssim_ratio

#: metrics of each application, in the order of tables
NAMES: dict[Application, tuple[str, ...]] = {
    "classification": ("top1_ratio", "top5_ratio"),
    "detection": ("map_coco_ratio", "map_voc_ratio", "map_voc07_ratio", "miou_ratio"),
    "super_resolution": ("psnr_y_db", "ssim_ratio"),
}
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
class _Evidence:
    """What accuracy is made of, once all of it is there."""

    context: Context
    dataset: Dataset
    truth: NDArray[np.generic]
    path: Path  #: of the outputs
    taken: Input

    @property
    def samples(self) -> Iterator[tuple[NDArray[np.float64], ...]]:
        """All outputs of each sample."""
        outputs, batch = self.context.artifact.outputs, self.context.job.batch
        return read_outputs(self.path, outputs, batch, self.dataset.count)


def accuracy_of(facts: Facts) -> Accuracy:
    """Hold what a job's outputs say against the truth of its data set.

    Raises:
        DataError: outputs and truth do not fit together.
    """
    application = facts.context.model.application
    evidence = _evidence(facts)
    if isinstance(evidence, str):
        return Accuracy(dict.fromkeys(NAMES[application], evidence))
    return _MAKERS[application](evidence)


def _evidence(facts: Facts) -> _Evidence | str:
    context, model = facts.context, facts.context.model
    variant = model.variant(context.job.training_framework)
    if context.job.kind != "accuracy":
        return "measured by an accuracy job"
    if facts.outputs is None:
        phase = facts.phase("dataset")
        return phase if isinstance(phase, str) else "the program wrote no outputs"
    if facts.truth is None or model.dataset is None or variant is None:
        return "the truth of the data set is not at hand"
    return _Evidence(context, model.dataset, facts.truth, facts.outputs, variant.input)


def _classification(evidence: _Evidence) -> Accuracy:
    scores = np.array([outputs[0].ravel() for outputs in evidence.samples])
    ranks = rank_labels(scores, evidence.truth.astype(np.int64), str(evidence.path))
    found: dict[str, Interval | str] = {}
    for name, k in zip(NAMES["classification"], (1, 5), strict=True):
        found[name] = ranks.top(k)
        if ranks.class_count <= k:
            count = ranks.class_count
            found[name] = f"with {count} classes every answer is among the {k} best"
    tied = int(ranks.tied.sum())
    note = f"in {tied} samples another class has the same score as the true one" if tied else ""
    return Accuracy(found, note)


def _detection(evidence: _Evidence) -> Accuracy:
    coding = evidence.context.model.boxes
    if coding is None:
        reason = "the model does not say how its outputs become boxes"
        return Accuracy(dict.fromkeys(NAMES["detection"], reason))
    codes, scores = _raw_outputs(evidence.context.artifact)
    found = decode(((out[codes], out[scores]) for out in evidence.samples), coding)
    truth = true_boxes(evidence.truth.astype(np.float64))
    made = match(truth, found, evidence.dataset.count).intervals()
    return Accuracy({f"{name}_ratio": figure for name, figure in made.items()})


def _raw_outputs(artifact: Artifact) -> tuple[int, int]:
    """Find which output holds the boxes' codes and which the scores: converters reorder them."""
    shapes = [tensor.shape for tensor in artifact.outputs]
    codes = [place for place, shape in enumerate(shapes) if len(shape) == 3 and shape[-1] == 4]
    if len(shapes) != 2 or not codes:
        problem = f"has outputs {shapes}, not (batch, anchors, 4) and (batch, anchors, classes)"
        raise DataError(f"artifact '{artifact.file}'", problem, "Convert the network anew.")
    return codes[0], 1 - codes[0]


def _super_resolution(evidence: _Evidence) -> Accuracy:
    truth, order = evidence.truth.astype(np.float64), evidence.taken.colour_order
    made = [_picture(outputs[0], evidence) for outputs in evidence.samples]
    if made[0].shape != truth.shape[1:]:
        problem = f"holds pictures of {made[0].shape}, but the true ones are {truth.shape[1:]}"
        raise DataError(str(evidence.path), problem, "Check the model's data set.")
    psnr_name, ssim_name = NAMES["super_resolution"]
    unknown = sum(not np.isfinite(picture).all() for picture in made)
    if unknown:
        reason = f"{unknown} of {len(made)} pictures hold pixels that are no numbers"
        return Accuracy({psnr_name: reason, ssim_name: reason})
    pairs = [(luma(t, order), luma(m, order)) for t, m in zip(truth, made, strict=True)]
    return Accuracy({psnr_name: _psnr(pairs), ssim_name: _ssim(pairs)})


def _picture(output: NDArray[np.float64], evidence: _Evidence) -> NDArray[np.float64]:
    """Turn an output into the 8-bit picture that a screen would show: (height, width, channels)."""
    is_last = evidence.context.artifact.layout == "NHWC"
    picture = output if is_last else np.moveaxis(output, 0, -1)
    taken = evidence.taken
    values: NDArray[np.float64] = picture * np.asarray(taken.scale) + np.asarray(taken.mean)
    return np.clip(np.rint(values), 0.0, 255.0)


_Pairs = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


def _psnr(pairs: _Pairs) -> Interval | str:
    found = [psnr_db(*pair) for pair in pairs]
    equal = found.count(float("inf"))
    if equal:
        return f"{equal} of {len(found)} pictures are the true ones, so their PSNR has no bound"
    return mean_interval(found)


def _ssim(pairs: _Pairs) -> Interval | str:
    if min(pairs[0][0].shape) < SSIM_LEAST_PX:
        return f"pictures below {SSIM_LEAST_PX} × {SSIM_LEAST_PX} pixels are too small for SSIM"
    return mean_interval([ssim_ratio(*pair) for pair in pairs])


_MAKERS: dict[Application, Callable[[_Evidence], Accuracy]] = {
    "classification": _classification,
    "detection": _detection,
    "super_resolution": _super_resolution,
}
