"""Lets a phone's physics go on in real time, and shows them in the phone's files."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ibd_mobile.sim import proc, reading
from ibd_mobile.sim.battery import Supply
from ibd_mobile.sim.boot import Boot, BootEnded, Burnt
from ibd_mobile.sim.clock import NS_PER_S, PhoneClock
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.node import Nodes
from ibd_mobile.sim.physics import Physics, Surroundings, status_of
from ibd_mobile.sim.picture import BatteryPicture, ThermalPicture
from ibd_mobile.sim.profile import Profile
from ibd_mobile.sim.screen import Screen
from ibd_mobile.sim.tree import zone_folders
from ibd_mobile.sim.truth import TruthWriter

_TICK_S = 0.04
_SLOW_EVERY = 5  # ticks between renewals of what nobody samples quickly
_CPU = "/sys/devices/system/cpu"


class World:
    """A thread that steps the physics while the phone is on.

    Args:
        profile: the phone's kind.
        knobs: its state at the start.
        clock: its boot clock; the world holds it while programs run.
        truth_file: where it records what really happened.
        seed: of the phone's chance.
    """

    def __init__(
        self, profile: Profile, knobs: Knobs, clock: PhoneClock, truth_file: Path, seed: int
    ) -> None:
        self._is_gauge_frozen = False
        #: called from the world's thread when a program in the phone asks for a reboot
        self.on_reboot: Callable[[], object] = lambda: None
        self._profile = profile
        self._knobs = knobs
        self._clock = clock
        self._physics = Physics(profile, knobs, seed)
        self._screen = Screen(is_on=knobs.screen_on)
        self._truth = TruthWriter(truth_file)
        self._lock = threading.Lock()
        self._boot: Boot | None = None
        self._boot_count = -1
        self._is_closed = False
        self._is_holding = True
        self._thread: threading.Thread | None = None

    @property
    def physics(self) -> Physics:
        """The state behind the files."""
        return self._physics

    def attach(self, boot: Boot) -> None:
        """Go on with a new boot."""
        with self._lock:
            self._boot = boot
            self._boot_count += 1
            self._nodes = Nodes(boot.nodes)
            self._zone_folders = zone_folders(self._profile, boot.boot_id)
            self._battery_picture = BatteryPicture()
            self._thermal_picture = ThermalPicture(self._profile.zones, self._profile.cooling)
            self._clusters = {cluster.name: 0 for cluster in self._profile.clusters}
            self._time_in_state: dict[tuple[str, int], float] = {}
            self._busy_s = dict.fromkeys(self._physics.load.busy, 0.0)
            self._tick_number = 0
            self._is_reboot_asked = False
            self._last_phone_ns, self._last_host_ns = self._clock.both_ns()
            self._record(self._last_phone_ns)
            self._show_all(self._last_phone_ns / NS_PER_S)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="world", daemon=True)
            self._thread.start()

    def detach(self) -> None:
        """Stand still until the next boot."""
        with self._lock:
            if self._boot is not None:
                self._release(len(self._boot.settled))
            self._boot = None

    def close(self) -> None:
        """End."""
        self._is_closed = True
        if self._thread is not None:
            self._thread.join()
        self._truth.close()

    def set_knobs(self, knobs: Knobs, changed: frozenset[str]) -> None:
        """Take over changed knobs."""
        with self._lock:
            self._knobs = knobs
            if "battery_pct" in changed:
                pack = self._physics.pack
                pack.charge_c = pack.capacity_c * knobs.battery_pct / 100
                self._physics.gauge_charge_c = pack.charge_c
            if "screen_on" in changed:
                self._screen.set(is_on=knobs.screen_on)
            if "sysfs_readable" in changed and self._boot is not None:
                for path in self._guarded_paths():
                    self._nodes.set_readable(path, is_readable=knobs.sysfs_readable)
            if self._boot is not None:
                self._show_quick()
                self._show_slow(self._clock.now_ns() / NS_PER_S)
                self._nodes.flush()

    def freeze_gauge(self, *, is_frozen: bool) -> None:
        """Let the battery's files keep what they say, or go on."""
        with self._lock:
            self._is_gauge_frozen = is_frozen

    def set_forced_limit(self, ratio: float) -> None:
        """Limit all clocks to a share of their highest; 1 lifts it."""
        with self._lock:
            self._physics.forced_limit_ratio = ratio

    def state(self) -> dict[str, Any]:
        """Return the truth of this moment."""
        with self._lock:
            physics = self._physics
            return {
                "boot_ns": self._clock.now_ns(),
                "boot_id": self._boot.boot_id if self._boot else "",
                "power_w": physics.power_w,
                "energy_j": physics.totals.energy_j,
                "cpu_s": physics.totals.cpu_s,
                "soc_pct": physics.pack.level_pct,
                "temperature_c": dict(physics.heat.temperature_c),
                "limits_khz": physics.limits_khz(),
                "is_screen_on": self._screen.is_on,
                "is_at_real_speed": self._is_holding,
                "auth": self._knobs.auth,
            }

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._is_closed:
            due_s = max(due_s + _TICK_S, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))
            with self._lock, contextlib.suppress(BootEnded):
                if self._boot is not None:
                    self._tick(self._boot)

    def _tick(self, boot: Boot) -> None:
        # Programs started before the question are alive in its answer, or over: in both cases
        # their own hold on the clock has done its work.
        settled = len(boot.settled)
        burnt = boot.burnt()
        self._hold_while(burnt.alive_count > 0)
        self._release(settled)
        phone_ns, host_ns = self._clock.both_ns()
        dt_s = (phone_ns - self._last_phone_ns) / NS_PER_S
        self._last_phone_ns, self._last_host_ns = phone_ns, host_ns
        now_s = phone_ns / NS_PER_S
        if dt_s <= 0:
            return
        self._wish(now_s)
        self._physics.step(now_s, dt_s, _shares(burnt), self._surroundings())
        self._account(dt_s)
        self._record(phone_ns)
        self._tick_number += 1
        self._show(now_s)

    def _hold_while(self, is_busy: bool) -> None:
        if is_busy and not self._is_holding:
            self._clock.hold()
        elif not is_busy and self._is_holding:
            self._clock.release()
        self._is_holding = is_busy

    def _release(self, count: int) -> None:
        boot = self._boot
        for _ in range(count if boot else 0):
            assert boot is not None  # noqa: S101
            boot.settled.popleft()
            self._clock.release()

    def _surroundings(self) -> Surroundings:
        stops = {
            stop.effect
            for stop in self._profile.charge_stops
            if self._nodes.read(stop.node) == stop.stops
        }
        supply = Supply(
            is_plugged=self._knobs.plugged,
            is_input_cut="input-cut" in stops,
            is_charging_off="charging-off" in stops or not self._knobs.charging_allowed,
        )
        return Surroundings(
            supply, self._knobs.ambient_c, self._screen.is_on, self._screen.brightness
        )

    def _wish(self, now_s: float) -> None:
        """Follow what programs in the phone asked of the screen."""
        for name in self._screen.wishes:
            self._screen.wish(name, self._nodes.read(f"/dev/.sim/wish/{name}"), now_s)
        wish = self._nodes.read("/dev/.sim/wish/reboot")
        if wish and not self._is_reboot_asked:
            self._is_reboot_asked = True
            self.on_reboot()
        self._screen.pass_time(now_s, is_plugged=self._knobs.plugged)

    def _record(self, phone_ns: int) -> None:
        physics = self._physics
        heat = physics.heat.temperature_c
        self._truth.add(
            phone_ns,
            physics.power_w,
            physics.totals.energy_j,
            physics.pack.charge_c,
            physics.pack.level_pct,
            physics.current_a,
            physics.flow.voltage_v,
            physics.load.power_w,
            physics.totals.cpu_s,
            heat["soc"],
            heat["skin"],
            heat["battery"],
            self._boot_count,
        )

    def _account(self, dt_s: float) -> None:
        for cluster, khz in self._physics.load.khz.items():
            spent = self._time_in_state.get((cluster, khz), 0.0)
            self._time_in_state[cluster, khz] = spent + dt_s
        for cpu, share in self._physics.load.busy.items():
            self._busy_s[cpu] += share * dt_s

    def _show_all(self, now_s: float) -> None:
        self._screen = Screen(is_on=self._knobs.screen_on)
        self._show_quick()
        self._show_slow(now_s)
        self._nodes.flush()

    def _show(self, now_s: float) -> None:
        self._show_quick()
        if self._tick_number % _SLOW_EVERY == 0:
            self._show_slow(now_s)
        self._nodes.flush()

    def _show_quick(self) -> None:
        if not self._is_gauge_frozen:
            readings = reading.battery_texts(self._physics, self._surroundings().supply)
            for path, name in self._profile.live_nodes.items():
                self._nodes.show(path, readings[name]())
        limits_khz = self._physics.limits_khz()
        for cluster in self._profile.clusters:
            policy = f"{_CPU}/cpufreq/policy{cluster.cpus[0]}"
            khz = str(self._physics.load.khz[cluster.name])
            self._nodes.show(f"{policy}/scaling_cur_freq", khz)
            self._nodes.show(f"{policy}/cpuinfo_cur_freq", khz)
            limit = str(limits_khz.get(cluster.name, cluster.steps[-1][0]))
            self._nodes.show(f"{policy}/scaling_max_freq", limit)

    def _show_slow(self, now_s: float) -> None:
        physics = self._physics
        zone_c = physics.zone_c()
        for zone in self._profile.zones:
            path = f"{self._zone_folders[zone.type]}/temp"
            self._nodes.show(path, reading.zone_text(zone, physics))
        cooling = reading.cooling_states(physics)
        for index, (name, _) in enumerate(self._profile.cooling):
            path = f"/sys/class/thermal/cooling_device{index}/cur_state"
            self._nodes.show(path, str(cooling.get(name, 0)))
        self._nodes.show("/dev/.sim/thermalservice", self._thermal_picture.text(zone_c, cooling))
        self._nodes.show("/dev/.sim/screen_on", str(int(self._screen.is_on)))
        self._show_battery(now_s)
        self._show_processor(now_s)

    def _show_battery(self, now_s: float) -> None:
        if self._is_gauge_frozen:
            return
        physics = self._physics
        supply = self._surroundings().supply
        level = min(100, max(0, reading.capacity_pct(physics) + self._knobs.framework_level_offset))
        picture = self._battery_picture.renew(
            now_s,
            is_plugged=supply.usb_w > 0,
            status=status_of(physics.pack, supply, physics.flow),
            level_pct=level,
            voltage_v=physics.flow.voltage_v,
            temperature_c=physics.heat.temperature_c["battery"],
            counter=reading.framework_counter(physics),
        )
        if picture is not None:
            self._nodes.show("/dev/.sim/battery", picture)

    def _show_processor(self, now_s: float) -> None:
        for cluster in self._profile.clusters:
            spent_s = {
                khz: self._time_in_state.get((cluster.name, khz), 0.0) for khz, _ in cluster.steps
            }
            lines = "\n".join(
                f"{khz} {round(time_s / proc.S_PER_TICK)}" for khz, time_s in spent_s.items()
            )
            policy = f"{_CPU}/cpufreq/policy{cluster.cpus[0]}"
            self._nodes.show(f"{policy}/stats/time_in_state", lines)
        self._nodes.show("/dev/.sim/proc/proc.stat", proc.stat(self._busy_s, now_s))
        busy = sum(self._physics.load.busy.values())
        self._nodes.show("/dev/.sim/proc/proc.loadavg", f"{busy:.2f} {busy:.2f} {busy:.2f} 1/1 1")

    def _guarded_paths(self) -> list[str]:
        zones = [f"{folder}/temp" for folder in self._zone_folders.values()]
        return [*self._profile.live_nodes, *zones]


def _shares(burnt: Burnt) -> list[tuple[int, float]]:
    """Turn CPU time into (mask, seconds); what is bound to no cores comes last."""
    bound = [(mask, ns / NS_PER_S) for mask, ns in burnt.shares]
    free_s = max(0.0, burnt.burnt_ns / NS_PER_S - sum(cpu_s for _, cpu_s in bound))
    return [*bound, (0, free_s)]
