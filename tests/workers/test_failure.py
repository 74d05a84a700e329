import pytest

from ibd_mobile.core.errors import PayloadStatus
from ibd_mobile.workers.failure import Status, failure


def test_the_statuses_are_those_of_the_native_programs() -> None:
    ours = {status.name: status.value for status in Status}
    assert ours.items() <= {status.name: status.value for status in PayloadStatus}.items()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), Status.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "OUT_OF_MEMORY"),
        (RuntimeError("std::bad_alloc"), Status.OUT_OF_MEMORY),
        (MemoryError(), Status.OUT_OF_MEMORY),
        (RuntimeError("CUDA failure 719: unspecified launch failure ; GPU=0"), "DEVICE_LOST"),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), Status.DEVICE_LOST),
        (RuntimeError("Got invalid dimensions for input"), Status.INFERENCE_FAILED),
    ],
    ids=str,
)
def test_what_a_library_says_is_given_its_name(error: Exception, status: Status | str) -> None:
    found = failure(error, Status.INFERENCE_FAILED)
    assert found.status.name == (status.name if isinstance(status, Status) else status)
    assert str(found)
