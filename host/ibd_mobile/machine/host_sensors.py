"""Sensors that a host has beside those of the catalog: counters of energy, and cards."""

from pathlib import Path

from ibd_mobile.core.device import Quantity, Sensor

_POWERCAP = Path("/sys/class/powercap")
#: RAPL is a measurement on new processors and a model on old ones; no maker states its error, and
#: comparisons with meters find some percent
_RAPL_GAIN_PCT = 3.0
#: NVML's manual: within 5 %, taken as uniform
_NVML_GAIN_PCT = 2.9
_NVML = "NVIDIA's manual of NVML: nvmlDeviceQueries"
#: id -> quantity, NVML's unit, renewal period in s
_CARD: dict[str, tuple[Quantity, str, float]] = {
    "gpu_energy": ("energy", "mJ", 0.0),
    "gpu_power": ("power", "mW", 0.1),
    "gpu_power_limit": ("power", "mW", 0.0),
    "gpu_temperature": ("temperature", "degC", 0.0),
    "gpu_clock": ("frequency", "MHz", 0.0),
    "gpu_memory_clock": ("frequency", "MHz", 0.0),
    "gpu_throttle": ("throttle", "count", 0.0),
    "gpu_load": ("load", "pct", 0.0),
}


def package_sensors(folder: Path = _POWERCAP) -> list[Sensor]:
    """Return the counters of energy of all processor packages, readable or not.

    Zones of the same tree that are parts of a package (core, dram) or hold all of them (psys) are
    left out: their energy would be counted twice.

    Args:
        folder: the kernel's account of power zones.
    """
    found = []
    for zone in sorted(folder.glob("intel-rapl:*")):
        try:
            name = (zone / "name").read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
        if name.startswith("package"):
            found.append(
                Sensor(
                    id=f"rapl_{name.replace('-', '_')}",
                    quantity="energy",
                    site="package",
                    node=str(zone / "energy_uj"),
                    unit="uJ",
                    gain_error_pct=_RAPL_GAIN_PCT,
                    status="confirmed",
                    source="linux Documentation/power/powercap/powercap.rst",
                )
            )
    return found


def card_sensors(files: dict[str, Path], power_mean_s: float) -> list[Sensor]:
    """Return what a card can tell.

    Args:
        files: sensor id -> file that a recorder keeps up to date, in NVML's unit.
        power_mean_s: the card's power is a mean over this long, s.
    """
    return [
        Sensor(
            id=id,
            quantity=quantity,
            site="gpu_limit" if id == "gpu_power_limit" else "gpu",
            node=str(files[id]),
            unit=unit,
            period_s=period_s,
            mean_window_s=power_mean_s if id == "gpu_power" else 0.0,
            gain_error_pct=_NVML_GAIN_PCT if id in ("gpu_energy", "gpu_power") else 0.0,
            status="confirmed",
            source=_NVML,
        )
        for id, (quantity, unit, period_s) in _CARD.items()
        if id in files
    ]
