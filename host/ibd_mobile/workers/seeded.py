"""Inputs made of a seed, the same in every worker and in native `ibd_bench`."""

from dataclasses import dataclass
from typing import Any

from ibd_mobile.workers.failure import Failure, Status


@dataclass(frozen=True)
class TensorInfo:
    """One input or output as the engine made it."""

    name: str
    dtype: str
    shape: list[int]
    bytes: int


def seeded_bytes(tensors: list[TensorInfo], seed: int) -> bytes:
    """Make input bytes from a splitmix64 stream, one draw per element.

    The stream is that of Steele, Lea and Flood (OOPSLA 2014), with `seed` as its state. A draw
    x becomes float32 (x >> 40) · 2⁻²⁴ in [0, 1), or the top 8 bits as int8 or uint8, or
    (x >> 33) mod 2 as int32: the same in ibd_bench, bit for bit. On a host also float16
    (x >> 53) · 2⁻¹¹, bfloat16 (x >> 56) · 2⁻⁸ and int64 as int32.
    """
    import numpy as np

    step = 0x9E3779B97F4A7C15
    parts: list[bytes] = []
    drawn = 0
    for tensor in tensors:
        if tensor.dtype not in _WIDTHS:
            raise Failure(Status.INPUT_UNREADABLE, f"no seeded input for {tensor.dtype}")
        n = tensor.bytes // _WIDTHS[tensor.dtype]
        index = np.arange(drawn + 1, drawn + n + 1, dtype=np.uint64)
        drawn += n
        with np.errstate(over="ignore"):
            x = np.uint64(seed) + index * np.uint64(step)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        parts.append(_element_bytes(x, tensor.dtype))
    return b"".join(parts)


_WIDTHS = {
    "float32": 4, "int32": 4, "int8": 1, "uint8": 1, "float16": 2, "bfloat16": 2, "int64": 8
}  # fmt: skip


def _element_bytes(x: Any, dtype: str) -> bytes:
    """Turn draws, (n,) uint64, into the bytes of elements."""
    import numpy as np

    if dtype in ("float32", "float16", "bfloat16"):
        bits = {"float32": 24, "float16": 11, "bfloat16": 8}[dtype]
        real = (x >> np.uint64(64 - bits)).astype(np.float32) * np.float32(2.0**-bits)
        if dtype == "bfloat16":  # numpy has no such type: it is the upper half of a float32
            elements = (real.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
        else:
            elements = real.astype(dtype)
    elif dtype in ("int32", "int64"):
        elements = ((x >> np.uint64(33)) & np.uint64(1)).astype(dtype)
    else:
        elements = (x >> np.uint64(56)).astype(np.uint8)
    return bytes(elements.tobytes())
