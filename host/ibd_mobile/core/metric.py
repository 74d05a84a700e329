"""A number one can defend: value, unit, interval, n, and what spoils it."""

from typing import Literal

from ibd_mobile.core.device import Noun

#: the paper's six, in its order; every metric belongs to one of them
GROUPS = ("accuracy", "latency", "throughput", "power", "energy_efficiency", "utilization")

Group = Literal["accuracy", "latency", "throughput", "power", "energy_efficiency", "utilization"]


class Metric(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """One measured figure, or the reason why there is none.

    Exactly one of `value` and `missing` is set.
    """

    name: str  #: with its unit as suffix: "latency_s", "energy_per_inference_j"
    group: Group
    unit: str  #: for people: "s", "1/s", "W", "J", "samples/J", "ratio"
    value: float | None
    low: float | None = None  #: 95 % interval
    high: float | None = None
    n: int = 0
    interval_method: str = ""  #: "t", "wilson", "gauge" …
    better: Literal["lower", "higher", ""] = ""
    missing: str = ""  #: reason, after «not available: »
    spoiled_by: list[str] = []  #: ids of findings
    note: str = ""
