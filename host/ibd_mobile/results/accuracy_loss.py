"""Accuracy that a file lost against the float32 network that it was made from."""

from ibd_mobile.core.context import Context
from ibd_mobile.core.model import Dataset, ReferenceAccuracy
from ibd_mobile.results.accuracy import REFERENCES, Accuracy
from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.stats import Interval, wilson

#: metric -> what it lost. The 11-point average has none: without an interval it tells of no loss
LOSSES = {
    "top1_ratio": "top1_loss_ratio",
    "top5_ratio": "top5_loss_ratio",
    "map_coco_ratio": "map_coco_loss_ratio",
    "map_voc_ratio": "map_voc_loss_ratio",
    "miou_ratio": "miou_loss_ratio",
    "psnr_y_db": "psnr_y_loss_db",
    "ssim_ratio": "ssim_loss_ratio",
}


def losses(context: Context, accuracy: Accuracy) -> dict[str, Interval | str]:
    """Set a job's accuracy against that of its source on the same data set.

    The interval is recovered from both (MOVER). Both saw the same pictures and mostly err on the
    same, which it does not know of, so it is too wide rather than too narrow.

    Returns:
        By name of the loss, source less this file, or why that is not known.
    """
    found: dict[str, Interval | str] = {}
    for name, figure in accuracy.figures.items():
        if name not in LOSSES:
            continue
        source = source_accuracy(context, name)
        if isinstance(figure, str):
            found[LOSSES[name]] = figure
        elif isinstance(source, str):
            found[LOSSES[name]] = source
        else:
            found[LOSSES[name]] = contrast(figure, _interval(source, name)).difference
    return found


def source_accuracy(context: Context, metric: str) -> ReferenceAccuracy | str:
    """Return what the source reaches on the very data set of a job, or why that is not known.

    Of a drawn set that is what was measured here on as many of its pictures; of pictures of the
    lab, what is stated for that set by its id and for as many of it.
    """
    model, dataset = context.model, context.model.dataset
    variant = model.variant(context.job.training_framework)
    if dataset is None or variant is None:
        return "the accuracy of the source is not known"
    if context.job.input_size != variant.input.height:
        return f"the accuracy of the source is known at {variant.input.height} px alone"
    for reference in variant.reference:
        if REFERENCES.get(reference.metric) == metric and _is_of(reference, dataset):
            return reference
    return f"what the float32 source reaches on {dataset.id} is not known"


def losses_note(context: Context, metric: str) -> str:
    """Say what a loss was taken from."""
    source = source_accuracy(context, metric)
    return "" if isinstance(source, str) else f"source: {source.value:.6g} ({source.source})"


def _is_of(reference: ReferenceAccuracy, dataset: Dataset) -> bool:
    return reference.dataset == dataset.pictures and reference.n == dataset.count


def _interval(reference: ReferenceAccuracy, metric: str) -> Interval:
    """Take the stated interval; a share of so many answers has one even where none is stated."""
    if reference.low is None and metric in ("top1_ratio", "top5_ratio"):
        return wilson(round(reference.value * reference.n), reference.n)
    return Interval(reference.value, reference.low, reference.high, reference.n, "stated")
