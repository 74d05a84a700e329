"""How a worker ends: statuses, and what a library's error means among them."""

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses; the same numbers as `PayloadStatus` in core/errors.py, held by a test."""

    OK = 0
    USAGE = 64
    MODEL_UNREADABLE = 65
    MODEL_HASH = 66
    INPUT_UNREADABLE = 67
    ENGINE_UNAVAILABLE = 68
    ACCELERATOR_UNAVAILABLE = 69
    MODEL_REFUSED = 70
    INFERENCE_FAILED = 71
    OUTPUT_FAILED = 72
    JOURNAL_FAILED = 73
    OUT_OF_MEMORY = 75
    INTERNAL = 79
    DEVICE_LOST = 80


#: what libraries say when there is no memory left, in lower case
_NO_MEMORY = (
    "out of memory", "bad_alloc", "not enough memory", "can't allocate memory",
    "cannot allocate memory", "failed to allocate", "failed to create memory",
    "outofmemory", "alloc_failed", "allocation failed",
)  # fmt: skip
#: what they say when a processor left, or was reset, in the middle of the work, in lower case
_NO_DEVICE = (
    "gpu is lost", "fallen off the bus", "unspecified launch failure", "launch timed out",
    "device is lost", "devices unavailable", "uncorrectable ecc", "cuda failure 719",
    "cuda failure 46", "cuda failure 214", "cudaerrordevicesunavailable",
    "cudaerrorlaunchfailure", "cudaerroreccuncorrectable",
)  # fmt: skip


class Failure(Exception):
    """The worker ends with `status`, and the journal says `message`."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


def failure(error: BaseException, otherwise: Status) -> Failure:
    """Say what a library's error means: no memory, a lost device, or what the caller expects.

    Args:
        error: as the library raised it.
        otherwise: where neither memory nor device is to blame.
    """
    if isinstance(error, MemoryError):
        return Failure(Status.OUT_OF_MEMORY, str(error) or "there is not enough memory")
    message = str(error).strip() or type(error).__name__
    text = f"{type(error).__name__}: {message}".lower()
    if any(words in text for words in _NO_MEMORY):
        return Failure(Status.OUT_OF_MEMORY, message)
    if any(words in text for words in _NO_DEVICE):
        return Failure(Status.DEVICE_LOST, message)
    return Failure(otherwise, message)
