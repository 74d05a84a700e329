"""The small network of tests/data/small_net, computed by numpy alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

FOLDER = Path(__file__).parents[1] / "data" / "small_net"
Reals = NDArray[np.float32]


def file(name: str) -> Path:
    """A file of the folder."""
    return FOLDER / name


def seeded(batch: int, seed: int) -> Reals:
    """The pictures that a worker makes of a seed, (batch, 3, 8, 8)."""
    content = seeded_bytes([TensorInfo("image", "float32", [], batch * 192 * 4)], seed)
    return np.frombuffer(content, np.float32).reshape(batch, 3, 8, 8)


def scores(images: Reals) -> Reals:
    """What the network says of pictures, (n, 3, 8, 8) -> (n, 5)."""
    weights = np.load(file("weights.npz"), allow_pickle=False)
    patches = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(2, 3))
    maps = np.einsum("nchwij,kcij->nkhw", patches, weights["kernel"])
    means = np.maximum(maps, 0).mean((2, 3))
    found: Reals = means @ weights["matrix"].T + weights["bias"]
    return found


def as_scores(content: bytes, batch: int) -> Reals:
    """Outputs of a worker as scores, (batch, 5)."""
    return np.frombuffer(content, np.float32).reshape(batch, 5)
