"""How far an axis reaches: over all figures, and their intervals unless these are wild."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ibd_mobile.results.chart.dot import Dot

#: an interval is cut where it goes beyond the figures by more than this share of the largest: that
#: of five unsteady runs can be ten times as long as the figure, and would hide all others
_REACH_RATIO = 1.0
_MARGIN_RATIO = 0.04


@dataclass(frozen=True, slots=True)
class Frame:
    """The ends of an axis."""

    low: float
    high: float

    def cut(self, end: float) -> float:
        """Return where an end of an interval is drawn."""
        return min(max(end, self.low), self.high)


def from_zero(
    dots: Iterable[Dot], factor: float, *, least_high: float = 0.0, is_cut: bool = True
) -> Frame:
    """Reach from zero, so that lengths can be compared, or from below where figures do.

    Args:
        dots: with their intervals.
        factor: by which they are drawn.
        least_high: the axis goes on at least to here, in what is drawn.
        is_cut: wild intervals do not widen it.
    """
    known = list(dots)
    values = [dot.value * factor for dot in known if dot.value is not None] or [0.0]
    ends = [end * factor for dot in known for end in dot.ends] or [0.0]
    reach = _REACH_RATIO * max(map(abs, values)) if is_cut else math.inf
    bottom, top = min(0.0, *values), max(0.0, *values)
    low = min(bottom, max(min(ends), bottom - reach))
    high = max(top, min(max(ends), top + reach), least_high)
    margin = _MARGIN_RATIO * ((high - low) or 1.0)
    return Frame(
        low - margin if low < 0 else 0.0, high if 0 < high == least_high else high + margin
    )


def of_magnitudes(dots: Iterable[Dot], factor: float) -> Frame:
    """Reach from half the least figure to twice the largest, for a logarithmic axis."""
    values = [dot.value * factor for dot in dots if dot.value is not None]
    return Frame(min(values) / 2, max(values) * 2)
