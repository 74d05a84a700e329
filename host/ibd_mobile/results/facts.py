"""All that the numbers of one job are made of, read from its raw files and laid side by side."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core import units
from ibd_mobile.core.context import Context
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.seams import PowerSource
from ibd_mobile.core.trace import InferenceTrace, PowerTrace, Window
from ibd_mobile.core.units import NS_PER_S
from ibd_mobile.results import document
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.journal import Journal, read_journal
from ibd_mobile.results.samples import SamplerSummary, Samples, read_samples, read_summary
from ibd_mobile.results.truth import Truth, read_truth

_REMEDY = "Measure the job again with `ibd-mobile resume`."
#: a phone needs about a second to come to rest after a program ended, and the sampler to start
_SETTLE_S = 1.0
#: but no more than this share of a short baseline is given up for it
_SETTLE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of a job, on boot time; None where the job did not have them."""

    idle_before: Window | None = None  #: nothing of ours but the sampler runs, and all is settled
    latency: Window | None = None  #: from the first timed inference's start to the last one's end
    power: Window | None = None  #: likewise of the power phase
    idle_after: Window | None = None

    @property
    def load(self) -> Window | None:
        """From the first timed inference to the end of the last phase."""
        known = [w for w in (self.latency, self.power) if w is not None]
        return Window(known[0].start_ns, known[-1].end_ns) if known else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one job before any number is made of it."""

    context: Context
    journal: Journal
    samples: Samples | None  #: None: nothing was recorded beside the journal
    summary: SamplerSummary | None  #: None: the recording did not come to its end
    gauge: list[Sensor]  #: sensors that power is made of; empty where there are none
    power: PowerTrace | None
    power_missing: str  #: why there is no power trace; "" if there is one
    power_quantum_w: float  #: smallest step of the power trace; 0 where not known
    windows: Windows
    outputs: Path | None  #: outputs.bin, checked against the journal
    truth: Truth | None  #: of an accuracy job's data set, checked against the model

    def phase(self, name: str) -> InferenceTrace | str:
        """Return a phase's inferences, or say why they are not to be had as a whole."""
        trace = self.journal.whole_phase(name)
        if trace is not None:
            return trace
        if self.journal.error is not None:
            return f"the program ended early: {self.journal.error.message}"
        if name in self.journal.phases or not self.journal.is_complete:
            return f"the journal ends before the {name} phase does"
        return f"the job had no {name} phase"


def load(folder: JobFolder, power_source: PowerSource) -> Facts:
    """Read a job's raw files and check each against the others.

    Args:
        folder: of a job; only what lies under raw/ is read.
        power_source: a member of `power/`.

    Raises:
        DataError: a file is damaged, or of another execution.
    """
    context = document.read(folder.context, Context, remedy=_REMEDY)
    journal = read_journal(folder.journal, context.nonce)
    samples, power = None, None
    gauge = power_source.sensors(context.sensors)
    if folder.samples.is_file():
        samples = read_samples(folder.samples, context.sensors, context.nonce)
        power = power_source.parse(samples.traces, context.sensors)
    summary = _summary(folder, context.nonce)
    return Facts(
        context=context,
        journal=journal,
        samples=samples,
        summary=summary,
        gauge=gauge,
        power=power,
        power_missing="" if power is not None else _power_missing(context, samples, gauge),
        power_quantum_w=_quantum_w(gauge, samples) if samples is not None else 0.0,
        windows=windows_of(journal, summary),
        outputs=_outputs(folder.outputs, journal),
        truth=read_truth(folder.truth, context.model) if folder.truth.exists() else None,
    )


def windows_of(journal: Journal, summary: SamplerSummary | None) -> Windows:
    """Tell from the program's and the sampler's times when what was going on.

    The baselines leave out the moments in which the phone comes to rest: at the start, since the
    sampler was just started by a command, and after the measured program.
    """
    before = after = None
    if summary is not None and summary.child_start_ns is not None:
        before = _settled(summary.start_ns, summary.child_start_ns)
    if summary is not None and summary.child_end_ns is not None:
        after = _settled(summary.child_end_ns, summary.end_ns)
    return Windows(before, _phase(journal, "latency"), _phase(journal, "power"), after)


def _phase(journal: Journal, name: str) -> Window | None:
    trace = journal.whole_phase(name)
    return None if trace is None else Window(int(trace.start_ns[0]), int(trace.end_ns[-1]))


def _settled(start_ns: int, end_ns: int) -> Window | None:
    settle_ns = round(min(_SETTLE_S * NS_PER_S, _SETTLE_SHARE * (end_ns - start_ns)))
    window = Window(start_ns + settle_ns, end_ns)
    return window if window.end_ns > window.start_ns else None


def _summary(folder: JobFolder, nonce: str) -> SamplerSummary | None:
    if not folder.summary.is_file():
        return None
    summary = read_summary(folder.summary)
    if summary.nonce != nonce:
        raise DataError(str(folder.summary), "is of another execution", _REMEDY)
    for path, sha256 in (
        (folder.samples, summary.samples_sha256),
        (folder.child, summary.child_sha256),
    ):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise DataError(str(path), "is not what sampler.json says it was", _REMEDY)
    return summary


def _outputs(path: Path, journal: Journal) -> Path | None:
    """Return the outputs' file if the journal vouches for it."""
    written = [output for output in journal.outputs if output.file == path.name]
    if not written:
        return None
    content = document.read_plain(path, remedy=_REMEDY)
    parts = [content]
    if len(written) > 1:  # one line per tensor, whose bytes recur in each inference's record
        records = _records(content, journal)
        parts = [records[:, a:b].tobytes() for a, b in _spans(journal)]
    if [_identity(part) for part in parts] != [(o.bytes, o.sha256) for o in written]:
        raise DataError(str(path), "is not what the journal says was written", _REMEDY)
    return path


def _identity(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.sha256(content).hexdigest()


def _records(content: bytes, journal: Journal) -> NDArray[np.uint8]:
    size = max((b for _, b in _spans(journal)), default=0)
    if not size or len(content) % size:
        return np.empty((0, 0), np.uint8)
    return np.frombuffer(content, np.uint8).reshape(-1, size)


def _spans(journal: Journal) -> list[tuple[int, int]]:
    """Where each output tensor lies in the record of one inference."""
    sizes = [tensor.bytes for tensor in journal.ready.outputs] if journal.ready is not None else []
    ends = np.cumsum(sizes).tolist()
    return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _power_missing(context: Context, samples: Samples | None, gauge: list[Sensor]) -> str:
    name = context.phone.name if context.phone is not None else context.device.name
    if samples is None:
        return "nothing was recorded beside the program's own journal"
    if not gauge:
        known = context.phone.sensors if context.phone is not None else context.device.sensors
        reasons = [
            context.unread_sensors[sensor.id]
            for sensor in known
            if sensor.quantity in ("current", "voltage", "power", "energy")
            and sensor.id in context.unread_sensors
        ]
        if reasons:
            return f"the gauge of {name} could not be read: {reasons[0]}"
        return f"{name} has no power sensor"
    failed = [f"{s.id}: {next(iter(e))}" for s in gauge if (e := samples.errors.get(s.id))]
    if failed:
        return f"the gauge of {name} could not be read ({', '.join(failed)})"
    return f"the gauge of {name} was renewed fewer than twice"


def _quantum_w(gauge: list[Sensor], samples: Samples) -> float:
    """Return the gauge's smallest step of power: of its current, at the voltage of the day."""
    by_quantity = {sensor.quantity: sensor for sensor in gauge}
    if power := by_quantity.get("power"):
        return power.quantum * units.factor(power.unit)
    voltage = samples.trace("voltage", "battery")
    if "current" not in by_quantity or voltage is None or not np.isfinite(voltage.value).any():
        return 0.0
    current = by_quantity["current"]
    return current.quantum * units.factor(current.unit) * float(np.nanmedian(voltage.value))
