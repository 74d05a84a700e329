"""The phone's own gauge: power at the battery from its current and voltage.

A gauge renews its registers every so often, from 0.2 s to 12 s, and a sampler that reads faster
gets each value many times over. Only the first read after a renewal tells something new.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.core.units import NS_PER_S, S_PER_NS

id = "fuel_gauge"

_SITE = "battery"
#: with fewer gaps between changes than this, they say nothing against the declared period
_LEAST_GAPS = 8
#: two periods that differ by this factor are not the same; half-way to one renewal more
_CONTRADICTION = 1.5


def sensors(sensors: Sequence[Sensor]) -> list[Sensor]:
    """Pick current and voltage of the battery, or its power where the gauge tells that itself.

    Returns:
        [current, voltage], [power], or nothing where the gauge has neither.
    """

    def first(quantity: str) -> Sensor | None:
        return next((s for s in sensors if (s.quantity, s.site) == (quantity, _SITE)), None)

    current, voltage, power = first("current"), first("voltage"), first("power")
    if current is not None and voltage is not None:
        return [current, voltage]
    return [power] if power is not None else []


def parse(traces: Sequence[SensorTrace], sensors: Sequence[Sensor]) -> PowerTrace | None:
    """Make power out of what the gauge said: one sample for each renewal.

    A value may be renewed to the same number. Such a renewal cannot be seen; it is placed where
    the period and the visible changes around it put it. Voltage is interpolated onto the times of
    the current, which changes far more.

    Where the catalog does not know what a positive current means, the sign is chosen so that the
    phone draws on the whole; such a sensor is marked UNKNOWN-UNIT when the job is judged.

    Args:
        traces: in SI units, as read.
        sensors: those of the traces; others may be among them.

    Returns:
        None where there are no such sensors, or fewer than two renewals were seen.
    """
    picked = _picked(traces, sensors)
    readings = [_readings(trace) for _, trace in picked]
    if not picked or min(len(t_ns) for t_ns, _ in readings) < 2:
        return None
    gauge, (t_ns, value) = picked[0][0], readings[0]
    period_s = renewal_period_s(t_ns, value, gauge.period_s)
    fresh = fresh_reads(t_ns, value, period_s)
    if len(fresh) < 2:
        return None
    t_ns, value = t_ns[fresh], value[fresh]
    for at_ns, voltage_v in readings[1:]:
        value = value * np.interp(t_ns, at_ns, voltage_v)
    return PowerTrace(
        site=_SITE,
        t_ns=t_ns,
        power_w=_drawn(value, gauge.positive),
        period_s=period_s,
        mean_window_s=gauge.mean_window_s,
        gain_error_pct=math.hypot(*(sensor.gain_error_pct for sensor, _ in picked)),
    )


def renewal_period_s(
    t_ns: NDArray[np.int64], value: NDArray[np.float64], declared_s: float
) -> float:
    """Say how often a gauge renews its value: as declared, unless the changes contradict.

    One model is sold with firmware of more than one habit, and some gauges are cached longer
    while no cable is in. Too short a period would count one value many times over.

    Args:
        t_ns: (n,) boot time of the reads, n >= 2.
        value: (n,) what was read.
        declared_s: from the catalog; 0 = renewed at every read.

    Returns:
        s; 0 where each read is fresh.
    """
    read_s = float(np.median(np.diff(t_ns))) * S_PER_NS
    gaps_s = np.diff(t_ns[_changes(value)]) * S_PER_NS
    period_s = declared_s
    if len(gaps_s) >= _LEAST_GAPS:
        # Equal neighbours only lengthen gaps, so the shortest ones tell a period too long to be
        # the declared one, and the middle one a period too short.
        shortest_s, middle_s = np.percentile(gaps_s, [10, 50]).tolist()
        if shortest_s > _CONTRADICTION * max(declared_s, read_s):
            period_s = shortest_s
        elif middle_s * _CONTRADICTION < declared_s:
            period_s = middle_s
    return period_s if period_s > _CONTRADICTION * read_s else 0.0


def fresh_reads(
    t_ns: NDArray[np.int64], value: NDArray[np.float64], period_s: float
) -> NDArray[np.intp]:
    """Find the first read after each renewal, seen or unseen.

    The renewals' phase is taken anew from every visible change, so an error of the period does
    not add up. What was there at the first read is of unknown age and left out.

    Args:
        t_ns: (n,) boot time of the reads.
        value: (n,) what was read.
        period_s: 0 = every read is fresh.

    Returns:
        (m,) indices into the reads, increasing, m <= n.

    >>> t_ns = np.arange(8) * NS_PER_S
    >>> fresh_reads(t_ns, np.array([1.0, 1, 2, 2, 2, 2, 3, 3]), 2.0)  # renewed at 4 s to the same
    array([2, 4, 6])
    """
    if period_s <= 0:
        return np.arange(len(t_ns))
    period_ns = period_s * NS_PER_S
    changes = t_ns[_changes(value)]
    known = changes if len(changes) else t_ns[:1]
    between = [
        np.linspace(a, b, max(1, round((b - a) / period_ns)), endpoint=False)
        for a, b in pairwise(known.tolist())
    ]
    # a change is seen up to a read late, so what seems to lie right after the start lies before it
    head = np.arange(known[0], t_ns[0] + period_ns / 10, -period_ns)[::-1]
    tail = np.arange(known[-1], t_ns[-1] + 1, period_ns)
    renewals = np.concatenate([head[:-1], *between, tail])
    reads: NDArray[np.intp] = np.unique(np.searchsorted(t_ns, np.round(renewals).astype(np.int64)))
    fresh: NDArray[np.intp] = reads[reads < len(t_ns)]
    return fresh


def _picked(
    traces: Sequence[SensorTrace], among: Sequence[Sensor]
) -> list[tuple[Sensor, SensorTrace]]:
    by_id = {trace.id: trace for trace in traces}
    picked = sensors(among)
    return [(s, by_id[s.id]) for s in picked] if all(s.id in by_id for s in picked) else []


def _readings(trace: SensorTrace) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Leave out failed reads, and reads at which the clock had not moved on."""
    is_read = np.isfinite(trace.value)
    t_ns, value = trace.t_ns[is_read], trace.value[is_read]
    if not len(t_ns):
        return t_ns, value
    is_later = np.concatenate(([True], t_ns[1:] > np.maximum.accumulate(t_ns)[:-1]))
    return t_ns[is_later], value[is_later]


def _changes(value: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.flatnonzero(value[1:] != value[:-1]) + 1


def _drawn(value: NDArray[np.float64], positive: str) -> NDArray[np.float64]:
    if positive == "discharging":
        return value
    if positive == "charging":
        return -value
    return value if np.median(value) >= 0 else -value
