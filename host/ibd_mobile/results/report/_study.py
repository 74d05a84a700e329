"""What a study as a whole tells: whether the order mattered, and what the paper observed."""

from collections.abc import Sequence

from ibd_mobile.core.record import Record
from ibd_mobile.results.observation import Observation, observe
from ibd_mobile.results.order_effect import OrderEffect, order_effects
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.side import sides

TITLE = "What the paper observed, by what was measured here"


def orders(run: RunInfo, records: Sequence[Record]) -> list[OrderEffect]:
    """Estimate the effect of the order, where the study repeats or is about a variable."""
    return order_effects(records) if run.study.variable or run.study.repeats > 1 else []


def order_lines(found: Sequence[OrderEffect]) -> list[str]:
    """Say the effect of the order, with the slots where there are several."""
    several = len(found) > 1
    return [f"{one.text} (slot {one.slot})" if several else one.text for one in found]


def observations(run: RunInfo, records: Sequence[Record]) -> list[Observation]:
    """Test the paper's observations, where the study is about a variable."""
    if not run.study.variable:
        return []
    found = sides(run.id, records)
    return observe(found)


def observation_lines(found: Sequence[Observation]) -> list[tuple[str, str]]:
    """Return (status, what), each observation on a line; those that were not tested share one."""
    lines: list[tuple[str, str]] = [
        (one.status, f"{one.number}. {one.statement} {one.reason}.")
        for one in found
        if one.status != "not testable"
    ]
    reasons: dict[str, list[int]] = {}
    for one in found:
        if one.status == "not testable":
            reasons.setdefault(one.reason, []).append(one.number)
    for reason, numbers in reasons.items():
        lines.append(("not testable", f"{', '.join(map(str, numbers))}: {reason}."))
    return lines
