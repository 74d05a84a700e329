"""What spoils the numbers of a job: every rule and every threshold, each with its reason.

Rules on power stand in `power_validity.py`, those on accuracy in `accuracy_validity.py`; what they
look at is computed in `symptom.py`.
"""

from collections.abc import Iterator, Sequence
from typing import get_args

import msgspec

from ibd_mobile.core.finding import Finding, FindingId
from ibd_mobile.core.metric import Group, Metric
from ibd_mobile.core.trace import Window
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results import accuracy_validity, host_validity, power_validity
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.rule import (
    ALL,
    TIMES,
    Metrics,
    Rule,
    finding,
    is_phone,
    trace_of,
    traces,
    value_of,
)
from ibd_mobile.results.stats import median
from ibd_mobile.results.symptom import (
    cap_fall_ratio,
    clock_fall_ratio,
    clock_gap_s,
    clock_set_back_s,
    drift,
    value_at,
)

#: a sampler that is this late was not merely kept waiting: the phone slept, or its clock was moved
CLOCK_GAP_S = 1.0
#: and with a slow sampler so many of its periods
CLOCK_GAP_PERIODS = 5
#: operating points lie 3 % and more apart (SDM845, SM8150, Kirin 980), so less is no cap
THROTTLED_CLOCK_RATIO = 0.97
#: a clock that came down counts if inferences felt it: it may be that of cores that had no work
THROTTLED_FELT_RATIO = 1.02
#: schedulers and memory traffic change inferences by some percent; less than this is theirs
THROTTLED_DRIFT_RATIO = 1.10
#: and it must stand out of the scatter by so many standard errors, as scatter is not independent
THROTTLED_SIGMAS = 4.0
#: how the catalog names a sensor that tells the highest clock allowed, not the present one
CAP_SUFFIX = "_cap"
#: Kirin's 125 °C says that its sensors are damaged, and a phone off by its own rules says nothing
NO_TEMPERATURE_C = 100.0
#: a wider interval cannot tell apart what differs by 10 %, the least that people ask about
UNSTABLE_RATIO = 0.10
#: a program with one thread that had less of its processor than this was kept waiting for it
BUSY_CPU_RATIO = 0.90
#: if it also lost it so often to others; a program that sleeps gives it up by itself
BUSY_SWITCHES_PER_S = 20.0
#: above its peak a processor cannot be: peak, clock or count of operations are wrong then
PEAK_RATIO = 1.0


def judge(facts: Facts, metrics: Sequence[Metric]) -> list[Finding]:
    """Look for everything that spoils a job's numbers.

    Returns:
        At most one finding of each id, in the order of `FindingId`.
    """
    by_name = {metric.name: metric for metric in metrics}
    first_of_each = (next(rule(facts, by_name), None) for rule in _RULES)
    found = {f.id: f for f in reversed([f for f in first_of_each if f is not None])}
    return sorted(found.values(), key=lambda f: get_args(FindingId).index(f.id))


def spoil(metrics: Sequence[Metric], findings: Sequence[Finding]) -> list[Metric]:
    """Write beside each number which findings spoil it; a missing number cannot be spoiled."""
    return [
        msgspec.structs.replace(
            metric,
            spoiled_by=[f.id for f in findings if metric.group in f.spoils]
            if metric.value is not None
            else [],
        )
        for metric in metrics
    ]


def _simulated(facts: Facts, _: Metrics) -> Iterator[Finding]:
    if facts.context.identity.is_simulated:
        yield finding(
            "SIMULATED",
            "the phone is a program",
            "a phone",
            "Measure on hardware to get numbers about hardware.",
            ALL,
        )


def _low_battery(facts: Facts, _: Metrics) -> Iterator[Finding]:
    remedy = "Charge the phone and run again."
    yield from _closed_gate(facts, "LOW-BATTERY", "battery", remedy)
    level, load = trace_of(facts, "level", "battery"), facts.windows.load
    floor_pct = facts.context.protocol.battery_floor_pct
    start_pct = value_at(level, load.start_ns) if level is not None and load is not None else None
    if start_pct is not None and start_pct < floor_pct:
        yield finding(
            "LOW-BATTERY", f"{start_pct:g} % at the start", f"≥ {floor_pct:g} %", remedy, TIMES
        )


def _short_rest(facts: Facts, _: Metrics) -> Iterator[Finding]:
    yield from _closed_gate(facts, "SHORT-REST", "rest", "Leave the phone alone and run again.")


def _hot_start(facts: Facts, _: Metrics) -> Iterator[Finding]:
    remedy = "Let it cool down (a phone out of its case), and run again."
    for gate in facts.context.gates:
        if gate.gate.endswith("temperature") and not gate.is_passed:
            yield finding("HOT-START", gate.measured, gate.limit, remedy, TIMES)
    protocol, load = facts.context.protocol, facts.windows.load
    for site, most_c in (("battery", protocol.battery_max_c), ("skin", protocol.skin_max_c)):
        heat = trace_of(facts, "temperature", site)
        start_c = value_at(heat, load.start_ns) if heat is not None and load is not None else None
        if start_c is not None and most_c < start_c < NO_TEMPERATURE_C:
            measured = f"{site} {start_c:.1f} °C at the start"
            yield finding("HOT-START", measured, f"≤ {most_c:g} °C", remedy, TIMES)


def _throttled(facts: Facts, _: Metrics) -> Iterator[Finding]:
    remedy = "Cool it, or give it longer rests; see its clocks in the traces."
    limit = f"clock ≥ {THROTTLED_CLOCK_RATIO:.0%} and drift ≤ {THROTTLED_DRIFT_RATIO - 1:.0%}"

    def found(measured: str) -> Finding:
        return finding("THROTTLED", measured, limit, remedy, TIMES)

    load = facts.windows.load
    timed, power = (facts.journal.whole_phase(phase) for phase in ("latency", "power"))
    slower, sigmas = drift(power) if power is not None else (1.0, 0.0)
    for trace in traces(facts, "frequency"):
        if load is None:
            return
        is_cap = trace.id.endswith(CAP_SUFFIX)
        fall = cap_fall_ratio(trace, load) if is_cap else clock_fall_ratio(trace, load)
        if fall < THROTTLED_CLOCK_RATIO and (is_cap or slower > THROTTLED_FELT_RATIO):
            yield found(f"{trace.id} fell to {fall:.0%} under load")
    if power is None or any(host_validity.busy(facts, {})):  # others explain what follows
        return
    if slower > THROTTLED_DRIFT_RATIO and sigmas > THROTTLED_SIGMAS:
        yield found(f"inferences became {slower - 1:.0%} slower within the power phase")
    if timed is not None:
        ratio = median(power.duration_ns.tolist()) / max(int(timed.duration_ns.max()), 1)
        if ratio > THROTTLED_DRIFT_RATIO:
            yield found(f"sustained inferences are {ratio - 1:.0%} slower than any timed one")


def _busy(facts: Facts, _: Metrics) -> Iterator[Finding]:
    job, summary = facts.context.job, facts.summary
    if job.processor != "cpu" or job.threads != 1 or summary is None or summary.rusage is None:
        return
    if facts.journal.waited_ns:  # it counted itself, which tells more; see host_validity
        return
    ran_s = Window(summary.child_start_ns or 0, summary.child_end_ns or 0).duration_s
    switches_per_s = summary.rusage.involuntary_switches / ran_s if ran_s > 0 else 0.0
    for phase, cpu_ns in facts.journal.cpu_ns.items():
        trace = facts.journal.whole_phase(phase)
        if trace is None or phase not in ("latency", "power"):
            continue
        share = cpu_ns / max(int(trace.end_ns[-1] - trace.start_ns[0]), 1)
        if share < BUSY_CPU_RATIO and switches_per_s > BUSY_SWITCHES_PER_S:
            yield finding(
                "BUSY",
                f"{share:.0%} of its processor in the {phase} phase,"
                f" interrupted {switches_per_s:.0f} times a second",
                f"≥ {BUSY_CPU_RATIO:.0%}",
                "End what else runs there.",
                TIMES,
            )


def _fallback(facts: Facts, _: Metrics) -> Iterator[Finding]:
    job, ready = facts.context.job, facts.journal.ready
    processor = facts.context.device.processor(job.processor)
    names = {job.processor.lower()}
    if processor is not None:
        names.add(processor.accelerators.get(job.framework, job.processor).lower())
    if ready is not None and ready.accelerator.lower() not in names:
        remedy = f"{job.framework} cannot use this processor here; choose another of the two."
        yield finding("FALLBACK", f"ran on {ready.accelerator}", job.processor, remedy, ALL)


def _partial_fallback(facts: Facts, _: Metrics) -> Iterator[Finding]:
    ready = facts.journal.ready
    if facts.context.job.processor == "cpu":  # what its fast kernels leave over runs there too
        return
    if ready is not None and ready.fully_accelerated is False:
        measured = f"only a part of the network ran on {ready.accelerator}"
        remedy = "Use a model that the processor supports as a whole."
        yield finding("PARTIAL-FALLBACK", measured, "all of it", remedy, TIMES)


def _clock_step(facts: Facts, _: Metrics) -> Iterator[Finding]:
    if facts.samples is None:
        return
    gap_s, back_s = clock_gap_s(facts.samples), clock_set_back_s(facts.samples)
    most_s = max(CLOCK_GAP_S, CLOCK_GAP_PERIODS * facts.samples.period_ns * S_PER_NS)
    remedy = "Keep the machine from suspending, and nobody from setting its clock."
    if back_s > 0:
        yield finding("CLOCK-STEP", f"went back by {back_s:.3g} s", "forward", remedy, TIMES)
    if gap_s > most_s:
        measured = f"{gap_s:.3g} s without a sample"
        yield finding("CLOCK-STEP", measured, f"≤ {most_s:.3g} s", remedy, TIMES)


def _rebooted(facts: Facts, _: Metrics) -> Iterator[Finding]:
    boots = [facts.context.identity.boot_id, facts.journal.begin.boot_id]
    boots += [s.boot_id for s in (facts.samples, facts.summary) if s is not None]
    known = {boot for boot in boots if boot}
    if len(known) > 1:
        remedy = "Find out why the machine restarts; measure the job again."
        yield finding("REBOOTED", f"{len(known)} boots in one job", "1", remedy, ALL)


def _over_peak(_: Facts, metrics: Metrics) -> Iterator[Finding]:
    ratio = value_of(metrics, "utilization_ratio")
    if ratio is not None and ratio > PEAK_RATIO:
        remedy = "Check peak, clock and count of operations; Winograd kernels do it honestly."
        limit = f"≤ {PEAK_RATIO:.0%}"
        yield finding("OVER-PEAK", f"{ratio:.1%} of peak", limit, remedy, ("utilization",))


def _unstable(_: Facts, metrics: Metrics) -> Iterator[Finding]:
    metric = metrics.get("execution_s")
    if metric is None or not metric.value or metric.high is None:
        return
    ratio = (metric.high - metric.value) / metric.value
    if ratio > UNSTABLE_RATIO:
        measured = f"the interval of {metric.n} timed runs is ± {ratio:.0%}"
        spoils: tuple[Group, ...] = ("latency", "throughput", "utilization")
        remedy = "End what else runs there; more timed runs tell more."
        yield finding("UNSTABLE", measured, f"≤ ± {UNSTABLE_RATIO:.0%}", remedy, spoils)


def _not_conforming(facts: Facts, _: Metrics) -> Iterator[Finding]:
    protocol = facts.context.protocol
    if not protocol.is_conforming:
        measured = f"protocol '{protocol.id}'"
        remedy = "Use --protocol ibd for numbers that are to be compared."
        yield finding("NOT-CONFORMING", measured, "the paper's rules", remedy, TIMES)


def _closed_gate(facts: Facts, id: FindingId, name: str, remedy: str) -> Iterator[Finding]:
    """A gate that did not open, or that nobody looked at although the machine is a phone."""
    seen = [gate for gate in facts.context.gates if gate.gate == name]
    if not seen and is_phone(facts):
        yield finding(id, "not checked", f"{name} gate passed", remedy, TIMES)
    for gate in seen:
        if not gate.is_passed:
            yield finding(id, gate.measured, gate.limit, remedy, TIMES)


#: in the order of `FindingId`
_RULES: tuple[Rule, ...] = (
    _simulated,
    host_validity.emulated,
    host_validity.saturated,
    _low_battery,
    _short_rest,
    _hot_start,
    _throttled,
    host_validity.throttled,
    power_validity.charging,
    power_validity.screen_on,
    _busy,
    host_validity.busy,
    _fallback,
    _partial_fallback,
    power_validity.short_power_window,
    power_validity.stale_gauge,
    power_validity.unknown_unit,
    _clock_step,
    _rebooted,
    _over_peak,
    accuracy_validity.accuracy_lost,
    accuracy_validity.untrained,
    _unstable,
    _not_conforming,
    power_validity.missed_samples,
)
