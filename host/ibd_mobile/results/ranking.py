"""Who may be ranked: a fast answer that is wrong is no result."""

from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.key import REPEAT
from ibd_mobile.results.side import Side, interval_of

#: the paper accepts a loss of accuracy below 4 points; beyond, a speed is that of another function
ACCURACY_GATE_RATIO = 0.04
#: a change of these leaves the network's function as it is, so its accuracy must stay too
SAME_FUNCTION = (
    "precision", "framework", "framework_version", "processor", "threads", "batch", "device",
    "phone", "unit", "system", "artifact", "tool_version", REPEAT,
)  # fmt: skip


def accuracy_gate(a: Side, b: Side, by: str) -> str:
    """Say which of the two is fast and wrong, or ""."""
    for name, side in (("A", a), ("B", b)):
        for record in side.records.values():
            if found := next((f for f in record.findings if f.id == "ACCURACY-LOST"), None):
                return f"ACCURACY-LOST in {name}: {found.measured}, should be {found.limit}"
    if by not in SAME_FUNCTION:
        return ""
    for name, first in a.metrics("accuracy").items():
        second = b.metric(name, "accuracy")
        if first.unit != "ratio" or first.value is None or second.value is None:
            continue
        made = contrast(interval_of(first), interval_of(second))
        loss = abs(made.difference.value)
        if made.is_shown and loss > ACCURACY_GATE_RATIO:
            which, other = ("A", "B") if first.value < second.value else ("B", "A")
            return (
                f"ACCURACY-LOST in {which}: its {name} is {loss:.1%} below that of {other},"
                f" more than {ACCURACY_GATE_RATIO:.0%}"
            )
    return ""
