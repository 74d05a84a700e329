"""A number as people read it: three significant digits, its interval, a unit with SI prefix."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from ibd_mobile.core.metric import Metric

NOT_AVAILABLE = "n/a"

#: unit of a metric -> what stands after a prefix; units that are not here get none
_PREFIXABLE = {
    "s": "s",
    "W": "W",
    "Hz": "Hz",
    "J": "J",
    "J/sample": "J",
    "1/s": "/s",
    "samples/s": "/s",
    "samples/J": "/J",
    "ops/J": "/J",
}
_PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_DIGITS_COUNT = 3
_MORE_DIGITS_COUNT = 2  #: at most so many more where the interval is that narrow
_SMALLEST_SHOWN = 0.1  #: smaller numbers of a line get a prefix of their own
_SKEW_RATIO = 0.1  #: arms of an interval that differ by more are told apart


@dataclass(frozen=True, slots=True)
class Figure:
    """The parts of a printed number; `str` puts them in a line."""

    value: str  #: "1.83", or "n/a"
    unit: str = ""  #: "ms"
    interval: str = ""  #: "± 0.04" or "[96.6–99.1]"

    def __str__(self) -> str:
        """Put ± between number and unit, a range behind both."""
        is_range = self.interval.startswith("[")
        parts = (self.value, self.unit, self.interval)
        ordered = parts if is_range else (self.value, self.interval, self.unit)
        return " ".join(part for part in ordered if part)


def figure(metric: Metric, like: float | None = None) -> Figure:
    """Print a metric; ratios become per cent, and what is missing "n/a".

    The interval of a share (Wilson) or a lopsided one is told as a range, others with ±. Digits
    follow the interval where it is narrower than three significant digits of the value.

    Args:
        metric: with the unit of its value.
        like: a value whose prefix is used, so that neighbours can be compared; None = its own.

    >>> latency = Metric(name="latency_s", group="latency", unit="s", value=0.0018342,
    ...                  low=0.0017958, high=0.0018726)
    >>> str(figure(latency))
    '1.83 ± 0.04 ms'
    """
    if metric.value is None:
        return Figure(NOT_AVAILABLE)
    factor, unit = scale(metric.value if like is None else like, metric.unit)
    value = metric.value * factor
    if metric.low is None or metric.high is None:
        return Figure(_fixed(value, _decimals(value)), unit)
    low, high = metric.low * factor, metric.high * factor
    decimals = _decimals(value, (high - low) / 2)
    arm = max(high - value, value - low)
    is_lopsided = abs((high - value) - (value - low)) > _SKEW_RATIO * (high - low)
    if metric.interval_method == "wilson" or is_lopsided or arm < 0:
        dash = "–" if low >= 0 else " to "
        interval = f"[{_fixed(low, decimals)}{dash}{_fixed(high, decimals)}]"
    elif round(arm, decimals) == 0 and arm > 0:
        interval = f"± <{_fixed(10.0**-decimals, decimals)}"
    else:
        interval = f"± {_fixed(arm, decimals)}"
    return Figure(_fixed(value, decimals), unit, interval)


def shared_scale(values: Sequence[float]) -> float | None:
    """Return the value whose prefix suits all, or None where they are too far apart for one.

    >>> shared_scale([0.0018, 0.00072]), shared_scale([1.0, 0.001])
    (0.0018, None)
    """
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return None
    power = 10.0 ** (3 * floor(log10(float(f"{max(sizes):.{_DIGITS_COUNT - 1}e}")) / 3))
    return max(sizes) if min(sizes) >= _SMALLEST_SHOWN * power else None


def scale(value: float, unit: str) -> tuple[float, str]:
    """Return the factor and the unit with prefix that suit a value, as on the axis of a chart.

    >>> scale(0.0018, "s")
    (1000.0, 'ms')
    >>> scale(0.617, "1/s")  # "617 m/s" would be read as metres
    (1.0, '/s')
    """
    if unit == "ratio":
        return 100.0, "%"
    if unit not in _PREFIXABLE:
        return 1.0, unit
    rounded = abs(float(f"{value:.{_DIGITS_COUNT - 1}e}"))  # 999.9 is 1.00 k, not 1000
    power = 3 * floor(log10(rounded) / 3) if rounded else 0
    least = 0 if _PREFIXABLE[unit].startswith("/") else min(_PREFIXES)
    power = min(max(power, least), max(_PREFIXES))
    return 10.0**-power, _PREFIXES[power] + _PREFIXABLE[unit]


def signed(value: float, decimals: int) -> str:
    """Print a change with its sign.

    >>> signed(-3.14159, 2), signed(0.5, 1)
    ('−3.14', '+0.5')
    """
    return f"{value:+.{decimals}f}".replace("-", "−")


def _decimals(value: float, arm: float = 0.0) -> int:
    if arm > abs(value):  # as with a difference that may be none: digits of the value say nothing
        return max(0, _DIGITS_COUNT - 1 - _exponent(arm))
    by_value = _DIGITS_COUNT - 1 - _exponent(value)
    by_arm = -_exponent(arm) if arm > 0 else by_value
    return max(0, min(max(by_value, by_arm), by_value + _MORE_DIGITS_COUNT))


def _exponent(value: float) -> int:
    """Return the power of ten of a value's first digit, after rounding to three digits."""
    return int(f"{value:.{_DIGITS_COUNT - 1}e}".partition("e")[2])


def _fixed(value: float, decimals: int) -> str:
    return f"{value:z.{decimals}f}".replace("-", "−")  # z: a zero has no sign
