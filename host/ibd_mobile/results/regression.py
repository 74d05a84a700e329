"""Whether B is slower than A by more than somebody allows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.compare import Compared, Comparison

#: of one inference at a time, and of many after each other: either may become slower alone
SPEEDS = ("latency_s", "sustained_execution_s")
_FORM = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)")

Judgement = Literal["slower", "within the limit", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Regression:
    """How one speed stands to the limit."""

    comparison: Comparison
    metric: Compared
    judgement: Judgement


def limit_ratio(text: str) -> float:
    """Read "5%" or "0.05".

    Raises:
        InputError: it is neither.

    >>> limit_ratio("5%"), limit_ratio("0.1")
    (0.05, 0.1)
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise InputError(f"limit '{text}'", "is no share", "Write 5% or 0.05.")
    return float(form[1]) * (0.01 if form[2] else 1.0)


def judge(comparisons: Sequence[Comparison], limit_ratio: float) -> list[Regression]:
    """Hold every speed that was compared against a limit.

    Slower: B takes longer by more than the limit, and that it takes longer at all is shown. Within:
    the whole interval is. What lies between cannot be told with so few runs.
    """
    return [
        Regression(comparison, metric, _judgement(metric, limit_ratio))
        for comparison in comparisons
        for metric in comparison.metrics
        if metric.name in SPEEDS and metric.ratio is not None
    ]


def _judgement(metric: Compared, limit_ratio: float) -> Judgement:
    if metric.ratio is not None and metric.ratio > 1 + limit_ratio and metric.verdict == "worse":
        return "slower"
    if metric.ratio_high is not None and metric.ratio_high <= 1 + limit_ratio:
        return "within the limit"
    return "cannot tell"
