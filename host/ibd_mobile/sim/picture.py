"""What Android's services say of battery and heat: a picture, and at times an old one."""

from collections.abc import Mapping, Sequence

from ibd_mobile.sim.profile import Zone
from ibd_mobile.sim.thermal import Severity

_CHORE_PLUGGED_S = 60.0
_CHORE_S = 600.0
_BATTERY_BYTES = 512  # always as long, so that no reader meets the end of an older text
_SKIN = 3  # as the HAL numbers kinds of sensors
STATUS_NUMBERS = {"Unknown": 1, "Charging": 2, "Discharging": 3, "Not charging": 4, "Full": 5}


class BatteryPicture:
    """What `dumpsys battery` prints; renewed by events of the kernel and a periodic chore."""

    def __init__(self) -> None:
        self._told: tuple[object, ...] = ()
        self._renewed_s = float("-inf")

    def renew(
        self,
        now_s: float,
        *,
        is_plugged: bool,
        status: str,
        level_pct: int,
        voltage_v: float,
        temperature_c: float,
        counter: int,
    ) -> str | None:
        """Return the new picture as shell variables, or None while the old one stands."""
        events = (is_plugged, status, level_pct, round(temperature_c))
        chore_s = _CHORE_PLUGGED_S if is_plugged else _CHORE_S
        if events == self._told and now_s - self._renewed_s < chore_s:
            return None
        self._told = events
        self._renewed_s = now_s
        lines = {
            "ac": "false",
            "usb": str(is_plugged).lower(),
            "wireless": "false",
            "max_current": 500_000 if is_plugged else 0,
            "max_voltage": 5_000_000 if is_plugged else 0,
            "counter": counter,
            "status": STATUS_NUMBERS[status],
            "health": 2,
            "present": "true",
            "level": level_pct,
            "voltage": round(voltage_v * 1000),
            "temp": round(temperature_c * 10),
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items()).ljust(
            _BATTERY_BYTES, "\n"
        )


class ThermalPicture:
    """What `dumpsys thermalservice` prints."""

    def __init__(self, zones: Sequence[Zone], cooling: Sequence[tuple[str, int]]) -> None:
        self._shown = sorted((zone for zone in zones if zone.hal_name), key=lambda z: z.hal_name)
        self._severity = {zone.hal_name: Severity(zone) for zone in self._shown}
        self._cached: dict[str, tuple[float, int]] = {}
        self._cooling = cooling

    def text(self, zone_c: Mapping[str, float], cooling_states: Mapping[str, int]) -> str:
        """Print the present state; `Cached temperatures` are those of the last events only."""
        now = {}
        for zone in self._shown:
            level = self._severity[zone.hal_name].update(zone_c[zone.type])
            now[zone.hal_name] = (zone_c[zone.type], level)
            if self._cached.get(zone.hal_name, (0.0, -1))[1] != level:
                self._cached[zone.hal_name] = now[zone.hal_name]
        status = max(
            (now[zone.hal_name][1] for zone in self._shown if zone.hal_type == 3), default=0
        )
        lines = [
            "IsStatusOverride: false",
            *_listeners("ThermalEventListeners"),
            *_listeners("ThermalStatusListeners"),
            f"Thermal Status: {status}",
            "Cached temperatures:",
            *self._temperatures(self._cached),
            "HAL Ready: true",
            "HAL connection:",
            "\tThermalHAL 2.0 connected: yes",
            "Current temperatures from HAL:",
            *self._temperatures(now),
            "Current cooling devices from HAL:",
            *(
                f"\tCoolingDevice{{mValue={cooling_states.get(name, 0)}, mType={kind}, "
                f"mName={name}}}"
                for name, kind in self._cooling
            ),
        ]
        return "\n".join(lines)

    def _temperatures(self, values: Mapping[str, tuple[float, int]]) -> list[str]:
        return [
            f"\tTemperature{{mValue={values[zone.hal_name][0]:.1f}, mType={zone.hal_type}, "
            f"mName={zone.hal_name}, mStatus={values[zone.hal_name][1]}}}"
            for zone in self._shown
            if zone.hal_name in values
        ]


def _listeners(name: str) -> list[str]:
    return [f"{name}:", "\tcallbacks: 2", "\tkilled: false", "\tbroadcasts count: -1"]
