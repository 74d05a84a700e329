# ruff: noqa: N801, N802, N815 - the names are NVIDIA's
"""Stand-in of cuda-python's runtime: each call gives (status, value) or (status,), as it does.

`LOSE_AFTER` copies in the environment, the card is lost.
"""

import os
import time
from enum import IntEnum

STREAM = 77
MEMORY: dict[int, bytearray] = {}
_events: dict[int, int] = {}
_copies = 0


class cudaError_t(IntEnum):
    cudaSuccess = 0
    cudaErrorNoDevice = 100
    cudaErrorLaunchFailure = 719


class cudaMemcpyKind(IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class Properties:
    name = b"NVIDIA Stand-In\x00"
    major = 7
    minor = 5


OK = cudaError_t.cudaSuccess


def cudaGetDeviceCount() -> tuple[cudaError_t, int]:
    if os.environ.get("NO_CARD"):
        return cudaError_t.cudaErrorNoDevice, 0
    return OK, 1


def cudaGetDeviceProperties(device: int) -> tuple[cudaError_t, Properties]:
    return OK, Properties()


def cudaStreamCreate() -> tuple[cudaError_t, int]:
    return OK, STREAM


def cudaEventCreate() -> tuple[cudaError_t, int]:
    _events[len(_events)] = 0
    return OK, len(_events) - 1


def cudaMalloc(size: int) -> tuple[cudaError_t, int]:
    address = 4096 * (len(MEMORY) + 1)
    MEMORY[address] = bytearray(size)
    return OK, address


def cudaMemcpyAsync(
    target: object, source: object, size: int, kind: cudaMemcpyKind, stream: int
) -> tuple[cudaError_t]:
    global _copies
    _copies += 1
    if _copies > int(os.environ.get("LOSE_AFTER", "1000000")):
        return (cudaError_t.cudaErrorLaunchFailure,)
    if kind is cudaMemcpyKind.cudaMemcpyHostToDevice:
        MEMORY[target][:size] = bytes(source)  # type: ignore[index, call-overload]
    else:
        target[:size] = MEMORY[source]  # type: ignore[index]
    return (OK,)


def cudaEventRecord(event: int, stream: int) -> tuple[cudaError_t]:
    _events[event] = time.monotonic_ns()
    return (OK,)


def cudaEventElapsedTime(first: int, second: int) -> tuple[cudaError_t, float]:
    return OK, (_events[second] - _events[first]) * 1e-6


def cudaStreamSynchronize(stream: int) -> tuple[cudaError_t]:
    return (OK,)
