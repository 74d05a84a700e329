"""A battery pack: what voltage and current it gives for a power, and what that costs in charge."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ibd_mobile.sim import profile

_C_PER_MAH = 3.6
_USB_W = 5.0 * 0.5  #: a standard downstream port
_CHARGER_EFFICIENCY_RATIO = 0.9


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes through the battery's terminals; positive while it discharges."""

    current_a: float
    voltage_v: float
    usb_w: float = 0.0  #: taken from the port

    @property
    def power_w(self) -> float:
        """Power at the terminals, W."""
        return self.current_a * self.voltage_v


@dataclass(frozen=True, slots=True)
class Supply:
    """What the cable and the charger allow."""

    is_plugged: bool = False
    is_input_cut: bool = False
    is_charging_off: bool = False

    @property
    def usb_w(self) -> float:
        """Power at hand after the charger's losses, W."""
        return (
            _USB_W * _CHARGER_EFFICIENCY_RATIO if self.is_plugged and not self.is_input_cut else 0.0
        )


class Pack:
    """The battery of one phone.

    Args:
        spec: its kind.
        level_pct: its true charge at the start.
    """

    def __init__(self, spec: profile.Battery, level_pct: float) -> None:
        self._spec = spec
        self.capacity_c = spec.capacity_mah * _C_PER_MAH
        self.charge_c = self.capacity_c * level_pct / 100

    @property
    def level_pct(self) -> float:
        """True charge, % of the capacity."""
        return 100 * self.charge_c / self.capacity_c

    @property
    def ocv_v(self) -> float:
        """Voltage with nothing connected, V."""
        return interpolate(self._spec.ocv_mv, self.level_pct) / 1000

    @property
    def resistance_ohm(self) -> float:
        """Inner resistance, ohm."""
        share_pct = interpolate(self._spec.resistance_pct, self.level_pct)
        return self._spec.resistance_mohm / 1000 * share_pct / 100

    def flow(self, load_w: float, supply: Supply) -> Flow:
        """Say what flows when the phone draws `load_w`."""
        usb_w = min(supply.usb_w, load_w)
        if supply.usb_w > load_w and not supply.is_charging_off:
            flow = self._charge(supply.usb_w - load_w)
            return Flow(flow.current_a, flow.voltage_v, usb_w - flow.power_w)
        flow = self._give(load_w - usb_w)
        return Flow(flow.current_a, flow.voltage_v, usb_w)

    def step(self, flow: Flow, dt_s: float) -> None:
        """Let a flow go on for some time."""
        self.charge_c = min(max(self.charge_c - flow.current_a * dt_s, 0.0), self.capacity_c)

    def _give(self, power_w: float) -> Flow:
        """Solve power = (ocv - r * current) * current for the smaller current."""
        ocv_v, ohm = self.ocv_v, self.resistance_ohm
        most_w = ocv_v**2 / (4 * ohm)
        root = math.sqrt(max(ocv_v**2 - 4 * ohm * min(power_w, most_w), 0.0))
        current_a = (ocv_v - root) / (2 * ohm)
        return Flow(current_a, ocv_v - ohm * current_a)

    def _charge(self, power_w: float) -> Flow:
        ocv_v, ohm = self.ocv_v, self.resistance_ohm
        if self.charge_c >= self.capacity_c:
            return Flow(0.0, ocv_v)
        wanted_a = self._give(-power_w).current_a
        at_full_voltage_a = (ocv_v - self._spec.full_v) / ohm
        current_a = max(wanted_a, at_full_voltage_a, -self._spec.charge_ma / 1000)
        current_a = min(current_a, 0.0)
        return Flow(current_a, ocv_v - ohm * current_a)


def interpolate(table: Sequence[tuple[float, float]], x: float) -> float:
    """Read a rising table between its rows; beyond its ends the last value holds.

    >>> interpolate([(0, 3200), (100, 4400)], 50)
    3800.0
    """
    index = bisect_right(table, x, key=lambda row: row[0])
    if index == 0:
        return table[0][1]
    if index == len(table):
        return table[-1][1]
    (x0, y0), (x1, y1) = table[index - 1], table[index]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
