"""What a simulated phone is made of, as its TOML file says it."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.sim.knobs import Knobs

_FOLDER = Path(__file__).parent / "profiles"
_PROPERTY = re.compile(r"\[([^\]]+)\]: \[(.*)\]")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts: frozen, and unknown keys are refused."""


class Cluster(Part, frozen=True, kw_only=True):
    """Like cores under one clock."""

    name: str
    cpus: list[int]
    implementer: str
    variant: str
    part: str
    revision: int
    hardware_max_khz: int  #: `cpuinfo_max_freq`, which may lie above the listed steps
    capacity: int  #: of a core, 1024 is the biggest
    active_ma: float  #: of the cluster while any of its cores works
    steps: list[tuple[int, float]]  #: (kHz, mA of one busy core), rising


class Power(Part, frozen=True, kw_only=True):
    """What draws current besides busy cores; mA at the nominal battery voltage."""

    nominal_v: float
    idle_ma: float
    active_ma: float  #: of the processor while any core works
    radio_ma: float
    screen_on_ma: float
    screen_full_ma: float  #: more at full brightness
    ripple_w: float  #: standard deviation of what goes on by itself
    ripple_s: float  #: how long such a thing lasts


class Battery(Part, frozen=True, kw_only=True):
    """A pack: open-circuit voltage and inner resistance over charge."""

    capacity_mah: float
    resistance_mohm: float
    charge_ma: float  #: the most that the charger puts in
    full_v: float
    ocv_mv: list[tuple[float, float]]  #: (%, mV), rising
    resistance_pct: list[tuple[float, float]]  #: (%, % of resistance_mohm), rising


class HeatNode(Part, frozen=True, kw_only=True):
    """A body with one temperature."""

    name: str
    j_per_k: float


class HeatLink(Part, frozen=True, kw_only=True):
    """A way for heat between two bodies; "ambient" is the room."""

    a: str
    b: str
    k_per_w: float


class Gauge(Part, frozen=True, kw_only=True):
    """How the phone's own meter tells the current."""

    unit: Literal["uA", "mA"]
    positive: Literal["discharging", "charging"]
    quantum: float  #: in `unit`
    renewal_s: float
    renewal_screen_off_s: float = 0.0  #: 0: the same
    mean_window_s: float = 0.0  #: 0: the value of the moment
    noise: float = 0.0  #: standard deviation, in `unit`
    gain_error_pct: float = 0.0  #: standard deviation between units of this model
    voltage_quantum_uv: float = 1.0


class Zone(Part, frozen=True, kw_only=True):
    """A thermal zone."""

    type: str
    follows: str = ""  #: heat node; empty: shows `fixed`
    offset_c: float = 0.0
    per_degree: float = 1000.0  #: 1000: the node is in m°C, 1: in °C
    fixed: str = ""
    hal_name: str = ""  #: as `dumpsys thermalservice` calls it; empty: not shown there
    hal_type: int = -1
    thresholds_c: list[float] = []  #: light, moderate, severe, critical, emergency, shutdown
    hysteresis_c: float = 1.9


class Cap(Part, frozen=True, kw_only=True):
    """A rule of the thermal daemon: above `set_c` the clocks are limited, until below `clear_c`."""

    zone: str
    set_c: float
    clear_c: float
    limit_khz: dict[str, int] = {}  #: cluster -> highest clock
    gpu_limit_hz: int = 0


class Gpu(Part, frozen=True, kw_only=True):
    """The graphics processor; it idles, since nothing of the phone runs on it."""

    model: str
    frequencies_hz: list[int]  #: falling


class ChargeStop(Part, frozen=True, kw_only=True):
    """A node that keeps the charger from the battery; written by root."""

    node: str
    stops: str
    allows: str = "0"
    effect: Literal["input-cut", "charging-off"]


class Profile(Part, frozen=True, kw_only=True):
    """A kind of phone."""

    schema: Literal[1]
    id: str
    name: str
    properties_file: str
    properties_dropped: str = ""  #: regular expression of keys of the base list left out
    properties: dict[str, str]
    kernel_release: str
    cpuinfo_hardware: str = ""  #: empty: the line is missing, as on Kirin
    bogomips: str
    cpu_features: str
    cpufreq_driver: str
    memory_kb: int
    features: list[str]
    payload_bytes: int
    screen_size: str
    screen_density: int
    clusters: list[Cluster]
    power: Power
    battery: Battery
    heat_nodes: list[HeatNode]
    heat_links: list[HeatLink]
    gauge: Gauge
    zones: list[Zone]
    caps: list[Cap]
    cooling: list[tuple[str, int]]  #: (name, type as the HAL numbers it)
    gpu: Gpu
    charge_stops: list[ChargeStop] = []
    static_nodes: dict[str, str] = {}
    hidden_cpufreq: list[str] = []  #: names of frequency nodes that the shell may not read
    framework_counter: Literal["uAh", "mAh"] = "uAh"  #: unit of Android's "Charge counter"
    vendor_battery_lines: list[str] = []  #: what the maker adds to `dumpsys battery`
    live_nodes: dict[str, str]  #: path -> name of a reading
    knobs: Knobs

    def all_properties(self) -> dict[str, str]:
        """Return the recorded list with this phone's own values laid over it."""
        text = (_FOLDER / self.properties_file).read_text(encoding="utf-8")
        dropped = re.compile(self.properties_dropped or r"(?!)")
        base = {
            match[1]: match[2]
            for match in map(_PROPERTY.fullmatch, text.splitlines())
            if match and not dropped.search(match[1])
        }
        return base | self.properties


def names() -> list[str]:
    """Name every phone that can be simulated."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def read(name: str) -> Profile:
    """Load a profile.

    Raises:
        InputError: there is none of that name.
        DataError: its file is not what it should be.
    """
    path = _FOLDER / f"{name}.toml"
    if name not in names():
        known = ", ".join(names())
        raise InputError(f"simulated phone '{name}'", "is not known", f"Use one of: {known}")
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Profile)
    except msgspec.DecodeError as error:
        raise DataError(str(path), str(error)) from None
