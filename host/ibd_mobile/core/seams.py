"""The seams of the house: what varies from phone to phone and framework to framework."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ibd_mobile.core.device import Deployment, Noun, Sensor
from ibd_mobile.core.job import Job
from ibd_mobile.core.trace import PowerTrace, SensorTrace


class Completed(Noun, frozen=True, kw_only=True):
    """A command that ended."""

    output: str  #: stdout and stderr as they came
    code: int


class Link(Protocol):
    """A way to one machine: a phone behind adb, or this computer."""

    @property
    def name(self) -> str:
        """What errors and tables call it: the serial, or "host"."""

    @property
    def root(self) -> str:
        """Folder on that machine under which everything of ours lies."""

    def run(self, argv: Sequence[str], *, timeout_s: float, check: bool = True) -> Completed:
        """Run one command and return when it has ended.

        Args:
            argv: words; quoted in the link and nowhere else.
            timeout_s: from send to the complete end marker.
            check: raise where the exit code is not 0.

        Raises:
            PhoneGone: the phone left, or its answer was cut short.
            PayloadTimeout: the machine is there, but the command did not end in time.
            PayloadFailed: `check`, and the exit code is not 0.
        """

    def push(self, source: Path, target: str, *, sha256: str) -> int:
        """Bring a file; nothing is sent where a file with that hash is in place already.

        Args:
            source: file on this computer.
            target: absolute path under `root`.
            sha256: of the content; verified on the machine after the transfer.

        Returns:
            Bytes sent; 0 if the file was there.

        Raises:
            PhoneGone: the phone left; no file has the final name.
            PhoneError: no space, or the hash on the phone differs.
        """

    def pull(self, source: str, target: Path, *, limit_bytes: int) -> int:
        """Fetch a file, byte for byte, verified by its hash on the machine.

        Args:
            source: absolute path under `root`.
            target: file on this computer; appears only when whole.
            limit_bytes: larger files are refused.

        Returns:
            Its size in bytes.

        Raises:
            PhoneGone: the phone left; no file has the final name.
            DataError: missing, larger than `limit_bytes`, or damaged on the way.
        """


class Order(Noun, frozen=True, kw_only=True):
    """What a framework is asked to measure."""

    job: Job
    model_file: Path
    platform: str  #: of the machine that runs it
    deployment: Deployment
    warmup_runs: int
    timed_runs: int
    power_s: float  #: 0 = no power phase
    dataset_file: Path | None = None  #: accuracy: inputs one after the other
    dataset_count: int = 0
    card: str = ""  #: which of several GPUs, as its maker's library calls it; "" = the first


class BroughtFile(Noun, frozen=True, kw_only=True):
    """A file that must lie on the machine that runs a job."""

    role: str  #: "program", "library", "model", "dataset", "sampler", "nodes"
    source: Path


class Invocation(Noun, frozen=True, kw_only=True):
    """How a framework's measured program is started."""

    files: list[BroughtFile]
    argv: list[str]  #: words; "{role}" is a brought file, "{journal}" and "{folder}" are the job's
    framework_version: str


class Framework(Protocol):
    """An inference framework: one module in `frameworks/`, found by its file name."""

    formats: frozenset[str]  #: of artifacts it can read

    def missing_reason(self, platform: str, deployment: Deployment) -> str:
        """Say what it lacks to run there, or "" if it can run."""

    def invocation(self, order: Order) -> Invocation:
        """Say which files to bring and which command measures.

        Raises:
            HostError: a file of the framework is not on this computer.
        """


class PowerSource(Protocol):
    """Something that tells the power a device draws: one file in `power/`."""

    id: str

    def sensors(self, sensors: Sequence[Sensor]) -> list[Sensor]:
        """Pick the sensors it needs out of the device's; empty if it cannot work there."""

    def parse(self, traces: Sequence[SensorTrace], sensors: Sequence[Sensor]) -> PowerTrace | None:
        """Make power out of what the sensors said."""
