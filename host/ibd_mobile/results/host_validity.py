"""Rules on hosts: others that took the processor, cards that held themselves back, emulators."""

from collections.abc import Iterator

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.units import NS_PER_MS
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.rule import TIMES, Metrics, finding, traces

#: a thread that was ready but had no processor for more than this share of the time was kept
#: waiting by others; handing a processor over, on an idle computer, costs some µs a second
BUSY_WAIT_RATIO = 0.02
#: in a shorter phase, one slice of the scheduler before its first inference would decide
_LEAST_SPAN_NS = 100 * NS_PER_MS
#: NVML: reasons for which a card lowers its clocks under load. Idle (1), clocks that somebody asked
#: for (2, 256) and sync boost of a group (16) are no throttling
_THROTTLE_REASONS = {
    4: "power cap",
    8: "hardware slowdown",
    32: "heat (software)",
    64: "heat (hardware)",
    128: "power brake",
}
#: a single look at a card between two loads may find its clock on the way up
_THROTTLED_SHARE = 0.05


def busy(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Others had the processors that the worker's threads were ready to use."""
    threads = facts.journal.begin.threads
    for phase in ("latency", "power"):
        trace, waited_ns = facts.journal.whole_phase(phase), facts.journal.waited_ns.get(phase)
        if trace is None or waited_ns is None:
            continue
        span_ns = int(trace.end_ns[-1] - trace.start_ns[0])
        ratio = waited_ns / (max(span_ns, 1) * threads)
        if span_ns >= _LEAST_SPAN_NS and ratio > BUSY_WAIT_RATIO:
            yield finding(
                "BUSY",
                f"in the {phase} phase its threads waited {ratio:.0%} of the time for a processor"
                " that others had",
                f"≤ {BUSY_WAIT_RATIO:.0%}",
                "End what else runs there.",
                TIMES,
            )


def emulated(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """A program stood in for the processor: answers are its, times are not."""
    ready = facts.journal.ready
    if ready is not None and ready.is_emulated:
        yield finding(
            "EMULATED",
            f"{facts.context.job.framework} ran in an emulator",
            "the processor itself",
            "Use its accuracy; measure its times on a phone.",
            TIMES,
        )


def throttled(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """A card said that it lowered its clocks, and why."""
    load = facts.windows.load
    if load is None:
        return
    for trace in traces(facts, "throttle"):
        inside = (trace.t_ns >= load.start_ns) & (trace.t_ns <= load.end_ns)
        masks = [int(v) for v in trace.value[inside].tolist() if v == v]
        for bit, reason in _THROTTLE_REASONS.items():
            share = sum(bool(mask & bit) for mask in masks) / max(len(masks), 1)
            if share > _THROTTLED_SHARE:
                yield finding(
                    "THROTTLED",
                    f"the card held its clocks back for {share:.0%} of the load: {reason}",
                    "never",
                    "Cool the card, or raise its power limit; see its clocks in the traces.",
                    TIMES,
                )
