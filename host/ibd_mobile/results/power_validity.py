"""Rules on power: what makes the gauge's numbers no measure of what the phone drew."""

from collections.abc import Iterator

from ibd_mobile.core.finding import Finding
from ibd_mobile.results.facts import Facts
from ibd_mobile.results.rule import ENERGY, Metrics, finding, is_phone, traces, value_of
from ibd_mobile.results.symptom import longest_unchanged_s

#: so many renewals to the same number in a row are a stuck gauge: gauges resolve 0.2 to 1 mA, and
#: the current of a phone at work changes by more from one renewal to the next
STALE_RENEWALS = 8
#: but a number that held for less than this share of a window cannot falsify it by much
STALE_RATIO = 0.2
#: more lost reads than this, and what happened meanwhile weighs more than the gauge's quantum
MISSED_RATIO = 0.01
#: no phone computes on less, and no one-cell pack gives more for long; mistaking mA for µA, or the
#: other way, is a factor of 1000 and lands outside
PLAUSIBLE_W = (0.05, 25.0)
#: words of the kernel's power_supply ABI that say that a charger feeds the phone
_FED_WORDS = frozenset({"Charging", "Full"})


def charging(facts: Facts, metrics: Metrics) -> Iterator[Finding]:
    """The battery was charged, or a cable fed the phone past it."""
    remedy = "Unplug the charger, or use adb over the network with the port switched off."

    def found(measured: str) -> Finding:
        return finding("CHARGING", measured, "the battery feeds all", remedy, ENERGY)

    context = facts.context
    for gate in context.gates:
        if gate.gate == "charging" and not gate.is_passed:
            yield found(gate.measured)
    statuses = [s.id for s in context.sensors if s.quantity == "status"]
    texts = facts.samples.texts if facts.samples is not None else {}
    for id in statuses:
        words = {word for _, word in texts.get(id, [])} & _FED_WORDS
        if words:
            yield found(f"status {', '.join(sorted(words))}")
    for name in ("power_idle_w", "power_gross_w"):
        power_w = value_of(metrics, name)
        if power_w is not None and power_w <= 0:
            yield found(f"{name} is {power_w:.3g} W: current flows into the battery")
    stops = context.phone.charge_stops if context.phone is not None else []
    is_root = context.identity.is_root
    can_cut = any(s.effect == "input-cut" and (is_root or not s.needs_root) for s in stops)
    if is_phone(facts) and not can_cut:
        for trace in traces(facts, "plugged"):
            if any(value > 0 for value in trace.value.tolist()):
                yield found(f"{trace.id}: a cable feeds the phone")


def screen_on(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """A bright screen draws as much as a network; a dim one is in the idle baseline too."""
    if is_phone(facts) and facts.context.screen == "on":
        remedy = "Let the session dim it: see what keeps the brightness from being set."
        yield finding("SCREEN-ON", "on, brighter than dim", "dim or off", remedy, ENERGY)


def short_power_window(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Too few readings of the gauge to know the mean."""
    window, power, protocol = facts.windows.power, facts.power, facts.context.protocol
    if window is None or power is None:
        return
    inside = int(((power.t_ns >= window.start_ns) & (power.t_ns <= window.end_ns)).sum())
    per_mean = max(1, round(power.mean_window_s / power.period_s)) if power.period_s > 0 else 1
    renewals = inside // per_mean
    # where a window begins within a renewal may cost one of them
    if window.duration_s < protocol.power_window_s or renewals < protocol.power_periods - 1:
        yield finding(
            "SHORT-POWER-WINDOW",
            f"{window.duration_s:.1f} s with {renewals} independent readings of the gauge",
            f"≥ {protocol.power_window_s:g} s and ≥ {protocol.power_periods} readings",
            "Use a protocol with a longer power window.",
            ENERGY,
        )


def stale_gauge(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """The gauge showed one number for too long to have been renewed."""
    window = facts.windows.power
    if window is None or facts.power is None:
        return
    for sensor in facts.gauge[:1]:
        trace = next(t for t in traces(facts, sensor.quantity) if t.id == sensor.id)
        held_s = longest_unchanged_s(trace, window)
        renewal_s = max(sensor.period_s, sensor.mean_window_s)
        most_s = max(STALE_RENEWALS * renewal_s, STALE_RATIO * window.duration_s)
        if held_s > most_s:
            yield finding(
                "STALE-GAUGE",
                f"{sensor.id} stood still for {held_s:.1f} of {window.duration_s:.1f} s",
                f"≤ {most_s:.1f} s (it should be renewed every {renewal_s:g} s)",
                "Keep the screen on if this phone needs it, or restart the phone.",
                ENERGY,
            )


def unknown_unit(facts: Facts, metrics: Metrics) -> Iterator[Finding]:
    """What the gauge means is a guess, or gives a power that no phone has."""
    if facts.power is None:
        return
    remedy = "Compare plugged in and out, then state unit, sign and source in the phone's TOML."
    for sensor in facts.gauge:
        if sensor.quantity == "current" and not sensor.positive:
            measured = f"{sensor.id}: what a positive current means is not known"
            yield finding("UNKNOWN-UNIT", measured, "known", remedy, ENERGY)
        if sensor.status == "inferred":
            measured = f"{sensor.id}: unit and sign are inferred, not confirmed"
            yield finding("UNKNOWN-UNIT", measured, "confirmed", remedy, ENERGY)
    power_w = value_of(metrics, "power_gross_w")
    least_w, most_w = PLAUSIBLE_W
    if power_w is not None and is_phone(facts) and not least_w < power_w < most_w:
        limit = f"{least_w:g}…{most_w:g} W"
        yield finding("UNKNOWN-UNIT", f"{power_w:.3g} W under load", limit, remedy, ENERGY)


def missed_samples(facts: Facts, _: Metrics) -> Iterator[Finding]:
    """Readings are missing."""
    samples = facts.samples
    if samples is None or facts.power is None:
        return
    remedy = "Use a slower sampling rate, or end what else runs there."
    ratio = samples.missed / max(samples.rows + samples.missed, 1)
    if ratio > MISSED_RATIO:
        measured = f"{ratio:.1%} of the samples were missed"
        limit = f"≤ {MISSED_RATIO:.0%}"
        yield finding("MISSED-SAMPLES", measured, limit, remedy, ENERGY)
    if facts.summary is None or not samples.is_complete:
        measured = "the recording did not come to its end"
        yield finding("MISSED-SAMPLES", measured, "complete", "Measure again.", ENERGY)
    for sensor in facts.gauge:
        failed = sum(samples.errors[sensor.id].values()) / max(samples.rows, 1)
        if failed > MISSED_RATIO:
            measured = f"{failed:.1%} of the reads of {sensor.id} failed"
            limit = f"≤ {MISSED_RATIO:.0%}"
            yield finding("MISSED-SAMPLES", measured, limit, remedy, ENERGY)
