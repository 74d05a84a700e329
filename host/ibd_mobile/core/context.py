"""What a session knew when it measured: filed under raw, so that every number can be made again."""

from typing import Literal

from ibd_mobile.core.device import Device, Noun, Phone, Sensor
from ibd_mobile.core.job import Job
from ibd_mobile.core.model import Artifact, Model
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.core.study import Protocol


class Identity(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """Which physical machine it was, in what state of software."""

    serial: str
    platform: str  #: which payloads run there: "linux-x86_64", "linux-aarch64", "android-arm64"
    device: str  #: id in the catalog; "" if not recognised
    phone: str  #: id in the catalog; "" if not known or a host
    boot_id: str
    is_simulated: bool
    is_root: bool
    properties: dict[str, str]  #: those that tell make, build and SoC


class Context(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """All that the numbers of one job depend on beside the files the payloads wrote."""

    schema: Literal[2]
    job: Job
    model: Model
    artifact: Artifact
    device: Device
    phone: Phone | None
    protocol: Protocol
    identity: Identity
    sensors: list[Sensor]  #: as sampled, nodes resolved
    unread_sensors: dict[str, str]  #: sensor id -> why it could not be read
    gates: list[GateEvidence]
    changed_settings: list[str]
    screen: str  #: "on", "dim", "off" or "unknown" while it ran
    files: dict[str, str]  #: role -> sha256
    pushed_bytes: int
    framework_version: str
    nonce: str
    sampler_rate_hz: float
    idle_s: float  #: length of each idle baseline asked for
    host_started_at: str  #: UTC, ISO 8601
    tool_version: str
