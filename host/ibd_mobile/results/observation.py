"""The paper's seven observations as statements that data can support or contradict.

Each is tested by comparisons that `compare` would allow, and by nothing else: findings that spoil a
metric keep it out, and so does a wrong answer. Of 1, 4, 5 and 7 the paper's words are at hand; 2, 3
and 6 are what its figures show. Whatever the paper expects, what was measured is told.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import ValidityError
from ibd_mobile.core.record import Record
from ibd_mobile.results.compare import Compared, Comparison, compare
from ibd_mobile.results.key import FLOATING
from ibd_mobile.results.pairing import pair
from ibd_mobile.results.side import Side

#: every two are held against each other: of more configurations it takes too long
_OBSERVED_COUNT = 400
#: two speeds that lie within this of each other, by their whole interval, are the same
SAME_RATIO = 0.05

Status = Literal["supported", "contradicted", "not testable"]
Direction = Literal["more", "less", "other"]


class Observation(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """What the data at hand say to one of the paper's observations."""

    number: int
    statement: str
    status: Status
    reason: str  #: how many comparisons say what
    evidence: list[str]  #: the comparisons themselves


@dataclass(frozen=True, slots=True)
class _Claim:
    """That a metric changes in some direction when a variable does."""

    by: str
    metric: str
    expected: Direction  #: "other": that it changes at all
    #: 1, -1: B comes after A, or before; 0: the pair is none of this claim's
    order: Callable[[Record, Record], int]


def _any(_: Record, __: Record) -> int:
    return 1


def _by_number(name: str) -> Callable[[Record, Record], int]:
    def order(a: Record, b: Record) -> int:
        return -1 if getattr(a.job, name) > getattr(b.job, name) else 1

    return order


def _quantized(a: Record, b: Record) -> int:
    """From floating point to quantized, whichever of the two is A."""
    is_float = (a.job.precision in FLOATING, b.job.precision in FLOATING)
    return {(True, False): 1, (False, True): -1}.get(is_float, 0)


def _by_cost(a: Record, b: Record) -> int:
    counts = (a.workload.macs_count, b.workload.macs_count)
    if 0 in counts or counts[0] == counts[1]:
        return 0
    return 1 if counts[0] < counts[1] else -1


_CLAIMS: tuple[tuple[int, str, tuple[_Claim, ...]], ...] = (
    (
        1,
        "The framework that a network was trained with changes its speed.",
        (_Claim("training_framework", "throughput_per_s", "other", _any),),
    ),
    (
        2,
        "A larger input makes a network slower.",
        (_Claim("input_size", "throughput_per_s", "less", _by_number("input_size")),),
    ),
    (
        3,
        "The inference framework changes the speed of one network on one processor.",
        (_Claim("framework", "throughput_per_s", "other", _any),),
    ),
    (
        4,
        "On one device, a quantized network is faster than one in floating point.",
        (_Claim("precision", "throughput_per_s", "more", _quantized),),
    ),
    (
        5,
        "With a larger batch, time per sample falls while time per batch and throughput rise.",
        (
            _Claim("batch", "latency_s", "less", _by_number("batch")),
            _Claim("batch", "execution_s", "more", _by_number("batch")),
            _Claim("batch", "throughput_per_s", "more", _by_number("batch")),
        ),
    ),
    (
        6,
        "Networks differ in operations per joule.",
        (_Claim("model", "ops_per_j", "other", _any),),
    ),
    (
        7,
        "Utilization falls with a larger batch and rises with the cost of a network.",
        (
            _Claim("batch", "utilization_ratio", "less", _by_number("batch")),
            _Claim("model", "utilization_ratio", "more", _by_cost),
        ),
    ),
)
_EVIDENCE_COUNT = 12


def observe(sides: Sequence[Side], allowed: Collection[str] = ()) -> list[Observation]:
    """Test all seven observations against what was measured; none where it is too much.

    Args:
        sides: configurations, of one run or of several.
        allowed: ids of findings that do not stand in the way.
    """
    if len(sides) > _OBSERVED_COUNT:
        return []
    variables = {claim.by for *_, claims in _CLAIMS for claim in claims}
    comparisons = {by: _comparisons(sides, by, allowed) for by in sorted(variables)}
    return [
        _observation(number, statement, claims, comparisons)
        for number, statement, claims in _CLAIMS
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """One comparison as to one claim."""

    says: Literal["for", "against", "nothing"]
    text: str


def _comparisons(
    sides: Sequence[Side], by: str, allowed: Collection[str]
) -> list[tuple[Record, Record, Comparison]]:
    try:
        pairs = pair(sides, sides, by).pairs
    except ValidityError:
        return []
    found, seen = [], set()
    for group in pairs:
        a, b = group[0]
        key = frozenset((id(a.main), id(b.main)))
        if key not in seen:  # each two stand against each other both ways round
            seen.add(key)
            found.append((a.main, b.main, compare(group, by, allowed)))
    return found


def _observation(
    number: int,
    statement: str,
    claims: Sequence[_Claim],
    comparisons: dict[str, list[tuple[Record, Record, Comparison]]],
) -> Observation:
    by_claim = [
        [
            one
            for a, b, comparison in comparisons[claim.by]
            if claim.order(a, b)
            for one in _judged(claim, a, b, comparison)
        ]
        for claim in claims
    ]
    found = [one for judged in by_claim for one in judged]
    counts = {says: sum(one.says == says for one in found) for says in ("for", "against")}
    told = f"{counts['for']} of {len(found)} comparisons speak for it, {counts['against']} against"
    if not found:
        told = "nothing was measured that differs in this alone and is not spoiled"
    elif untold := _untold(claims, by_claim):
        told += f"; nothing is shown of {' and '.join(untold)}"
    ordered = sorted(found, key=lambda one: ("against", "for", "nothing").index(one.says))
    return Observation(
        number=number,
        statement=statement,
        status=_status(claims, by_claim),
        reason=told,
        evidence=[one.text for one in ordered[:_EVIDENCE_COUNT]],
    )


def _untold(claims: Sequence[_Claim], by_claim: Sequence[Sequence[_Found]]) -> list[str]:
    """Name the parts of a statement that no comparison says anything to, if it has several."""
    return [
        f"{claim.metric} by {claim.by.replace('_', ' ')}"
        for claim, judged in zip(claims, by_claim, strict=True)
        if len(claims) > 1 and all(one.says == "nothing" for one in judged)
    ]


def _status(claims: Sequence[_Claim], by_claim: Sequence[Sequence[_Found]]) -> Status:
    """One case is enough where something is said to occur, and one against where it always does.

    A statement of several parts is supported where each of them is.
    """
    occurs = all(claim.expected == "other" for claim in claims)
    is_against = any(one.says == "against" for judged in by_claim for one in judged)
    is_for = all(any(one.says == "for" for one in judged) for judged in by_claim)
    if is_for and (occurs or not is_against):
        return "supported"
    return "contradicted" if is_against else "not testable"


def _judged(claim: _Claim, a: Record, b: Record, comparison: Comparison) -> Iterable[_Found]:
    metric = next((m for m in comparison.metrics if m.name == claim.metric), None)
    if metric is None or metric.ratio is None:
        return
    yield _Found(_says(claim, metric, claim.order(a, b)), _text(metric, comparison))


def _says(claim: _Claim, metric: Compared, order: int) -> Literal["for", "against", "nothing"]:
    low, high = metric.ratio_low, metric.ratio_high
    is_shown = metric.verdict in ("better", "worse")
    if claim.expected == "other":
        if is_shown:
            return "for"
        if low is None or high is None:
            return "nothing"
        is_same = low >= 1 / (1 + SAME_RATIO) and high <= 1 + SAME_RATIO
        return "against" if is_same else "nothing"
    if not is_shown or metric.difference is None:
        return "nothing"
    is_more = metric.difference * order > 0
    return "for" if is_more == (claim.expected == "more") else "against"


def _text(metric: Compared, comparison: Comparison) -> str:
    variable = comparison.differs_in[0]
    low, high = (
        f"{end:.3g}" if end is not None else "?" for end in (metric.ratio_low, metric.ratio_high)
    )
    what = f"{variable.title} {variable.a} → {variable.b}"
    return f"{what}: {metric.name} × {metric.ratio:.3g} [{low}–{high}], {comparison.title}"
