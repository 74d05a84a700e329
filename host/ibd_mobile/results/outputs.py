"""A network's outputs as the device wrote them, sample by sample."""

from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import DType, Quantization, Tensor
from ibd_mobile.results.document import read_plain

_REMEDY = "Measure the job again with `ibd-mobile resume`."
#: numpy knows a bfloat16 only where another library has taught it one, so its bits are read
_BITS: dict[DType, str] = {"bfloat16": "uint16"}


def read_outputs(
    path: Path, outputs: Sequence[Tensor], batch: int, samples_count: int
) -> Iterator[tuple[NDArray[np.float64], ...]]:
    """Read all outputs of each sample, dequantised where they are stored as integers.

    A file holds one record per inference: all output tensors, one after the other. The last
    inference of a batched run may be filled up; samples beyond those of the data set are left out.

    Args:
        path: outputs.bin.
        outputs: of the artifact, in its order; the first dimension is the batch.
        batch: samples of one inference.
        samples_count: in the data set.

    Yields:
        One array per output, without the batch.

    Raises:
        DataError: missing, not a whole number of records, or too few of them.
    """
    content = read_plain(path, remedy=_REMEDY)
    stored = [_stored(tensor, batch, path) for tensor in outputs]
    size = sum(dtype.itemsize * prod(shape) for dtype, shape in stored)
    if not content or len(content) % size:
        problem = f"its {len(content)} bytes are no whole number of {size}-byte outputs"
        raise DataError(str(path), problem, _REMEDY)
    held = len(content) // size * batch
    if held < samples_count:
        raise DataError(str(path), f"holds {held} samples of {samples_count}", _REMEDY)
    return _samples(content, stored, outputs, samples_count)


def _stored(tensor: Tensor, batch: int, path: Path) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    leading, *rest = tensor.shape or [0]
    if leading not in (-1, batch) or any(n < 1 for n in rest):
        problem = f"output '{tensor.name}' of shape {tensor.shape} does not hold {batch} samples"
        raise DataError(str(path), problem, "Check the artifact's outputs in the model's TOML.")
    stored = np.dtype(_BITS.get(tensor.dtype, tensor.dtype))
    return stored.newbyteorder("<"), (batch, *rest)


def _samples(
    content: bytes,
    stored: Sequence[tuple[np.dtype[np.generic], tuple[int, ...]]],
    outputs: Sequence[Tensor],
    samples_count: int,
) -> Iterator[tuple[NDArray[np.float64], ...]]:
    at = 0
    for left in range(samples_count, 0, -stored[0][1][0]):
        tensors = []
        for (dtype, shape), tensor in zip(stored, outputs, strict=True):
            found = np.frombuffer(content, dtype, prod(shape), at).reshape(shape)
            at += found.nbytes
            tensors.append(_real(_widened(found[:left], tensor.dtype), tensor.quantization))
        yield from zip(*tensors, strict=True)


def _widened(stored: NDArray[np.generic], dtype: DType) -> NDArray[np.generic]:
    """A bfloat16 is the upper half of a float32."""
    return (stored.astype(np.uint32) << 16).view(np.float32) if dtype == "bfloat16" else stored


def _real(stored: NDArray[np.generic], how: Quantization | None) -> NDArray[np.float64]:
    values = stored.astype(np.float64)
    return values if how is None else how.scale * (values - how.zero_point)
