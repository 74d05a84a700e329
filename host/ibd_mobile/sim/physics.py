"""The phone as a physical thing: power, charge and heat, one step after the other; no files."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ibd_mobile.sim.battery import Flow, Pack, Supply
from ibd_mobile.sim.gauge import CurrentGauge
from ibd_mobile.sim.heat import HeatNetwork
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.processor import Processor
from ibd_mobile.sim.profile import Gauge, Profile
from ibd_mobile.sim.thermal import Caps

_MA_PER_A = 1000
_LONGEST_STEP_S = 1.0
_AVERAGE_WINDOW_S = 5.6  #: of `current_avg`, the MAX1720x default
_BRIGHTNESS_MAX = 255


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What acts on the phone from outside in a step."""

    supply: Supply
    ambient_c: float
    is_screen_on: bool
    brightness: int = 102  #: 0…255


@dataclass
class Totals:
    """What has been used since the phone was started."""

    energy_j: float = 0.0  #: out of the battery
    cpu_s: float = 0.0


@dataclass
class Physics:
    """State of one phone.

    Args:
        profile: its kind.
        knobs: its state at the start.
        seed: of its gauge's error, its noise and its background activity.
    """

    profile: Profile
    knobs: Knobs
    seed: int = 0
    totals: Totals = field(default_factory=Totals)

    def __post_init__(self) -> None:
        profile = self.profile
        self._chance = random.Random(self.seed)  # noqa: S311  physics, not secrets
        gain = 1 + self._chance.gauss(0, profile.gauge.gain_error_pct / 100)
        self.pack = Pack(profile.battery, self.knobs.battery_pct)
        self.gauge = CurrentGauge(profile.gauge, self._chance, gain)
        self.average_gauge = CurrentGauge(_averaging(profile), self._chance, gain)
        self.gauge_charge_c = self.pack.charge_c  #: as the gauge counts it
        self._gain = gain
        self._volt_per_ma = profile.power.nominal_v / _MA_PER_A
        self.processor = Processor(profile.clusters, profile.power)
        self.caps = Caps(profile.caps)
        start_c = self.knobs.ambient_c if self.knobs.start_c is None else self.knobs.start_c
        self.heat = HeatNetwork(profile.heat_nodes, profile.heat_links, start_c)
        if self.knobs.start_c is None:
            self._settle()
        self.load = self.processor.run([], {})
        self.flow = self.pack.flow(profile.power.idle_ma * self._volt_per_ma, Supply())
        for gauge in (self.gauge, self.average_gauge):
            gauge.feed(0.0, _LONGEST_STEP_S, self.flow.current_a, is_screen_on=False)
        self.power_w = self.flow.power_w  #: mean of the last step
        self.current_a = self.flow.current_a  #: mean of the last step
        self.caps.update(self.zone_c())
        self._ripple_w = 0.0
        self.forced_limit_ratio = 1.0  #: a fault: limit all clocks

    def step(
        self,
        now_s: float,
        dt_s: float,
        shares: Sequence[tuple[int, float]],
        around: Surroundings,
    ) -> None:
        """Go on for `dt_s`.

        Args:
            now_s: phone boot time at the end of the step.
            dt_s: its length on the phone's clock.
            shares: (affinity mask, CPU seconds burnt in the step).
            around: the surroundings in it.
        """
        loads = [(mask, cpu_s / dt_s) for mask, cpu_s in shares]
        self.load = self.processor.run(loads, self.limits_khz())
        self.totals.cpu_s += sum(cpu_s for _, cpu_s in shares)
        count = max(1, math.ceil(dt_s / _LONGEST_STEP_S))
        part_s = dt_s / count
        energy_j = charge_c = 0.0
        for index in range(count):
            flow = self._part(part_s, around)
            energy_j += flow.power_w * part_s
            charge_c += flow.current_a * part_s
            end_s = now_s - (count - 1 - index) * part_s
            for gauge in (self.gauge, self.average_gauge):
                gauge.feed(end_s, part_s, flow.current_a, is_screen_on=around.is_screen_on)
        self.totals.energy_j += energy_j
        self.gauge_charge_c -= charge_c * self._gain
        self.power_w = energy_j / dt_s
        self.current_a = charge_c / dt_s
        self.caps.update(self.zone_c())

    def zone_c(self) -> dict[str, float]:
        """Return the true temperature of every zone that follows a body."""
        return {
            zone.type: self.heat.temperature_c[zone.follows] + zone.offset_c
            for zone in self.profile.zones
            if zone.follows
        }

    def limits_khz(self) -> dict[str, int]:
        """Return the highest clock of each capped cluster."""
        limits = self.caps.limit_khz()
        if self.forced_limit_ratio < 1:
            for cluster in self.profile.clusters:
                forced = round(cluster.steps[-1][0] * self.forced_limit_ratio)
                allowed = [khz for khz, _ in cluster.steps if khz <= forced]
                limit = allowed[-1] if allowed else cluster.steps[0][0]
                limits[cluster.name] = min(limit, limits.get(cluster.name, limit))
        return limits

    def _part(self, dt_s: float, around: Surroundings) -> Flow:
        power = self.profile.power
        self._wander(dt_s)
        screen_ma = 0.0
        if around.is_screen_on:
            shine = around.brightness / _BRIGHTNESS_MAX
            screen_ma = power.screen_on_ma + power.screen_full_ma * shine
        volt = self._volt_per_ma
        screen_w, radio_w = screen_ma * volt, power.radio_ma * volt
        chip_w = power.idle_ma * volt + self.load.power_w + self._ripple_w
        self.flow = self.pack.flow(max(chip_w + screen_w + radio_w, 0.0), around.supply)
        self.pack.step(self.flow, dt_s)
        loss_w = self.flow.current_a**2 * self.pack.resistance_ohm
        sources_w = {"soc": chip_w, "skin": screen_w + radio_w, "battery": loss_w}
        self.heat.step(sources_w, around.ambient_c, dt_s)
        return self.flow

    def _wander(self, dt_s: float) -> None:
        """Move the background activity: a first-order random walk around zero."""
        power = self.profile.power
        kept = math.exp(-dt_s / power.ripple_s)
        shake = power.ripple_w * math.sqrt(1 - kept**2)
        self._ripple_w = kept * self._ripple_w + self._chance.gauss(0, shake)

    def _settle(self) -> None:
        power, volt = self.profile.power, self._volt_per_ma
        sources_w = {"soc": power.idle_ma * volt, "skin": power.radio_ma * volt}
        self.heat.settle(sources_w, self.knobs.ambient_c)


def status_of(pack: Pack, supply: Supply, flow: Flow) -> str:
    """Name the charging status as the kernel does."""
    if not supply.usb_w:
        return "Discharging"
    if pack.charge_c >= pack.capacity_c:
        return "Full"
    if supply.is_charging_off:
        return "Not charging" if flow.current_a <= 0 else "Discharging"
    return "Charging"  # also where a weak port does not keep up with the load


def _averaging(profile: Profile) -> Gauge:

    return msgspec.structs.replace(profile.gauge, mean_window_s=_AVERAGE_WINDOW_S, noise=0.0)
