"""What the kernel's files of a phone say, as text, out of the state of its physics."""

from collections.abc import Callable

from ibd_mobile.sim.battery import Supply
from ibd_mobile.sim.physics import Physics, status_of
from ibd_mobile.sim.profile import Zone

_UAH_PER_C = 1e6 / 3600
_COUNTER_STEP_UAH = 500
_MICRO = 1e6
_MILLI = 1e3


def battery_texts(physics: Physics, supply: Supply) -> dict[str, Callable[[], str]]:
    """Return reading -> its text now; the names are those of a profile's `live_nodes`."""
    pack, gpu = physics.pack, physics.profile.gpu
    step_uv = physics.profile.gauge.voltage_quantum_uv
    has_usb = supply.usb_w > 0
    limit_hz = physics.caps.gpu_limit_hz() or gpu.frequencies_hz[0]
    battery_c = physics.heat.temperature_c["battery"]
    return {
        "capacity_pct": lambda: str(capacity_pct(physics)),
        "gauge_current": lambda: str(physics.gauge.value),
        "gauge_current_avg": lambda: str(physics.average_gauge.value),
        "voltage_uv": lambda: _stepped(physics.flow.voltage_v * _MICRO, step_uv),
        "ocv_uv": lambda: _stepped(pack.ocv_v * _MICRO, step_uv),
        "battery_decidegree": lambda: str(round(battery_c * 10)),
        "battery_degree_times_10": lambda: str(round(battery_c) * 10),
        "charge_uah": lambda: str(charge_uah(physics)),
        "charge_mah": lambda: _stepped(charge_uah(physics) / _MILLI, 1),
        "status": lambda: status_of(pack, supply, physics.flow),
        "usb_online": lambda: str(int(has_usb)),
        "usb_current_max_ua": lambda: "500000" if has_usb else "0",
        "usb_voltage_uv": lambda: "5000000" if has_usb else "0",
        "gpu_hz": lambda: str(gpu.frequencies_hz[-1]),
        "gpu_limit_hz": lambda: str(limit_hz),
        "gpu_cap_level": lambda: str(sum(1 for hz in gpu.frequencies_hz if hz > limit_hz)),
    }


def zone_text(zone: Zone, physics: Physics) -> str:
    """Print what a thermal zone says, which is not always a temperature."""
    if zone.follows:
        now_c = physics.heat.temperature_c[zone.follows] + zone.offset_c
        return str(round(round(now_c, 1) * zone.per_degree))  # sensors resolve a tenth of a degree
    named = {
        "battery_pct": str(capacity_pct(physics)),
        "battery_mv": str(round(physics.flow.voltage_v * _MILLI)),
        "battery_ma": str(round(physics.current_a * _MILLI)),
    }
    return named.get(zone.fixed, zone.fixed)


def cooling_states(physics: Physics) -> dict[str, int]:
    """Return cooling device -> how many steps it takes the clocks down."""
    limits_khz = physics.limits_khz()
    states = {}
    for cluster in physics.profile.clusters:
        limit = limits_khz.get(cluster.name, cluster.steps[-1][0])
        above = sum(1 for khz, _ in cluster.steps if khz > limit)
        states[f"thermal-cpufreq-{cluster.cpus[0]}"] = above
    return states


def capacity_pct(physics: Physics) -> int:
    """Return the charge as the gauge counts it, whole percent."""
    share = physics.gauge_charge_c / physics.pack.capacity_c
    return min(100, max(0, int(100 * share + 0.5)))


def charge_uah(physics: Physics) -> int:
    """Return the charge as the gauge counts it, in its coarse steps."""
    return int(_stepped(physics.gauge_charge_c * _UAH_PER_C, _COUNTER_STEP_UAH))


def framework_counter(physics: Physics) -> int:
    """Return what Android calls the charge counter, in the unit that the maker has chosen."""
    told_uah = charge_uah(physics)
    return told_uah if physics.profile.framework_counter == "uAh" else round(told_uah / _MILLI)


def _stepped(value: float, quantum: float) -> str:
    return str(int(round(value / quantum) * quantum))
