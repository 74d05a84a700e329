"""What we count of a network beside what others published, and how far the two may differ."""

from dataclasses import dataclass
from typing import Final

from ibd_mobile.core.model import Cost, Model

#: figures are published with three or four digits, and the last is rounded
_ROUNDING_PCT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Expectation:
    """How far our count lies from a published one, and why."""

    low_pct: float
    high_pct: float
    why: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One published count of multiply-adds beside ours."""

    model: str
    training_framework: str
    ours: Cost
    published: Cost
    expected: Expectation

    @property
    def difference_pct(self) -> float:
        """Ours over the published one, less 100 %."""
        return 100 * (self.ours.macs_count / self.published.macs_count - 1)

    @property
    def is_within(self) -> bool:
        """Whether the difference is the one that the conventions explain."""
        return self.expected.low_pct <= self.difference_pct <= self.expected.high_pct


def published_agreement(cost: Cost, model: Model, training_framework: str) -> list[Agreement]:
    """Compare a count with everything that is published about the network.

    Args:
        cost: of a file at the network's own input size; with 0 multiply-adds there is nothing to
            compare.
        model: the network.
        training_framework: whose variant the file was made from.
    """
    return [
        Agreement(
            model.id, training_framework, cost, one, _expected(model.id, training_framework, one)
        )
        for one in model.published
        if one.macs_count and cost.macs_count
    ]


def _expected(model: str, training_framework: str, published: Cost) -> Expectation:
    own = _OF_VARIANTS.get((model, training_framework))
    counter = next((c for c in _OF_COUNTERS if published.counter.startswith(c)), "")
    conventions = _OF_COUNTERS.get(counter, _SAME)
    if own is None:
        return conventions
    return Expectation(
        own.low_pct + conventions.low_pct,
        own.high_pct + conventions.high_pct,
        f"{own.why}; {conventions.why}",
    )


_SAME: Final = Expectation(-_ROUNDING_PCT, _ROUNDING_PCT, "the same convention; rounded")
_MORE: Final = "counts biases, normalisation, activations and pooling too"
#: counters that count or round otherwise, by the beginning of their name
_OF_COUNTERS: Final = {
    "ptflops": Expectation(-1.5, 0.0, f"ptflops {_MORE}"),
    "Open Model Zoo": Expectation(-1.5, 0.0, f"Open Model Zoo's counter {_MORE}, it seems"),
    "the authors": Expectation(-0.5, 0.5, "the same convention; the authors round to millions"),
}
_V1: Final = "the Keras definition strides in the first 1×1 convolution, torchvision in the 3×3"
#: variants whose architecture is not quite the one that was counted
_OF_VARIANTS: Final[dict[tuple[str, str], Expectation]] = {
    ("resnet50", "tensorflow"): Expectation(-6.0, -5.0, _V1),
    ("resnet101", "tensorflow"): Expectation(-3.5, -2.5, _V1),
    ("resnet152", "tensorflow"): Expectation(-2.5, -1.5, _V1),
}
