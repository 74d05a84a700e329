# ruff: noqa: N801, N802, N815
"""The part of CUDA's runtime that engines need, with this computer's memory for the GPU's."""

import ctypes
import enum
import os
from types import SimpleNamespace
from typing import Any

_KEPT: dict[int, Any] = {}


class cudaError_t(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorNoDevice = 100


class cudaMemcpyKind(enum.IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


def cudaGetDeviceProperties(device: int) -> tuple[cudaError_t, Any]:
    if os.environ.get("STAND_IN_GPU") == "none":
        return cudaError_t.cudaErrorNoDevice, None
    return cudaError_t.cudaSuccess, SimpleNamespace(name=b"Stand-in T4" + bytes(5))


def cudaMalloc(size: int) -> tuple[cudaError_t, int]:
    if os.environ.get("STAND_IN_GPU") == "full":
        return cudaError_t.cudaErrorMemoryAllocation, 0
    buffer = ctypes.create_string_buffer(size)
    _KEPT[ctypes.addressof(buffer)] = buffer
    return cudaError_t.cudaSuccess, ctypes.addressof(buffer)


def cudaMemcpy(dst: int, src: int, count: int, kind: cudaMemcpyKind) -> tuple[cudaError_t]:
    device = dst if kind is cudaMemcpyKind.cudaMemcpyHostToDevice else src
    assert count <= len(_KEPT[device])
    ctypes.memmove(dst, src, count)
    return (cudaError_t.cudaSuccess,)


def cudaDeviceSynchronize() -> tuple[cudaError_t]:
    return (cudaError_t.cudaSuccess,)


def reserved_bytes(address: int) -> int:
    """Tell how much is reserved at an address; the real library does not."""
    return len(_KEPT[address])
