"""Burst and sustained speed apart: the first few inferences, and what is left after seconds."""

from collections.abc import Iterator, Sequence

import msgspec

from ibd_mobile.core.metric import Metric
from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.side import interval_of
from ibd_mobile.results.table import Row, configuration

_TOLD_COUNT = 3  #: so many pairs are named
#: every two are held against each other; so many are still done at once
_ROWS_COUNT = 300


def sustained_latency(row: Row) -> Metric:
    """Return the time of one sample in the power phase, beside `latency_s` of the timed runs."""
    found = next((m for m in row.metrics if m.name == "sustained_execution_s"), None)
    if found is None or found.value is None:
        missing = found.missing if found is not None else "the record does not have it"
        return Metric(
            name="sustained_latency_s", group="latency", unit="s", value=None, missing=missing
        )
    per_sample = interval_of(found).scaled(1 / row.job.batch)
    return msgspec.structs.replace(
        found,
        name="sustained_latency_s",
        value=per_sample.value,
        low=per_sample.low,
        high=per_sample.high,
    )


def order_change(rows: Sequence[Row], labels: Sequence[str]) -> str:
    """Say which configuration is faster in a burst and slower when sustained, or "".

    Both must be shown by their intervals: of two that are equal, chance would make one the faster.
    A speed that belongs to a wrong answer is not ranked.
    """
    if len(rows) > _ROWS_COUNT:
        return f"Whether burst and sustained order {len(rows)} configurations alike is not told."
    found = []
    ranked = [
        (configuration(row.job), label, interval_of(burst), interval_of(sustained))
        for row, label, burst, sustained in _speeds(rows, labels)
        if burst.value is not None and sustained.value is not None
    ]
    for place, (own, label, burst, sustained) in enumerate(ranked):
        for others, other, other_burst, other_sustained in ranked[place + 1 :]:
            if others == own:
                continue  # a repetition
            now_s = other_burst.value - burst.value
            if now_s * (other_sustained.value - sustained.value) >= 0:
                continue
            pairs = ((burst, other_burst), (sustained, other_sustained))
            if all(contrast(*pair).is_shown for pair in pairs):
                first, second = (label, other) if now_s > 0 else (other, label)
                how = "in a burst and slower when sustained"
                found.append(f"{first} is faster than {second} {how}")
    if not found:
        return ""
    more = len(found) - _TOLD_COUNT
    told = "; ".join(found[:_TOLD_COUNT]) + (f"; and {more} more pairs" if more > 0 else "")
    return f"The order changes: {told}."


def _speeds(
    rows: Sequence[Row], labels: Sequence[str]
) -> Iterator[tuple[Row, str, Metric, Metric]]:
    """Burst and sustained time of each row that may be ranked."""
    for label, row in zip(labels, rows, strict=True):
        if not any(finding.id == "ACCURACY-LOST" for finding in row.findings):
            yield row, label, row.metric("latency_s"), sustained_latency(row)
