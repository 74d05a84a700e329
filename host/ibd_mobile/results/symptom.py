"""Symptoms in traces: how long, how much, how often; `validity` says what is too much."""

import numpy as np

from ibd_mobile.core.trace import InferenceTrace, SensorTrace, Window
from ibd_mobile.core.units import S_PER_NS
from ibd_mobile.results.samples import Samples
from ibd_mobile.results.stats import median


def values_in(trace: SensorTrace, window: Window) -> list[float]:
    """Return what a sensor read within a window, failed reads left out."""
    inside = (trace.t_ns >= window.start_ns) & (trace.t_ns <= window.end_ns)
    values = trace.value[inside]
    found: list[float] = values[np.isfinite(values)].tolist()
    return found


def value_at(trace: SensorTrace, t_ns: int) -> float | None:
    """Return the last reading up to a moment, or the first one after it; None without any."""
    is_read = np.isfinite(trace.value)
    values, times = trace.value[is_read], trace.t_ns[is_read]
    if not len(values):
        return None
    place = int(np.searchsorted(times, t_ns, side="right")) - 1
    return float(values[max(place, 0)])


def longest_unchanged_s(trace: SensorTrace, window: Window) -> float:
    """Return the longest time within a window for which a sensor gave one and the same number, s.

    From the first to the last read of it; failed reads do not interrupt.
    """
    is_used = np.isfinite(trace.value)
    is_used &= (trace.t_ns >= window.start_ns) & (trace.t_ns <= window.end_ns)
    t_ns, value = trace.t_ns[is_used], trace.value[is_used]
    if not len(t_ns):
        return 0.0
    changes = np.flatnonzero(np.diff(value)) + 1
    firsts = np.concatenate(([0], changes))
    lasts = np.concatenate((changes - 1, [len(t_ns) - 1]))
    return float((t_ns[lasts] - t_ns[firsts]).max() * S_PER_NS)


def clock_gap_s(samples: Samples) -> float:
    """Return the longest time between two rows, s; 0 with fewer than two."""
    gaps = np.diff(samples.first_read_ns)
    return float(gaps.max() * S_PER_NS) if len(gaps) else 0.0


def clock_set_back_s(samples: Samples) -> float:
    """Return by how much the clock went back, s; 0 if it did not.

    Seen where a row is read before the one above it, or before its own deadline: a sleep until a
    moment cannot end earlier.
    """
    if not samples.rows:
        return 0.0
    early = (samples.deadline_ns - samples.first_read_ns).max()
    back = (-np.diff(samples.first_read_ns)).max() if samples.rows > 1 else 0
    return max(int(early), int(back), 0) * S_PER_NS


def cap_fall_ratio(trace: SensorTrace, load: Window) -> float:
    """Return the lowest clock cap under load by the highest one until then; 1 if it held."""
    until = Window(int(trace.t_ns[0]) if len(trace.t_ns) else 0, load.end_ns)
    known, loaded = values_in(trace, until), values_in(trace, load)
    return min(loaded) / max(known) if loaded and max(known) > 0 else 1.0


def clock_fall_ratio(trace: SensorTrace, load: Window) -> float:
    """Return by what ratio a clock came down under load for good; 1 if it did not.

    The highest clock of the last fifth by the usual clock of the first: a clock that a governor
    moves up and down reaches its height again, one that is held down does not.
    """
    fifth_ns = (load.end_ns - load.start_ns) // 5
    first = values_in(trace, Window(load.start_ns, load.start_ns + fifth_ns))
    last = values_in(trace, Window(load.end_ns - fifth_ns, load.end_ns))
    if not first or not last or median(first) <= 0:
        return 1.0
    return min(max(last) / median(first), 1.0)


def drift(trace: InferenceTrace) -> tuple[float, float]:
    """Compare the last quarter of a phase's inferences with the first, by medians.

    Returns:
        (their ratio, > 1 where they became slower; how many standard errors the change is).
        (1, 0) below 20 inferences.
    """
    durations_s = trace.duration_ns * S_PER_NS
    count = len(durations_s) // 4
    if count < 5:
        return 1.0, 0.0
    first, last = durations_s[:count].tolist(), durations_s[-count:].tolist()
    change_s = median(last) - median(first)
    error_s = float(np.hypot(_median_error(first), _median_error(last)))
    if error_s <= 0:
        return median(last) / median(first), np.inf if change_s else 0.0
    return median(last) / median(first), change_s / error_s


def _median_error(values: list[float]) -> float:
    """Standard error of a median: 1.253 σ/√n, with σ = 1.4826 × the median absolute deviation."""
    middle = median(values)
    sigma = 1.4826 * median([abs(v - middle) for v in values])
    return float(1.2533 * sigma / np.sqrt(len(values)))
