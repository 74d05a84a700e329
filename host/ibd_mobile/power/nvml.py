"""NVIDIA cards: the counter of energy where a card has one, else its power now and then."""

from collections.abc import Sequence

import numpy as np

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.power import _counter
from ibd_mobile.power.fuel_gauge import fresh_reads, renewal_period_s

id = "nvml"

_SITE = "gpu"


def sensors(sensors: Sequence[Sensor]) -> list[Sensor]:
    """Pick the card's energy, or its power; nothing where it tells neither."""
    for quantity in ("energy", "power"):
        found = [s for s in sensors if (s.quantity, s.site) == (quantity, _SITE)]
        if found:
            return found[:1]
    return []


def parse(traces: Sequence[SensorTrace], sensors: Sequence[Sensor]) -> PowerTrace | None:
    """Make power out of the counter's steps, or of the readings that were new.

    Returns:
        None where the card told nothing, or too little.
    """
    picked = next(iter(_picked(sensors)), None)
    trace = next((t for t in traces if picked is not None and t.id == picked.id), None)
    if picked is None or trace is None:
        return None
    if picked.quantity == "energy":
        return _counter.power_of(trace, _SITE, picked.gain_error_pct)
    return _sampled(trace, picked)


def _sampled(trace: SensorTrace, sensor: Sensor) -> PowerTrace | None:
    is_read = np.isfinite(trace.value)
    t_ns, power_w = trace.t_ns[is_read], trace.value[is_read]
    if len(t_ns) < 2:
        return None
    period_s = renewal_period_s(t_ns, power_w, sensor.period_s)
    fresh = fresh_reads(t_ns, power_w, period_s)
    if len(fresh) < 2:
        return None
    return PowerTrace(
        site=_SITE,
        t_ns=t_ns[fresh],
        power_w=power_w[fresh],
        period_s=period_s,
        mean_window_s=sensor.mean_window_s,
        gain_error_pct=sensor.gain_error_pct,
    )


_picked = sensors
