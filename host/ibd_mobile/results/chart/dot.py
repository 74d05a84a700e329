"""One figure of a chart."""

from dataclasses import dataclass

from ibd_mobile.core.metric import Metric


@dataclass(frozen=True, slots=True)
class Dot:
    """One figure of a chart, with its interval."""

    value: float | None  #: None: not available
    low: float | None = None
    high: float | None = None
    is_spoiled: bool = False  #: drawn hollow
    series: int = 0  #: number of its shape and colour

    @property
    def ends(self) -> tuple[float, ...]:
        """The ends of the interval, or nothing."""
        return () if self.low is None or self.high is None else (self.low, self.high)


def dot_of(metric: Metric, series: int = 0) -> Dot:
    """Make the dot of a metric; what is simulated is said beside the whole chart."""
    spoiling = [id for id in metric.spoiled_by if id != "SIMULATED"]
    return Dot(metric.value, metric.low, metric.high, bool(spoiling), series)
