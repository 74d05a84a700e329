"""What rules of validity are written with: their type, the groups they spoil, what they look at."""

from collections.abc import Callable, Iterator, Mapping

from ibd_mobile.core.finding import Finding, FindingId
from ibd_mobile.core.metric import Group, Metric
from ibd_mobile.core.trace import SensorTrace
from ibd_mobile.results.facts import Facts

Metrics = Mapping[str, Metric]  #: by name
#: gives what it finds, the gravest first
Rule = Callable[[Facts, Metrics], Iterator[Finding]]

TIMES: tuple[Group, ...] = ("latency", "throughput", "power", "energy_efficiency", "utilization")
ENERGY: tuple[Group, ...] = ("power", "energy_efficiency")
ALL: tuple[Group, ...] = ("accuracy", *TIMES)


def finding(
    id: FindingId, measured: str, limit: str, remedy: str, spoils: tuple[Group, ...]
) -> Finding:
    """Make a finding; see `Finding` for what the words are."""
    return Finding(id=id, measured=measured, limit=limit, remedy=remedy, spoils=list(spoils))


def is_phone(facts: Facts) -> bool:
    """Whether battery, rest and screen are there to be minded."""
    return facts.context.device.deployment == "mobile"


def traces(facts: Facts, quantity: str) -> list[SensorTrace]:
    """Return all traces of a quantity."""
    traces = facts.samples.traces if facts.samples is not None else []
    return [trace for trace in traces if trace.quantity == quantity]


def trace_of(facts: Facts, quantity: str, site: str) -> SensorTrace | None:
    """Return the first trace of a quantity at a site."""
    return facts.samples.trace(quantity, site) if facts.samples is not None else None


def value_of(metrics: Metrics, name: str) -> float | None:
    """Return a metric's value; None where it is missing."""
    return metrics[name].value if name in metrics else None
