"""A comparison in words: what B is against A, with its interval."""

from ibd_mobile.core.metric import Metric
from ibd_mobile.results.compare import Compared, Comparison
from ibd_mobile.results.figure import figure, shared_scale, signed
from ibd_mobile.results.table import COLUMNS

#: what is shown beside the columns of every table; the rest is in JSON
_SUSTAINED = {
    "sustained_execution_s": "sustained",
    "sustained_throughput_per_s": "sustained",
}
#: numbers of notes
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def label(compared: Compared) -> str:
    """Return what people call a metric within its group, or "" for one that only JSON shows."""
    if compared.name in _SUSTAINED:
        return _SUSTAINED[compared.name]
    return next((column.label for column in COLUMNS if column.name == compared.name), "")


def number(compared: Compared, metric: Metric) -> str:
    """Print A or B, with the prefix that suits both."""
    values = [m.value for m in (compared.a, compared.b) if m.value is not None]
    return str(figure(metric, shared_scale(values)))


def change(compared: Compared) -> str:
    """Say how much more B is: "−36 % [−40 to −31]", below it "−130 ± 19 µs".

    Of accuracy the difference alone: points of a share, decibels, or what has no unit.
    """
    if compared.difference is None:
        return ""
    if compared.unit == "ratio":
        numbers = (compared.difference, compared.difference_low, compared.difference_high)
        return f"{_spread(*(None if n is None else 100 * n for n in numbers))} points"
    if compared.group == "accuracy":
        numbers = (compared.difference, compared.difference_low, compared.difference_high)
        is_share = not compared.unit  # 0…1, as SSIM
        unit = "" if is_share else f" {compared.unit}"
        return _spread(*numbers, unit=unit, more_digits=2 if is_share else 0)
    parts = []
    if compared.ratio is not None:
        numbers = (compared.ratio, compared.ratio_low, compared.ratio_high)
        parts.append(_spread(*(None if n is None else 100 * (n - 1) for n in numbers), unit=" %"))
    found = Metric(
        name=compared.name,
        group=compared.group,
        unit=compared.unit,
        value=compared.difference,
        low=compared.difference_low,
        high=compared.difference_high,
        interval_method="t",
    )
    values = [m.value for m in (compared.a, compared.b) if m.value is not None]
    parts.append(str(figure(found, shared_scale(values) or compared.a.value)))
    return "\n".join(parts)


def verdict(compared: Compared) -> str:
    """Say what comes of a metric."""
    if compared.refused:
        return "refused"
    if compared.missing:
        return "not available"
    is_shown = compared.verdict in ("better", "worse")
    return f"B is {compared.verdict}" if is_shown else compared.verdict or ""


def reason(compared: Compared) -> str:
    """Say why nothing comes of a metric, or ""."""
    return compared.refused or compared.missing


def headline(comparison: Comparison) -> str:
    """Say what a comparison is about: "precision: float32 → int8"."""
    if not comparison.differs_in:
        return "the same measured again"
    first = comparison.differs_in[0]
    return f"{first.title}: {first.a} → {first.b}"


def follows(comparison: Comparison) -> str:
    """Name what else differs since it follows from the variable, or ""."""
    names = [difference.title for difference in comparison.differs_in[1:]]
    return f"differs with it: {', '.join(names)}" if names else ""


def _spread(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    unit: str = "",
    more_digits: int = 0,
) -> str:
    value = 0.0 if value is None else value
    arm = max((abs(end - value) for end in (low, high) if end is not None), default=abs(value))
    digits = (0 if arm >= 10 else 1 if arm >= 0.5 else 2) + more_digits
    if low is None and high is None:
        return f"{signed(value, digits)}{unit}"
    ends = [
        infinite if end is None else signed(end, digits)
        for end, infinite in ((low, "−∞"), (high, "+∞"))
    ]
    return f"{signed(value, digits)}{unit} [{ends[0]} to {ends[1]}]"
