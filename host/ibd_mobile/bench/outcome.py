"""Whether the measured program did its work, by its own account and the sampler's."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ibd_mobile.core.errors import (
    PayloadFailed,
    PayloadStatus,
    PayloadTimeout,
    ProcessorUnavailable,
)
from ibd_mobile.core.job import Job
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.journal import read_journal
from ibd_mobile.results.samples import SamplerSummary, read_child, read_summary

_REMEDIES = {
    PayloadStatus.MODEL_HASH: "The file was damaged on the way; run the job again.",
    PayloadStatus.ENGINE_UNAVAILABLE: "Run `ibd-mobile doctor`; the framework's library does not"
    " fit this phone.",
    PayloadStatus.ACCELERATOR_UNAVAILABLE: "Choose another --processor; nothing else was used"
    " instead.",
    PayloadStatus.MODEL_REFUSED: "This framework cannot run the model; try another --framework.",
    PayloadStatus.OUTPUT_FAILED: "Free space on the phone: adb shell df /data/local/tmp",
    PayloadStatus.OUT_OF_MEMORY: "Use a smaller model, input or batch.",
    PayloadStatus.INTERNAL: "This is a fault of the worker or of the library under it; its output"
    " tells more.",
    PayloadStatus.DEVICE_LOST: "Look at `nvidia-smi` and for Xid in `dmesg`; cooling, power supply"
    " and driver are the usual causes.",
    PayloadStatus.CHILD_NOT_STARTED: "Run `ibd-mobile doctor`; the program does not fit this"
    " phone.",
}
_KILLED = "The system does that where memory runs out: use a smaller model, input or batch."
_KEPT = "What it left is kept in failures/ of the run."
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class _Fault:
    """What the journal tells of an execution that went wrong."""

    problem: str
    is_told: bool = False  #: in the program's own words


def check_outcome(folder: JobFolder, job: Job, nonce: str) -> None:
    """Return if the program ended well and its journal is whole.

    The exit status alone is not believed: the journal must say the same, to its last line.

    Raises:
        PayloadTimeout: it was killed since its time was up.
        ProcessorUnavailable: the processor cannot be used there.
        PayloadFailed: it ended with an error or by a signal, or its journal stops early.
        DataError: a file is damaged or of another execution.
    """
    subject = f"{job.slot}: {job.title}"
    summary = read_summary(folder.summary)
    said = [line for _, line in read_child(folder.child) if line.strip()]
    if summary.status == PayloadStatus.TIMED_OUT:
        raise PayloadTimeout(
            subject, "was killed since its time was up", _last_words(said) or "It seems to hang."
        )
    if summary.child_signal is not None:
        name = signal.Signals(summary.child_signal).name
        raise PayloadFailed(
            subject,
            f"the program was ended by {name}",
            _last_words(said) or _remedy(summary.child_signal),
            code=128 + summary.child_signal,
        )
    _check_status(subject, summary, said, _journal_fault(folder.journal, nonce))


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether a job needed more memory than there was, by the program's word or its end."""
    codes = (PayloadStatus.OUT_OF_MEMORY, 128 + signal.SIGKILL)
    return isinstance(error, PayloadFailed) and error.code in codes


def _remedy(number: int) -> str:
    if number == signal.SIGKILL:
        return _KILLED
    return "Look at `adb logcat` for a crash report."


def _check_status(
    subject: str, summary: SamplerSummary, said: Sequence[str], fault: _Fault | None
) -> None:
    code = summary.child_exit_code if summary.child_exit_code is not None else summary.status
    if code == 0 and fault is None:
        return
    status = PayloadStatus(code) if code in set(PayloadStatus) else None
    ended = f"ended with {code}" + (f" ({status.name})" if status else "")
    problem = fault.problem if fault else ended
    if fault and code != 0 and not fault.is_told:
        problem = f"{ended}, and {problem}"
    remedy = _REMEDIES.get(status, "") if status else ""
    if status is PayloadStatus.ACCELERATOR_UNAVAILABLE:
        raise ProcessorUnavailable(subject, problem, remedy)
    raise PayloadFailed(subject, problem, remedy or _last_words(said) or _KEPT, code=code)


def _journal_fault(path: Path, nonce: str) -> _Fault | None:
    """Return what is wrong by the journal's account, its early end among it."""
    if not path.is_file():
        return _Fault("the program wrote no journal")
    journal = read_journal(path, nonce)
    if journal.error is not None:
        return _Fault(f"{journal.error.name}: {journal.error.message}", is_told=True)
    return None if journal.is_complete else _Fault("the program's journal stops early")


def _last_words(said: Sequence[str]) -> str:
    return f"It said: {' / '.join(said[-_LAST_LINES:])}" if said else ""
