"""Rules on hosts: others that took the processor, cards that held themselves back, emulators."""

from collections.abc import Iterator

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.units import NS_PER_MS
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.journal import Journal
from ibd_mobile.results.rule import TIMES, Metrics, finding, traces

#: a thread that was ready but had no processor, of this computer or of the one that its virtual
#: machine runs on, for more than this share of the time was kept waiting by others; handing a
#: processor over, on an idle computer, costs some µs a second
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
#: these multiply eight bits in pairs whose sums they clamp to 16 bits where the CPU has nothing
#: better; so would ONNX Runtime, whose worker tells it not to
_CLAMPING = frozenset({"openvino"})
_BETTER = frozenset({"avx_vnni", "avx512_vnni", "amx_int8"})
#: a single look at a card between two loads may find its clock on the way up
_THROTTLED_SHARE = 0.05
#: the kernel counts stolen time in steps of 10 ms; fewer than three of them may be one that began
#: before the phase
_LEAST_STOLEN_NS = 30 * NS_PER_MS


def busy(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Others had the processors that the worker's threads were ready to use."""
    for phase in ("latency", "power"):
        trace = facts.journal.whole_phase(phase)
        if trace is None:
            continue
        span_ns = int(trace.end_ns[-1] - trace.start_ns[0])
        if span_ns >= _LEAST_SPAN_NS:
            yield from _busy(facts.journal, phase, span_ns * facts.journal.begin.threads)


def _busy(journal: Journal, phase: str, whole_ns: int) -> Iterator[Finding]:
    waited_ns, stolen_ns = journal.waited_ns.get(phase, 0), journal.stolen_ns.get(phase, 0)
    if stolen_ns < _LEAST_STOLEN_NS:
        stolen_ns = 0
    if (waited_ns + stolen_ns) / whole_ns <= BUSY_WAIT_RATIO:
        return
    waited, stolen = f"{waited_ns / whole_ns:.0%}", f"{stolen_ns / whole_ns:.0%}"
    if waited_ns >= stolen_ns:
        lost = f"its threads waited {waited} of the time for a processor that others had"
        remedy = "End what else runs there."
    else:
        lost = f"other virtual machines had its processors for {stolen} of it"
        remedy = "Measure when they are quiet, or on a computer that is not shared."
    limit = f"≤ {BUSY_WAIT_RATIO:.0%}"
    yield finding("BUSY", f"in the {phase} phase {lost}", limit, remedy, TIMES)


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


def saturated(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Eight-bit products were summed in 16 bits: answers are not those of the network."""
    job = facts.context.job
    isa = set(facts.context.identity.properties.get("host.isa", "").split())
    is_x86_without = "sse4_2" in isa and not isa & _BETTER
    if job.precision == "int8" and job.framework in _CLAMPING and is_x86_without:
        yield finding(
            "INT8-SATURATION",
            f"{job.framework} clamps sums of int8 products on a CPU without VNNI",
            "exact sums, in 32 bits",
            "Measure on a CPU with VNNI, or with a framework that sums exactly (onnxruntime,"
            " litert).",
            ("accuracy",),
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
