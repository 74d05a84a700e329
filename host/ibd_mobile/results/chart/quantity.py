"""What an axis is of."""

from dataclasses import dataclass

from ibd_mobile.results.figure import scale


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is drawn along an axis."""

    title: str
    unit: str  #: as in a metric
    of: str = ""  #: what is counted, where the unit leaves that open: "samples" of 1/s
    is_difference: bool = False  #: whether zero lies in the interval is what is asked of it

    def axis(self, largest: float) -> tuple[float, str]:
        """Return the factor by which values are drawn, and what stands along the axis.

        >>> Quantity("throughput", "1/s", "samples").axis(3240.0)
        (0.001, 'throughput, k samples/s')
        >>> Quantity("time", "s").axis(0.0018)
        (1000.0, 'time, ms')
        """
        factor, printed = scale(largest, self.unit)
        before, slash, after = printed.partition("/")
        parts = (before, f"{self.of}{slash}{after}") if self.of else (printed,)
        told = " ".join(part for part in parts if part)
        return factor, f"{self.title}, {told}" if told else self.title
