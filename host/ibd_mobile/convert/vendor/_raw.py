"""Raw tensors as Qualcomm's programs read and write them.

A raw file is little-endian float32 without a header. An input list has one inference per line;
paths are relative to the folder that the program runs in, because a blank would end a path.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps.step import TensorInfo
from ibd_mobile.core.errors import DataError, InputError

#: what a quantiser needs to see before its ranges mean anything
LEAST_CALIBRATION_COUNT: Final = 16
_FLOAT: Final = "<f4"


def write_inputs(array_file: str, folder: Path, name: str, *, is_transposed: bool) -> Path:
    """Write an array's samples as raw files and the list that names them.

    Args:
        array_file: .npy, (n, …) float32, as the source network takes it.
        folder: the program's working folder.
        name: of the folder for the raw files and of the list.
        is_transposed: the source takes (channels, height, width), the target the channels last.

    Returns:
        The list, beside the folder of raw files.

    Raises:
        InputError: the array is not there or is no array of samples.
    """
    import numpy as np

    try:
        samples = np.load(array_file, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise InputError(array_file, f"cannot be read as an array: {error}") from None
    if samples.ndim < 2 or len(samples) == 0 or samples.dtype != np.float32:
        raise InputError(
            array_file,
            f"expected float32 samples, found {samples.dtype} with shape {samples.shape}",
        )
    (folder / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for index, sample in enumerate(samples):
        ordered = sample.transpose(1, 2, 0) if is_transposed and sample.ndim == 3 else sample
        np.ascontiguousarray(ordered, dtype=_FLOAT).tofile(folder / name / f"{index}.raw")
        lines.append(f"{name}/{index}.raw\n")
    listing = folder / f"{name}.txt"
    listing.write_text("".join(lines), encoding="ascii")
    return listing


def read_outputs(folder: Path, outputs: Sequence[TensorInfo], count: int) -> list[Any]:
    """Read what a program said to each line of an input list.

    Args:
        folder: its output folder, with Result_0, Result_1 …
        outputs: with the shapes that the made network gives, batch 1.
        count: lines of the list.

    Returns:
        An array (count, …) float32 per output, in the order of `outputs`.

    Raises:
        DataError: an output is missing or has another size.
    """
    import numpy as np

    return [
        np.stack([_read(folder / f"Result_{k}", output, len(outputs)) for k in range(count)])
        for output in outputs
    ]


def _read(folder: Path, output: TensorInfo, outputs_count: int) -> Any:
    import numpy as np

    path = _find(folder, output.name, outputs_count)
    values = np.fromfile(path, dtype=_FLOAT)
    shape = output.shape[1:]
    if values.size != int(np.prod(shape)):
        raise DataError(str(path), f"has {values.size} numbers where {shape} were expected")
    return values.reshape(shape)


def _find(folder: Path, name: str, outputs_count: int) -> Path:
    """Find an output; TensorFlow's keep their ":0", and converters rename at will."""
    for spelling in (name, f"{name}:0", name.removesuffix(":0")):
        path = folder / f"{spelling}.raw"
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    found = sorted(folder.rglob("*.raw"))
    if outputs_count == 1 and len(found) == 1:
        return found[0]
    names = ", ".join(str(p.relative_to(folder)) for p in found) or "nothing"
    raise DataError(str(folder), f"has no output {name}; there is {names}")
