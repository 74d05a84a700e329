"""Two measurements set against each other, or the reason why they must not be.

Everything that could make a comparison lie is looked at before a number is made: the keys of the
two records, what is simulated, findings that spoil a metric, and whether the faster one is still
right. What remains is told with an interval, and as «no difference shown» where that is so.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

import msgspec

from ibd_mobile.core.device import Noun
from ibd_mobile.core.errors import InputError, ValidityError
from ibd_mobile.core.metric import Group, Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.accuracy_loss import LOSSES
from ibd_mobile.results.contrast import PAIRS_COUNT, Contrast, contrast, joined, paired
from ibd_mobile.results.key import Difference, differences, is_simulated, refusal
from ibd_mobile.results.outcome import Outcome, paired_difference
from ibd_mobile.results.ranking import SAME_FUNCTION, accuracy_gate
from ibd_mobile.results.side import HOME, Side, interval_of

#: conditions that nobody can allow: the number is not that of what its key says
NEVER_ALLOWED = ("ACCURACY-LOST", "FALLBACK")
#: metrics that are made of a count of operations, and of the peak of the processor
_COUNTED = ("ops_per_j", "ops_per_j_net", "utilization_ratio")
_OTHER_COUNT = ("model", "training_framework", "input_size")
_OTHER_PEAK = ("precision", "processor", "device", "threads")
Verdict = Literal["better", "worse", "no difference shown", "not known"]


class Compared(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One metric of the two, with what B is against A, or why nothing is said."""

    name: str
    group: Group
    unit: str
    a: Metric
    b: Metric
    n: int = 0  #: repetitions that were paired or, below 3, averaged; 1 = two single figures
    difference: float | None = None  #: B - A
    difference_low: float | None = None
    difference_high: float | None = None
    ratio: float | None = None  #: B / A
    ratio_low: float | None = None
    ratio_high: float | None = None
    verdict: Verdict | None = None  #: of B
    refused: str = ""  #: why they are not compared
    #: ids of the findings that forbid it
    refused_by: list[str] = msgspec.field(default_factory=list)
    missing: str = ""  #: why one of them has no number
    interval_method: str = ""  #: of the difference: "MOVER", "paired t", "paired answers" …


class Comparison(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """Two configurations that differ in the variable under study alone."""

    by: str  #: the variable, or "repeat"
    run_a: str
    run_b: str
    jobs_a: list[str]
    jobs_b: list[str]
    title: str  #: what both share
    differs_in: list[Difference]  #: the variable, then what follows from it
    is_simulated: bool
    metrics: list[Compared]
    notes: list[str]


def check_allowed(allowed: Collection[str]) -> None:
    """Refuse ids that nobody can allow.

    Raises:
        InputError: one of them is among `NEVER_ALLOWED`.
    """
    for id in allowed:
        if id in NEVER_ALLOWED:
            problem = "cannot be allowed: the number is not that of what it is filed under"
            raise InputError(f"--allow {id}", problem, "Compare what ran as asked, and right.")


def compare(
    pairs: Sequence[tuple[Side, Side]],
    by: str,
    allowed: Collection[str] = (),
    outcome: Callable[[Side], Outcome | None] = lambda _: None,
) -> Comparison:
    """Compare two configurations, each measured once or several times.

    Args:
        pairs: (A, B) of each repetition; all A have one key, and all B.
        by: the variable under study, or `REPEAT`.
        allowed: ids of findings that do not stand in the way.
        outcome: reads what a side's accuracy job says of each picture, where that can be had.

    Raises:
        ValidityError: they differ in more than the variable, or one of them is simulated.
    """
    check_allowed(allowed)
    for side_a, side_b in pairs:
        if reason := obstacle(side_a, side_b, by):
            subject = f"{side_a.run} {side_a.main.job_id} and {side_b.run} {side_b.main.job_id}"
            raise ValidityError(subject, reason, "Choose two that differ in one thing.")
    a, b = pairs[0]
    gate = accuracy_gate(a, b, by)
    return Comparison(
        by=by,
        run_a=a.run,
        run_b=b.run,
        jobs_a=[record.job_id for side, _ in pairs for record in side.records.values()],
        jobs_b=[record.job_id for _, side in pairs for record in side.records.values()],
        title=_title(a.main, by),
        differs_in=_in_order(differences(a.main, b.main), by),
        is_simulated=is_simulated(a.main),
        metrics=[
            _compared(name, group, pairs, by, allowed, gate, outcome)
            for name, group in _names(a, b).items()
        ],
        notes=_notes(a, b, by),
    )


def obstacle(a: Side, b: Side, by: str) -> str:
    """Say why two configurations cannot be compared as to a variable, or ""."""
    shared = [kind for kind in a.records if kind in b.records]
    if not shared:
        return "one was measured for speed and the other for accuracy"
    reasons = (refusal(a.records[kind], b.records[kind], by) for kind in shared)
    return next((reason for reason in reasons if reason), "")


def _compared(
    name: str,
    group: Group,
    pairs: Sequence[tuple[Side, Side]],
    by: str,
    allowed: Collection[str],
    gate: str,
    outcome: Callable[[Side], Outcome | None],
) -> Compared:
    found = [(a.metric(name, group), b.metric(name, group)) for a, b in pairs]
    a, b = found[0]
    made: dict[str, Any] = {"name": name, "group": group, "unit": a.unit, "a": a, "b": b}
    for metric, which in ((a, "A"), (b, "B")):
        if metric.value is None:
            return Compared(**made, missing=f"{which}: {metric.missing}")
    if gate and group != "accuracy":
        return Compared(**made, refused=gate, refused_by=["ACCURACY-LOST"])
    if spoiling := _spoiling(name, group, pairs, allowed):
        told = "; ".join(f"{id} in {which}" for id, which in spoiling.items())
        return Compared(**made, refused=told, refused_by=list(spoiling))
    if reason := _other_basis(name, *pairs[0], by):
        return Compared(**made, refused=reason)
    if group == "accuracy":  # of all repetitions: they are no sample of it
        return _told(made, _accuracy_contrast(name, a, b, [outcome(side) for side in pairs[0]]), 1)
    numbers = [(x, y) for x, y in found if x.value is not None and y.value is not None]
    return _told(made, _contrast_of(numbers), len(numbers))


def _accuracy_contrast(
    name: str, a: Metric, b: Metric, outcomes: Sequence[Outcome | None]
) -> Contrast:
    """Set two accuracies against each other, picture by picture where both saw the same."""
    made = contrast(interval_of(a), interval_of(b))
    one, other = outcomes
    found = None if one is None or other is None else paired_difference(one, other, name)
    return made if found is None else Contrast(found, made.ratio)


def _contrast_of(numbers: Sequence[tuple[Metric, Metric]]) -> Contrast:
    """Set repetitions against each other: in pairs, or, where they are too few, their means."""
    if len(numbers) >= PAIRS_COUNT:
        return paired([(a.value or 0.0, b.value or 0.0) for a, b in numbers])
    return contrast(
        joined([interval_of(a) for a, _ in numbers]), joined([interval_of(b) for _, b in numbers])
    )


def _told(made: dict[str, Any], made_of: Contrast, n: int) -> Compared:
    difference, ratio = made_of.difference, made_of.ratio
    return Compared(
        **made,
        n=n,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
        ratio=ratio.value if ratio else None,
        ratio_low=ratio.low if ratio else None,
        ratio_high=ratio.high if ratio else None,
        verdict=_verdict(made_of, made["a"].better),
        interval_method=difference.method,
    )


def _verdict(found: Contrast, better: str) -> Verdict:
    if found.is_shown:
        is_more = found.difference.value > 0
        return "better" if is_more == (better == "higher") else "worse"
    return "no difference shown" if found.is_bounded else "not known"


def _spoiling(
    name: str, group: Group, pairs: Sequence[tuple[Side, Side]], allowed: Collection[str]
) -> dict[str, str]:
    """Findings that forbid a metric, with the side they are on; SIMULATED on both forbids none."""
    found: dict[str, set[str]] = {}
    for pair in pairs:
        for side, which in zip(pair, "AB", strict=True):
            findings = side.records[HOME[group]].findings
            ids: set[str] = {f.id for f in findings if group in f.spoils}
            ids |= set(side.metric(name, group).spoiled_by)
            for id in ids - set(allowed) - {"SIMULATED"}:
                found.setdefault(id, set()).add(which)
    return {id: " and ".join(sorted(found[id])) for id in sorted(found)}


def _other_basis(name: str, a: Side, b: Side, by: str) -> str:
    """Say that two counts of operations, or two peaks, were not of the same making."""
    if name not in _COUNTED:
        return ""
    left, right = a.main, b.main
    counts = (left.workload.macs_count, right.workload.macs_count)
    if by not in _OTHER_COUNT and counts[0] != counts[1]:
        return f"multiply-adds were counted as {counts[0]} and as {counts[1]}"
    peaks = [r.hardware.peak.ops_per_s if r.hardware.peak else None for r in (left, right)]
    if name == "utilization_ratio" and by not in _OTHER_PEAK and peaks[0] != peaks[1]:
        return f"the peak was taken as {peaks[0]}/s and as {peaks[1]}/s"
    return ""


def _names(a: Side, b: Side) -> dict[str, Group]:
    """Metrics that can be better or worse, of jobs that both sides have, in the paper's order."""
    names: dict[str, Group] = {}
    for group in HOME:
        if HOME[group] in a.records and HOME[group] in b.records:
            found = {**a.metrics(group), **b.metrics(group)}
            told = {name: metric for name, metric in found.items() if metric.better}
            # what a file lost is its accuracy again, less a number that both sides share
            names |= {name: group for name in told if name not in LOSSES.values()}
    return names


def _title(record: Record, by: str) -> str:
    job = record.job
    parts = {
        "model": job.model,
        "training_framework": f"trained with {job.training_framework}",
        "input_size": f"{job.input_size} px",
        "precision": job.precision,
        "framework": job.framework,
        "processor": job.processor,
        "threads": f"{job.threads} thread{'' if job.threads == 1 else 's'}",
        "batch": f"batch {job.batch}",
        "device": f"on {record.hardware.device_name}",
    }
    return " · ".join(text for name, text in parts.items() if name != by)


def _in_order(found: list[Difference], by: str) -> list[Difference]:
    return sorted(found, key=lambda difference: difference.field != by)


def _notes(a: Side, b: Side, by: str) -> list[str]:
    notes = []
    if is_simulated(a.main):
        notes.append("SIMULATED: both are of a program that plays a phone")
    unknown = [name for name, side in (("A", a), ("B", b)) if not side.is_accuracy_known]
    if unknown and by in SAME_FUNCTION:
        told = " and ".join(unknown)
        notes.append(f"accuracy of {told} was not measured: a fast wrong answer would not be seen")
    return notes
