"""The command line of a generator: hashes, and a sheet to look at."""

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def sha256(array: npt.NDArray[Any]) -> str:
    """Return the hash of an array's bytes, in order, the lower byte of a number first."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(np.ascontiguousarray(little).tobytes()).hexdigest()


def write_sheet(pictures: npt.NDArray[np.uint8], path: Path, columns: int = 10) -> None:
    """Write pictures side by side, as PNG; what does not fill a row is left out."""
    from PIL import Image  # not needed by those who only want numbers

    whole = pictures[: len(pictures) // columns * columns]
    rows = [
        np.concatenate(list(row), axis=1) for row in whole.reshape(-1, columns, *whole.shape[1:])
    ]
    sheet = np.concatenate(rows)
    Image.fromarray(sheet[:, :, 0] if sheet.shape[2] == 1 else sheet).save(path)


@dataclass(frozen=True)
class Generator:
    """What a data set's script offers."""

    images: Callable[[int, int], npt.NDArray[np.uint8]]  #: of seed and count
    truth: Callable[[int, int], npt.NDArray[Any]]
    #: what a sheet shows of both
    shown: Callable[[npt.NDArray[np.uint8], npt.NDArray[Any]], npt.NDArray[np.uint8]]


def run(generator: Generator, about: str) -> None:
    """Print the hashes of a set, and draw its beginning if asked.

    Args:
        generator: the data set.
        about: one line for `--help`.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="pictures")
    parser.add_argument("--sheet", type=Path, help="write the first 100 pictures here, as PNG")
    chosen = parser.parse_args()
    pictures = generator.images(chosen.seed, chosen.count)
    truth = generator.truth(chosen.seed, chosen.count)
    print("images", sha256(pictures))
    print("truth", sha256(truth))
    if chosen.sheet:
        write_sheet(generator.shown(pictures, truth)[:100], chosen.sheet)
