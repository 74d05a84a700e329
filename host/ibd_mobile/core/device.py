"""Hardware as the catalog knows it: devices, their processors and sensors, and phones."""

from typing import Literal

import msgspec

Deployment = Literal["mobile", "desktop", "cloud"]
ProcessorKind = Literal["cpu", "gpu", "dsp", "npu"]
Precision = Literal["float32", "float16", "bfloat16", "int8", "int8_dynamic"]
Status = Literal["confirmed", "secondary", "inferred", "measured"]
Quantity = Literal[
    "current",
    "voltage",
    "power",
    "charge",
    "level",
    "status",
    "plugged",
    "temperature",
    "frequency",
    "energy",
    "throttle",  # a card's mask of reasons for a lowered clock
    "load",  # share of the time in which a processor had something to do
]


class Noun(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all that is read from TOML and JSON: frozen, typed, unknown keys refused."""


class Rule(Noun, frozen=True, kw_only=True):
    """One way to recognise a piece of hardware: every property has one of its values.

    A property is one of Android's (`ro.…`) or of a host's (`host.…`).
    """

    properties: dict[str, list[str]]
    source: str


class Cluster(Noun, frozen=True, kw_only=True):
    """A group of like CPU cores under one clock."""

    name: str
    core: str
    cpus: list[int]
    max_hz: int
    ops_per_cycle: dict[Precision, float] = {}  #: of one core; a multiply-add counts as two
    source: str


class Peak(Noun, frozen=True, kw_only=True):
    """The most operations per second a processor can do at one precision."""

    precision: Precision
    ops_per_s: float  #: a multiply-add counts as two
    status: Status
    clock: str  #: which clock the figure holds for
    source: str


class Processor(Noun, frozen=True, kw_only=True):
    """A part of a device that can run a network."""

    id: ProcessorKind
    name: str
    peaks: list[Peak] = []
    no_peak_reason: str = ""  #: said wherever a utilization is missing
    accelerators: dict[str, str] = {}  #: framework id -> what that framework calls this processor


class Sensor(Noun, frozen=True, kw_only=True):
    """A file of the kernel that tells something about the battery, the heat or the clocks."""

    id: str  #: unique within its phone; the column name in samples
    quantity: Quantity
    site: str  #: "battery", "usb", or the thermal zone's or cluster's name
    node: str = ""  #: absolute path; or
    zone: str = ""  #: the `type` of a thermal zone (zone numbers move between boots)
    unit: str
    positive: Literal["discharging", "charging", ""] = ""  #: what a positive current means
    period_s: float = 0.0  #: how often the value is renewed; 0 = at every read
    mean_window_s: float = 0.0  #: the value is a mean over this long before its renewal
    quantum: float = 0.0  #: smallest step, in `unit`
    gain_error_pct: float = 0.0  #: one sigma of the scale error between units of one model
    is_required: bool = False
    status: Status
    source: str


class ChargeStop(Noun, frozen=True, kw_only=True):
    """A node that keeps the charger away from the battery while a cable is in."""

    node: str
    stop: str
    allow: str
    needs_root: bool
    effect: Literal["input-cut", "charging-off"]  #: only an input cut makes the battery feed all
    source: str


class Device(Noun, frozen=True, kw_only=True):
    """A kind of hardware under test, as in the paper's table of six."""

    schema: Literal[1]
    id: str
    name: str
    deployment: Deployment
    recognise: list[Rule]
    clusters: list[Cluster] = []
    processors: list[Processor]
    sensors: list[Sensor] = []
    memory_bytes_per_s: float | None = None
    power_limit_w: float | None = None  #: what its maker lets it draw for long
    notes: str = ""

    def processor(self, kind: str) -> Processor | None:
        """Return the processor of that kind, or None if the device has none."""
        return next((p for p in self.processors if p.id == kind), None)


class Phone(Noun, frozen=True, kw_only=True):
    """A phone model: where its sensors are and how it is kept from charging.

    A device (SoC) sits in many phones, and gauge, unit and sign belong to the phone.
    """

    schema: Literal[1]
    id: str
    name: str
    device: str
    recognise: list[Rule]
    battery_mah: float | None = None
    sensors: list[Sensor]
    charge_stops: list[ChargeStop] = []
    notes: str = ""


class Slot(Noun, frozen=True, kw_only=True):
    """Where one physical device sits, and how it is reached."""

    id: str
    serial: str = ""  #: adb serial; empty = this computer
    adb_port: int = 0  #: the adb server's port; 0 = the usual one
    hub: str = ""
    port: str = ""
