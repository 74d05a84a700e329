"""What spoils the accuracy of a job, or shows that its speed is that of a wrong answer."""

from collections.abc import Iterator

from ibd_mobile.core.finding import Finding
from ibd_mobile.results.accuracy import REFERENCES
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.rule import ALL, Metrics, finding, value_of

#: engines round differently, and with 8-bit numbers that may turn one answer in a hundred
ACCURACY_MARGIN_RATIO = 0.01
#: likewise, of a PSNR; a tenth of a decibel is what papers on super-resolution argue about
ACCURACY_MARGIN_DB = 0.1
_REMEDY = "Compare the outputs with those of another engine; a fast wrong answer is no result."


def accuracy_lost(facts: Facts, metrics: Metrics) -> Iterator[Finding]:
    """Accuracy below the reference of the very file, or no better than no network at all."""
    artifact = facts.context.artifact
    for reference in artifact.reference:
        metric = metrics.get(REFERENCES.get(reference.metric, ""))
        if metric is None or metric.value is None:
            continue
        is_db = metric.unit == "dB"
        least = reference.value - (ACCURACY_MARGIN_DB if is_db else ACCURACY_MARGIN_RATIO)
        # A figure without bounds is one that nothing was drawn against: all right or all wrong.
        high = metric.value if metric.high is None else metric.high
        if metric.value < least and high < reference.value:
            told, limit = (f"{v:.2f} dB" if is_db else f"{v:.2%}" for v in (metric.value, least))
            measured = f"{reference.metric} {told} of {metric.n}"
            yield finding(
                "ACCURACY-LOST", measured, f"≥ {limit} ({reference.source})", _REMEDY, ALL
            )
    if not artifact.is_untrained:
        for measured, limit in _guesses(facts, metrics):
            yield finding("ACCURACY-LOST", measured, limit, _REMEDY, ALL)


def _guesses(facts: Facts, metrics: Metrics) -> Iterator[tuple[str, str]]:
    """What is no better than a network that looks at nothing, and what would be."""
    top1, dataset = metrics.get("top1_ratio"), facts.context.model.dataset
    if top1 is not None and top1.low is not None and dataset is not None:
        chance = 1 / max(len(dataset.labels), 1)
        if top1.low <= chance:
            measured = f"top1 {top1.value:.2%} of {top1.n} is no better than guessing"
            yield measured, f"above {chance:.2%}"
    if value_of(metrics, "map_voc_ratio") == 0:
        yield f"no true box was found in {metrics['map_voc_ratio'].n} pictures", "some"


def untrained(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Weights that nobody trained."""
    if facts.context.artifact.is_untrained:
        remedy = "Use a trained artifact for accuracy; its speed is that of a trained one."
        yield finding("UNTRAINED", "weights are random", "trained", remedy, ("accuracy",))
