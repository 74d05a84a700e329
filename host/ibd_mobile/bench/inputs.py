"""Inputs of accuracy jobs: labelled pictures, made once and kept by content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from ibd_mobile.catalog.generator import generator
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.file import write_atomic
from ibd_mobile.core.model import Artifact, Dataset, Input, Model, Tensor, Variant
from ibd_mobile.results import truth
from ibd_mobile.results.truth import Truth


@dataclass(frozen=True, slots=True)
class LabelledInputs:
    """Inputs of an artifact, ready to be brought to a device."""

    file: Path  #: (count, input tensor) bytes, one record after the other
    truth: Truth  #: what each really shows


def labelled_inputs(model: Model, variant: Variant, artifact: Artifact) -> LabelledInputs:
    """Make the inputs of an accuracy job, or take them from the cache.

    Raises:
        InputError: the model has no data set, or one whose pictures the artifact cannot take.
        DataError: the generator does not give the pictures that the model's TOML promises.
    """
    dataset = model.dataset
    if dataset is None:
        raise InputError(f"model '{model.id}'", "has no data set, so its accuracy is not known")
    source = generator(dataset)
    shown: Truth = np.asarray(source.truth(dataset.seed, dataset.count))
    _check("truth", shown, dataset.truth_sha256, dataset)
    truth.check(shown, model.application, dataset)
    file = _cached(dataset, variant.input, artifact)
    if not file.is_file():
        images = np.asarray(source.images(dataset.seed, dataset.count), np.uint8)
        _check("images", images, dataset.images_sha256, dataset)
        write_atomic(file, _as_input(images, variant.input, artifact).tobytes())
    return LabelledInputs(file, shown)


def _cached(dataset: Dataset, taken: Input, artifact: Artifact) -> Path:
    """Name the file after all that its content depends on."""
    key = msgspec.json.encode([dataset.images_sha256, taken, artifact.layout, artifact.inputs])
    name = f"{hashlib.sha256(key).hexdigest()[:24]}.bin"
    return Path(platformdirs.user_cache_dir("ibd-mobile")) / "inputs" / name


def _as_input(images: NDArray[np.uint8], taken: Input, artifact: Artifact) -> NDArray[np.generic]:
    """Turn pictures into an artifact's input tensor.

    Args:
        images: (count, height, width, channels), red first or brightness alone.
        taken: how the network takes them.
        artifact: its layout, type and quantization.
    """
    is_last = artifact.layout == "NHWC"
    wanted = list(images.shape[1:]) if is_last else [images.shape[3], *images.shape[1:3]]
    tensor, *more = artifact.inputs
    if more or tensor.shape[1:] != wanted or len(taken.mean) != images.shape[3]:
        problem = f"takes {[t.shape[1:] for t in artifact.inputs]}, but a picture is {wanted}"
        remedy = "Accuracy is known at the size of the data set's pictures only."
        raise InputError(f"artifact '{artifact.file}'", problem, remedy)
    ordered = images[..., ::-1] if taken.colour_order == "BGR" else images
    # A pixel has so few values that each is converted once, in full precision.
    stored = _stored_values(taken, tensor)
    found = stored[ordered, np.arange(images.shape[3])]
    made: NDArray[np.generic] = np.ascontiguousarray(
        found if is_last else found.transpose(0, 3, 1, 2)
    )
    return made


def _stored_values(taken: Input, tensor: Tensor) -> NDArray[np.generic]:
    """Convert all 256 values of a pixel: (256, channels) as the tensor stores them."""
    mean, scale = (np.asarray(v, np.float64) for v in (taken.mean, taken.scale))
    values = (np.arange(256, dtype=np.float64)[:, np.newaxis] - mean) / scale
    how = tensor.quantization
    if tensor.dtype in ("int8", "uint8"):
        bounds = np.iinfo(tensor.dtype)
        stored = values if how is None else values / how.scale
        stored = np.rint(stored) + (0 if how is None else how.zero_point)
        kept: NDArray[np.generic] = np.clip(stored, bounds.min, bounds.max).astype(bounds.dtype)
        return kept
    if tensor.dtype in ("float32", "float16") and how is None:
        return values.astype(np.dtype(tensor.dtype).newbyteorder("<"))
    problem = f"is {tensor.dtype}; pictures can be made float32, float16, int8 and uint8"
    raise InputError(f"input '{tensor.name}'", problem, "Convert the network with such an input.")


def _check(what: str, found: NDArray[np.generic], expected: str, dataset: Dataset) -> None:
    if truth.sha256(found) != expected:
        raise DataError(
            f"data set '{dataset.id}'",
            f"its generator gives other {what} than the model's accuracy is stated for",
            "This is a fault of the generator on this platform; please report numpy's and"
            " Pillow's versions.",
        )
