"""Pictures that conversions are calibrated with and compared on."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.catalog.generator import generator
from ibd_mobile.catalog.picture import read_picture
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Input, Layout, Model

Pictures = NDArray[np.uint8]  #: (count, height, width, channels)

#: enough for a rate in steps of 3 %, and for the noise of one odd picture not to decide
SAMPLES_COUNT: Final = 32
#: full-size pictures weigh more, and each of them has more to say
LARGE_SAMPLES_COUNT: Final = 16
CALIBRATION_COUNT: Final = 200
LARGE_CALIBRATION_COUNT: Final = 64
_LARGE_PX: Final = 128
#: seeds of a generated set that neither its training nor its test uses
_SAMPLES_SEED, _CALIBRATION_SEED = 5, 6


@dataclass(frozen=True, slots=True)
class Batch:
    """Network inputs made of pictures."""

    values: NDArray[np.float32]  #: (count, …) in the source's layout, as the network takes them
    told: str  #: what they are, for people

    @property
    def sha256(self) -> str:
        """Hash of the values' bytes."""
        return hashlib.sha256(np.ascontiguousarray(self.values).tobytes()).hexdigest()


def comparison(model: Model, taken: Input, input_size: int, layout: Layout) -> Batch:
    """Return inputs on which a made network is compared with its source.

    Args:
        model: whose data set is used, at its own input size.
        taken: what the source network takes.
        input_size: height and width, pixels.
        layout: of the network that is the source of this step.
    """
    count = SAMPLES_COUNT if input_size <= _LARGE_PX else LARGE_SAMPLES_COUNT
    pictures, told = _pictures(model, taken, input_size, count, _SAMPLES_SEED)
    return Batch(as_inputs(pictures, taken, layout), told)


def calibration(
    model: Model, taken: Input, input_size: int, layout: Layout, folder: Path | None
) -> Batch:
    """Return inputs that tell a quantizer which values occur.

    Args:
        model: whose data set is used, at its own input size.
        taken: what the source network takes.
        input_size: height and width, pixels.
        layout: of the network that is the source of this step.
        folder: the lab's own pictures; None = the data set's, or drawn ones.

    Raises:
        InputError: the folder holds no picture, or one that cannot be read.
    """
    count = CALIBRATION_COUNT if input_size <= _LARGE_PX else LARGE_CALIBRATION_COUNT
    if folder is not None:
        pictures, told = _from_folder(folder, taken, input_size, count)
    else:
        pictures, told = _pictures(model, taken, input_size, count, _CALIBRATION_SEED)
    return Batch(as_inputs(pictures, taken, layout), told)


def as_inputs(pictures: Pictures, taken: Input, layout: Layout) -> NDArray[np.float32]:
    """Make network inputs: (picture − mean) / scale, in a layout.

    >>> grey = np.full((1, 2, 2, 1), 255, np.uint8)
    >>> one = Input(height=2, width=2, channels=1, layout="NHWC", colour_order="Y",
    ...             mean=[127.5], scale=[127.5])
    >>> made = as_inputs(grey, one, "NCHW")
    >>> made.shape, float(made.max())
    ((1, 1, 2, 2), 1.0)
    """
    values = (pictures - np.asarray(taken.mean, np.float64)) / np.asarray(taken.scale, np.float64)
    if layout == "NCHW":
        values = values.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(values, np.float32)


def drawn_pictures(count: int, size: int, channels: int, seed: int) -> Pictures:
    """Draw pictures with structure at all scales, as photographs have: no two are alike.

    Noise of one pixel alone would be averaged away by the first pooling, and all inputs would look
    the same to a deep network.

    Args:
        count: of pictures.
        size: height and width, pixels.
        channels: 1 or 3.
        seed: the same seed gives the same pictures with the same NumPy.
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    found = np.empty((count, size, size, channels), np.uint8)
    for index in range(count):
        picture = np.zeros((size, size, channels))
        cells = 2
        while cells <= size:
            coarse = dice.normal(size=(cells, cells, channels))
            steps = np.arange(size) * cells // size
            picture += coarse[steps][:, steps] * (2.0 / cells) ** 0.5
            cells *= 2
        low, high = picture.min(), picture.max()
        span = dice.uniform(80, 255)
        found[index] = (picture - low) / (high - low) * span + dice.uniform(0, 255 - span)
    return found


def _pictures(
    model: Model, taken: Input, input_size: int, count: int, seed: int
) -> tuple[Pictures, str]:
    dataset = model.dataset
    if dataset is not None and dataset.generator and input_size == taken.height:
        drawn: Any = generator(dataset)
        pictures = drawn.images(seed, count)
        ordered = pictures[..., ::-1] if taken.colour_order == "BGR" else pictures
        return ordered, f"{count} pictures of set {dataset.id}, seed {seed}"
    drawn_ones = drawn_pictures(count, input_size, taken.channels, seed)
    return drawn_ones, f"{count} drawn pictures, seed {seed}"


def _from_folder(folder: Path, taken: Input, input_size: int, count: int) -> tuple[Pictures, str]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
    if not files:
        raise InputError(str(folder), "holds no pictures", "Name a folder of JPEG or PNG files.")
    found = [read_picture(path, taken, input_size) for path in files[:count]]
    return np.stack(found), f"{len(found)} pictures of folder {folder.name}"


_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".webp"}
