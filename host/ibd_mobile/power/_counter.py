"""Power out of a counter of energy, which misses nothing that was drawn between two reads."""

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.core.units import NS_PER_S, S_PER_NS

#: a step shorter than this is told badly: a counter is renewed every 1 to 100 ms
_LEAST_STEP_S = 0.05
#: and it takes so many renewals that the moment of the last one does not matter
_STEP_RENEWALS = 4


def power_of(trace: SensorTrace, site: str, gain_error_pct: float) -> PowerTrace | None:
    """Make mean power over steps of like length out of a counter.

    Where the counter starts again from 0 in the middle, nothing is known of that step, and it is
    left out.

    Args:
        trace: the counter as read, J.
        site: what it counts for.
        gain_error_pct: one sigma of its scale error.

    Returns:
        None where fewer than two steps can be told.

    >>> t_ns = np.arange(0, 10**9, 10**7)
    >>> steady = SensorTrace("c", "energy", "package", t_ns, 20.0 * t_ns * 1e-9)
    >>> power_of(steady, "package", 0.0).power_w.round(6).tolist()[:2]
    [20.0, 20.0]
    """
    t_ns, energy_j = _renewals(trace)
    if len(t_ns) < 3:
        return None
    renewal_s = float(np.median(np.diff(t_ns))) * S_PER_NS
    step_s = max(_LEAST_STEP_S, _STEP_RENEWALS * renewal_s)
    picked = _spaced(t_ns, round(step_s * NS_PER_S))
    drawn_j, took_s = np.diff(energy_j[picked]), np.diff(t_ns[picked]) * S_PER_NS
    is_known = drawn_j >= 0
    if is_known.sum() < 2:
        return None
    return PowerTrace(
        site=site,
        t_ns=t_ns[picked][1:][is_known],
        power_w=(drawn_j / took_s)[is_known],
        period_s=float(np.median(took_s)),
        mean_window_s=float(np.median(took_s)),
        gain_error_pct=gain_error_pct,
    )


def total(traces: list[PowerTrace], site: str) -> PowerTrace | None:
    """Add power drawn at several sites, on the times of the first; None for none."""
    if not traces:
        return None
    first, *others = traces
    power_w = first.power_w + sum(np.interp(first.t_ns, o.t_ns, o.power_w) for o in others)
    return PowerTrace(
        site=site,
        t_ns=first.t_ns,
        power_w=power_w,
        period_s=first.period_s,
        mean_window_s=first.mean_window_s,
        gain_error_pct=max(t.gain_error_pct for t in traces),
    )


def _renewals(trace: SensorTrace) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the first read after each renewal; one before the first renewal is of unknown age."""
    is_read = np.isfinite(trace.value)
    t_ns, energy_j = trace.t_ns[is_read], trace.value[is_read]
    is_new = np.flatnonzero(energy_j[1:] != energy_j[:-1]) + 1
    return t_ns[is_new], energy_j[is_new]


def _spaced(t_ns: NDArray[np.int64], step_ns: int) -> NDArray[np.intp]:
    """Pick moments that lie a step or little more apart."""
    picked = [0]
    while True:
        place = int(np.searchsorted(t_ns, t_ns[picked[-1]] + step_ns))
        if place >= len(t_ns):
            return np.array(picked, np.intp)
        picked.append(place)
