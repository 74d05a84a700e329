"""Whether a made network still is its source: measured on the same inputs, judged by precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.convert.recipe import Likeness
from ibd_mobile.core.device import Precision

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far outputs may be apart before there is no artifact."""

    noise_ratio: float  #: see Likeness
    cosine: float
    top1_agreement_ratio: float  #: of clearly decided samples
    reason: str


#: float32: another order of adding, over networks of 150 layers. float16: 11 bits of significand,
#: which deep networks with random weights carry on badly. int8: 8 bits of each tensor; a trained
#: network that loses more than this has been calibrated wrongly or lost an operator.
TOLERANCES: Final[Mapping[Precision, Tolerance]] = {
    "float32": Tolerance(2e-3, 0.99999, 1.0, "the same arithmetic in another order"),
    "float16": Tolerance(0.05, 0.999, 0.98, "11 bits of significand"),
    "bfloat16": Tolerance(0.2, 0.99, 0.9, "8 bits of significand"),
    "int8": Tolerance(0.6, 0.95, 0.8, "8 bits for each tensor"),
    "int8_dynamic": Tolerance(0.4, 0.97, 0.9, "8 bits for each weight, and each sample's inputs"),
}
#: a sample is decided clearly where the first score leads the second by this share of their spread
_CLEAR_RATIO: Final = 0.1


def compare(name: str, source: Floats, made: Floats) -> Likeness:
    """Measure how far two networks' outputs are apart.

    Args:
        name: of the output, as the record calls it.
        source: (samples, …), what the source network says.
        made: the same shape, what the made one says, dequantised.

    >>> same = np.eye(4, dtype=np.float32)
    >>> compare("y", same, same).noise_ratio
    0.0
    """
    first = source.reshape(len(source), -1).astype(np.float64)
    second = made.reshape(len(made), -1).astype(np.float64)
    difference = second - first
    largest = float(np.abs(first).max(initial=0.0))
    max_abs = float(np.abs(difference).max(initial=0.0))
    # What all samples have in common says nothing about the network; what differs does.
    signal = float(np.sqrt(np.mean((first - first.mean(axis=0)) ** 2)))
    noise = float(np.sqrt(np.mean(difference**2)))
    return Likeness(
        output=name,
        samples_count=len(source),
        max_abs=max_abs,
        max_rel=max_abs / largest if largest else float(max_abs > 0),
        noise_ratio=noise / signal if signal else (0.0 if noise == 0 else float("inf")),
        cosine=float(_cosines(first, second).min(initial=1.0)),
        top1_agreement_ratio=_top1_agreement_ratio(source, made),
    )


def tolerance_of(precision: Precision, *, is_untrained: bool) -> Tolerance:
    """Return how far outputs may be apart.

    With random weights all scores are near each other, and rounding decides which is first; so
    first places are asked for only where nothing is rounded.
    """
    tolerance = TOLERANCES[precision]
    if is_untrained and precision != "float32":
        return replace(tolerance, top1_agreement_ratio=0.0)
    return tolerance


def shortfall(found: Likeness, tolerance: Tolerance) -> str:
    """Say in which way an output is too far from its source's, or ""."""
    if not np.isfinite([found.max_abs, found.noise_ratio, found.cosine]).all():
        return "holds values that are no numbers, or does not depend on the input"
    if found.noise_ratio > tolerance.noise_ratio:
        return (
            f"departs by {found.noise_ratio:.2g} of what the inputs change"
            f" (at most {tolerance.noise_ratio:g}: {tolerance.reason})"
        )
    if found.cosine < tolerance.cosine:
        return f"has a cosine of {found.cosine:.5f} (at least {tolerance.cosine:g})"
    agreement = found.top1_agreement_ratio
    if agreement is not None and agreement < tolerance.top1_agreement_ratio:
        return (
            f"has another top-1 in {1 - agreement:.0%} of the clearly decided samples"
            f" (at most {1 - tolerance.top1_agreement_ratio:.0%})"
        )
    return ""


def first_departure(
    names: Sequence[str], pairs: Sequence[tuple[Any, Any]], tolerance: Tolerance
) -> str:
    """Name the first inner tensor, in the order of the graph, that is too far off; "" if none is.

    Args:
        names: of the tensors.
        pairs: (source, made), each (samples, …).
        tolerance: of the precision that was made.
    """
    for name, (source, made) in zip(names, pairs, strict=True):
        if source.shape != made.shape or not len(source):
            continue
        found = compare(name, source, made)
        if found.noise_ratio > tolerance.noise_ratio or not np.isfinite(found.noise_ratio):
            return name
    return ""


def _cosines(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    products = (first * second).sum(axis=1)
    is_zero = lengths == 0
    cosines: NDArray[np.float64] = np.where(is_zero, 0.0, products / np.where(is_zero, 1, lengths))
    both_zero = ~first.any(axis=1) & ~second.any(axis=1)
    cosines[both_zero] = 1.0
    return cosines


def _top1_agreement_ratio(source: Floats, made: Floats) -> float | None:
    """Compare first places; only for outputs that are one row of scores per sample."""
    if source.ndim != 2 or source.shape[1] < 2:
        return None
    ordered = np.sort(source, axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    is_clear = lead > _CLEAR_RATIO * source.std(axis=1)
    if not is_clear.any():
        return None
    return float((source.argmax(1) == made.argmax(1))[is_clear].mean())
