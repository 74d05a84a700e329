"""What a host's processors draw, by the counters of their packages (RAPL, through powercap).

A package is the processor and what else is on its die; memory, board and power supply are not in
it. The counters say the same for everybody on the machine: what others do is in them too.
"""

from collections.abc import Sequence

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.power import _counter

id = "rapl"

_SITE = "package"


def sensors(sensors: Sequence[Sensor]) -> list[Sensor]:
    """Pick the counters of all packages; nothing where there are none."""
    return [s for s in sensors if (s.quantity, s.site) == ("energy", _SITE)]


def parse(traces: Sequence[SensorTrace], sensors: Sequence[Sensor]) -> PowerTrace | None:
    """Add the power of all packages.

    Returns:
        None where one of them told nothing: a part of the power is not the power.
    """
    picked = _picked(sensors)
    by_id = {trace.id: trace for trace in traces}
    found = [
        _counter.power_of(by_id[s.id], _SITE, s.gain_error_pct) if s.id in by_id else None
        for s in picked
    ]
    known = [trace for trace in found if trace is not None]
    return _counter.total(known, _SITE) if len(known) == len(found) else None


_picked = sensors
