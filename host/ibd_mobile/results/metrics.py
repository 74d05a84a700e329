"""The six metrics of one job, each with its interval or the reason why it has none.

What «latency» means is open in the paper, whose observation 5 has it fall with the batch while
«execution time» rises. So both are told, under different names: execution is of a batch, latency
of a sample. Energy efficiency likewise has two readings, samples and operations per joule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from ibd_mobile.core.metric import Group, Metric
from ibd_mobile.core.model import Application
from ibd_mobile.core.trace import InferenceTrace, Window
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results import accuracy
from ibd_mobile.results.accuracy import Accuracy
from ibd_mobile.results.accuracy_loss import LOSSES, losses, losses_note
from ibd_mobile.results.energy import PowerEstimate, estimate_power, middle, uncovered_reason
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.stats import Interval, batch_mean_interval, mean_interval
from ibd_mobile.results.utilization import OPS_PER_MAC, no_peak_reason, peak_of, utilization

_BY_MEASURE_JOB = "measured by a measure job"
_UNCOUNTED = "the operations of this file could not be counted"

#: others are shares; an SSIM is told as it is everywhere, not in per cent
_ACCURACY_UNITS = {
    "psnr_y_db": "dB", "ssim_ratio": "", "psnr_y_loss_db": "dB", "ssim_loss_ratio": "",
}  # fmt: skip

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Sources:
    """What several metrics are made of; a sentence where it is not to be had."""

    facts: Facts
    execution: Interval | str  #: s of a batch, timed runs
    cycle: Interval | str  #: s from one batch to the next, power phase
    sustained: Interval | str  #: s of a batch, power phase
    gross: PowerEstimate | str
    idle: PowerEstimate | str
    net: PowerEstimate | str
    accuracy: Accuracy
    losses: Mapping[str, Interval | str]  #: of accuracy, against the float32 source


def measure(facts: Facts) -> list[Metric]:
    """Make all metrics of a job, in a fixed order; the same facts give the same list.

    Accuracy has the metrics of the model's application; the rest is the same for all. What the
    job cannot tell is there too, with the reason. Nothing is 0 for want of a number, nothing is
    clamped.
    """
    sources = _sources(facts)
    specs = (*_accuracy_specs(facts.context.model.application), *_SPECS)
    return [spec.metric(sources) for spec in specs]


def power_estimate(facts: Facts, window: Window | None) -> PowerEstimate | str:
    """Estimate mean power over a window of a job, or say why that cannot be done."""
    if facts.power is None:
        return facts.power_missing
    if window is None:
        return "the job had no such stretch of time"
    if reason := uncovered_reason(facts.power, window):
        return reason
    return estimate_power(facts.power, window, facts.power_quantum_w)


def _sources(facts: Facts) -> _Sources:
    told = accuracy.accuracy_of(facts)
    if facts.context.job.kind == "accuracy":
        none = _BY_MEASURE_JOB
        lost = losses(facts.context, told)
        return _Sources(facts, none, none, none, none, none, none, told, lost)
    gross, idle = _gross(facts), _idle(facts)
    net = _then(gross, lambda g: _then(idle, lambda i: g.less(i)))
    timed, power = facts.phase("latency"), facts.phase("power")
    return _Sources(
        facts=facts,
        execution=_then(timed, lambda t: mean_interval(_durations_s(t))),
        cycle=_then(power, lambda t: batch_mean_interval(_cycles_s(t))),
        sustained=_then(power, lambda t: batch_mean_interval(_durations_s(t))),
        gross=gross,
        idle=idle,
        net=net,
        accuracy=told,
        losses=losses(facts.context, told),
    )


def _then(known: T | str, make: Callable[[T], R | str]) -> R | str:
    return known if isinstance(known, str) else make(known)


def _durations_s(trace: InferenceTrace) -> list[float]:
    return [ns * S_PER_NS for ns in trace.duration_ns.tolist()]


def _cycles_s(trace: InferenceTrace) -> list[float]:
    """From the end of one inference to that of the next; they add up to the phase."""
    ends = trace.end_ns.tolist()
    starts = [int(trace.start_ns[0]), *ends[:-1]]
    return [(end - start) * S_PER_NS for start, end in zip(starts, ends, strict=True)]


def _gross(facts: Facts) -> PowerEstimate | str:
    if facts.power is None:
        return facts.power_missing
    trace = facts.phase("power")
    return trace if isinstance(trace, str) else power_estimate(facts, facts.windows.power)


def _idle(facts: Facts) -> PowerEstimate | str:
    windows = facts.windows
    found = [power_estimate(facts, w) for w in (windows.idle_before, windows.idle_after)]
    known = [p for p in found if not isinstance(p, str)]
    if not known:
        return f"no idle baseline: {found[0]}"
    return known[0] if len(known) == 1 else middle(*known)


@dataclass(frozen=True, slots=True)
class _Spec:
    name: str
    group: Group
    unit: str
    better: Literal["lower", "higher", ""]
    make: Callable[[_Sources], Interval | str]
    note: Callable[[_Sources], str] = lambda _: ""

    def metric(self, sources: _Sources) -> Metric:
        made = self.make(sources)
        if isinstance(made, str):
            return Metric(
                name=self.name,
                group=self.group,
                unit=self.unit,
                value=None,
                better=self.better,
                missing=made,
            )
        return Metric(
            name=self.name,
            group=self.group,
            unit=self.unit,
            value=made.value,
            low=made.low,
            high=made.high,
            n=made.n,
            interval_method=made.method,
            better=self.better,
            note=self.note(sources),
        )


def _accuracy_specs(application: Application) -> list[_Spec]:
    def figure(name: str) -> Callable[[_Sources], Interval | str]:
        return lambda s: s.accuracy.figures[name]

    def loss(name: str) -> Callable[[_Sources], Interval | str]:
        return lambda s: s.losses[name]

    def source_note(name: str) -> Callable[[_Sources], str]:
        return lambda s: losses_note(s.facts.context, name)

    return [
        _Spec(name, "accuracy", _ACCURACY_UNITS.get(name, "ratio"), "higher", figure(name),
              lambda s: s.accuracy.note)
        for name in accuracy.NAMES[application]
    ] + [
        _Spec(LOSSES[name], "accuracy", _ACCURACY_UNITS.get(LOSSES[name], "ratio"), "lower",
              loss(LOSSES[name]), source_note(name))
        for name in accuracy.NAMES[application]
        if name in LOSSES
    ]  # fmt: skip


def _batch(s: _Sources) -> int:
    return s.facts.context.job.batch


def _extreme_s(s: _Sources, choose: Callable[[list[float]], float]) -> Interval | str:
    if isinstance(s.execution, str):
        return s.execution
    durations_s = _durations_s(s.facts.journal.phases["latency"])
    return Interval(choose(durations_s), None, None, len(durations_s), "")


def _with_transfers_s(s: _Sources) -> Interval | str:
    """Of a processor with memory of its own: inputs brought there and outputs fetched too."""
    if s.facts.context.job.kind == "accuracy":
        return _BY_MEASURE_JOB
    if "transfers" not in s.facts.journal.phases:
        return "the processor works in the computer's own memory"
    return _then(s.facts.phase("transfers"), lambda t: mean_interval(_durations_s(t)))


def _device_execution_s(s: _Sources) -> Interval | str:
    """By the processor's own clock, without what the computer adds to start it and to wait."""
    if s.facts.context.job.kind == "accuracy":
        return _BY_MEASURE_JOB
    device_ns = s.facts.journal.device_ns.get("latency")
    if device_ns is None or isinstance(s.execution, str):
        return "the processor told no times of its own"
    return mean_interval([ns * S_PER_NS for ns in device_ns.tolist()])


def _initialisation_s(s: _Sources) -> Interval | str:
    ready = s.facts.journal.ready
    if s.facts.context.job.kind == "accuracy":
        return _BY_MEASURE_JOB
    if ready is None:
        error = s.facts.journal.error
        return f"the program ended early: {error.message}" if error else "the journal is cut short"
    return Interval((ready.init_end_ns - ready.init_start_ns) * S_PER_NS, None, None, 1, "")


def _throughput_per_s(s: _Sources) -> Interval | str:
    return _then(s.execution, lambda e: e.reciprocal(_batch(s)))


def _phase_energy_j(s: _Sources, power: PowerEstimate | str) -> Interval | str:
    window = s.facts.windows.power
    duration_s = window.duration_s if window is not None else 0.0
    return _then(power, lambda p: p.interval().scaled(duration_s))


def _per_sample_j(s: _Sources, power: PowerEstimate | str) -> Interval | str:
    def share(energy_j: Interval) -> Interval:
        return energy_j.scaled(1 / (s.facts.journal.phases["power"].start_ns.size * _batch(s)))

    return _then(_phase_energy_j(s, power), share)


def _samples_per_j(s: _Sources, power: PowerEstimate | str) -> Interval | str:
    def invert(energy_j: Interval) -> Interval | str:
        if energy_j.value > 0:
            return energy_j.reciprocal()
        return f"{energy_j.value:.3g} J per sample is not above zero"

    return _then(_per_sample_j(s, power), invert)


def _ops_per_j(s: _Sources, power: PowerEstimate | str) -> Interval | str:
    ops_count = OPS_PER_MAC * s.facts.context.artifact.cost.macs_count
    if not ops_count:
        return _UNCOUNTED
    return _then(_samples_per_j(s, power), lambda rate: rate.scaled(ops_count))


def _utilization(s: _Sources) -> Interval | str:
    context = s.facts.context
    peak = peak_of(context)
    if peak is None:
        return no_peak_reason(context)
    macs_count, ops_per_s = context.artifact.cost.macs_count, peak.ops_per_s
    if not macs_count:
        return _UNCOUNTED
    return _then(_throughput_per_s(s), lambda rate: utilization(rate, macs_count, ops_per_s))


def _peak_note(s: _Sources) -> str:
    peak = peak_of(s.facts.context)
    return "" if peak is None else f"peak {peak.ops_per_s:.4g}/s ({peak.status}; {peak.clock})"


def _idle_note(s: _Sources) -> str:
    windows = s.facts.windows
    found = [power_estimate(s.facts, w) for w in (windows.idle_before, windows.idle_after)]
    told = [
        f"{p.mean_w:.4g} W {when}"
        for p, when in zip(found, ("before", "after"), strict=True)
        if not isinstance(p, str)
    ]
    return ", ".join(told)


_SPECS = (
    _Spec("execution_s", "latency", "s", "lower", lambda s: s.execution),
    _Spec(
        "latency_s",
        "latency",
        "s",
        "lower",
        lambda s: _then(s.execution, lambda e: e.scaled(1 / _batch(s))),
    ),
    _Spec("execution_min_s", "latency", "s", "lower", lambda s: _extreme_s(s, min)),
    _Spec("execution_max_s", "latency", "s", "lower", lambda s: _extreme_s(s, max)),
    _Spec("with_transfers_s", "latency", "s", "lower", _with_transfers_s),
    _Spec("device_execution_s", "latency", "s", "lower", _device_execution_s),
    _Spec("initialisation_s", "latency", "s", "lower", _initialisation_s),
    _Spec("sustained_execution_s", "latency", "s", "lower", lambda s: s.sustained),
    _Spec("throughput_per_s", "throughput", "1/s", "higher", _throughput_per_s),
    _Spec(
        "sustained_throughput_per_s",
        "throughput",
        "1/s",
        "higher",
        lambda s: _then(s.cycle, lambda c: c.reciprocal(_batch(s))),
    ),
    _Spec(
        "power_gross_w",
        "power",
        "W",
        "lower",
        lambda s: _then(s.gross, lambda p: p.interval()),
    ),
    _Spec(
        "power_idle_w",
        "power",
        "W",
        "",
        lambda s: _then(s.idle, lambda p: p.interval()),
        _idle_note,
    ),
    _Spec("power_net_w", "power", "W", "lower", lambda s: _then(s.net, lambda p: p.interval())),
    _Spec("power_phase_energy_j", "power", "J", "", lambda s: _phase_energy_j(s, s.gross)),
    _Spec(
        "samples_per_j",
        "energy_efficiency",
        "samples/J",
        "higher",
        lambda s: _samples_per_j(s, s.gross),
    ),
    _Spec("ops_per_j", "energy_efficiency", "ops/J", "higher", lambda s: _ops_per_j(s, s.gross)),
    _Spec(
        "samples_per_j_net",
        "energy_efficiency",
        "samples/J",
        "higher",
        lambda s: _samples_per_j(s, s.net),
    ),
    _Spec("ops_per_j_net", "energy_efficiency", "ops/J", "higher", lambda s: _ops_per_j(s, s.net)),
    _Spec(
        "energy_per_sample_j",
        "energy_efficiency",
        "J",
        "lower",
        lambda s: _per_sample_j(s, s.gross),
    ),
    _Spec("utilization_ratio", "utilization", "ratio", "higher", _utilization, _peak_note),
)
