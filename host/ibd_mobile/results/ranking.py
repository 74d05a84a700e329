"""Who may be ranked: a fast answer that is wrong is no result."""

from ibd_mobile.results.accuracy_loss import LOSSES
from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.key import REPEAT
from ibd_mobile.results.side import Side, interval_of

#: the paper accepts a loss of accuracy below 4 points; beyond, a speed is that of another function
ACCURACY_GATE_RATIO = 0.04
#: likewise of a PSNR: a dB is a quarter more error, and what AIIA published of one network on
#: several phone processors as sound lies within 0.73 dB (24.19 … 24.92 dB)
ACCURACY_GATE_DB = 1.0
#: a change of these leaves the network's function as it is, so its accuracy must stay too
SAME_FUNCTION = (
    "precision", "framework", "framework_version", "processor", "threads", "batch", "device",
    "phone", "unit", "system", "artifact", "tool_version", REPEAT,
)  # fmt: skip

#: unit of a figure -> the most that may be lost, and how it is told
_LIMITS = {"ratio": (ACCURACY_GATE_RATIO, "{:.1%}"), "dB": (ACCURACY_GATE_DB, "{:.1f} dB")}


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
        limit = _LIMITS.get(first.unit)
        is_known = first.value is not None and second.value is not None
        if limit is None or not is_known or name in LOSSES.values():  # a loss is gated as accuracy
            continue
        made = contrast(interval_of(first), interval_of(second))
        loss = abs(made.difference.value)
        if made.is_shown and loss > limit[0]:
            which, other = ("A", "B") if made.difference.value > 0 else ("B", "A")
            told, most = (limit[1].format(number) for number in (loss, limit[0]))
            return (
                f"ACCURACY-LOST in {which}: its {name} is {told} below that of {other},"
                f" more than {most}"
            )
    return ""
