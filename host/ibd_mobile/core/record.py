"""All that is known of one finished job; a report needs nothing else."""

from typing import Literal

from ibd_mobile.core.device import Noun, Peak
from ibd_mobile.core.finding import Finding
from ibd_mobile.core.job import Job
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.model import Application


class Workload(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """Layer one: what is computed."""

    model: str
    application: Application
    precision: str
    batch: int
    input_shape: list[int]
    macs_count: int
    macs_counter: str
    parameters_count: int
    dataset: str
    is_untrained: bool


class TrainingLayer(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """Layer two: the framework that the network was trained with, and its file."""

    framework: str
    made_by: str
    artifact_sha256: str
    artifact_bytes: int


class InferenceLayer(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """Layer three: what ran the network on the device."""

    framework: str
    version: str
    program: str
    program_version: str
    files: dict[str, str]  #: name -> sha256 of everything that was brought
    threads: int
    accelerator: str
    fully_accelerated: bool | None


class Hardware(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """Layer four: the device."""

    device: str
    device_name: str
    deployment: str
    phone: str
    processor: str
    processor_name: str
    serial: str
    boot_id: str
    properties: dict[str, str]
    peak: Peak | None
    no_peak_reason: str


class GateEvidence(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """What one gate saw when it let the job pass."""

    gate: str  #: "battery", "rest", "temperature", "charging", "screen"
    is_passed: bool
    measured: str
    limit: str
    waited_s: float  #: on the phone's clock
    sources: dict[str, str] = {}  #: source -> raw value, e.g. kernel and framework battery level


class Conditions(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """How the measurement was made."""

    protocol: str
    is_conforming: bool
    gates: list[GateEvidence]
    changed_settings: list[str]
    pushed_bytes: int
    sampler_rate_hz: float
    host_started_at: str  #: UTC, ISO 8601
    tool_version: str


class Record(Noun, omit_defaults=False, frozen=True, kw_only=True):
    """One finished job."""

    schema: Literal[2]
    job_id: str
    job: Job
    workload: Workload
    training: TrainingLayer
    inference: InferenceLayer
    hardware: Hardware
    conditions: Conditions
    metrics: list[Metric]
    findings: list[Finding]
    raw_sha256: dict[str, str]  #: file name under raw/ -> sha256
