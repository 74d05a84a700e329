"""Inputs of accuracy jobs: labelled pictures, made once and kept by content."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.file import write_atomic
from ibd_mobile.core.model import Artifact, Dataset, Input, Model, Variant
from ibd_mobile.core.payload import models_folder


@dataclass(frozen=True, slots=True)
class LabelledInputs:
    """Inputs of an artifact, ready to be brought to a device."""

    file: Path  #: (count, input tensor) bytes, one record after the other
    labels: NDArray[np.uint8]  #: (count,) class of each


def labelled_inputs(model: Model, variant: Variant, artifact: Artifact) -> LabelledInputs:
    """Make the inputs of an accuracy job, or take them from the cache.

    Raises:
        InputError: the model has no data set.
        DataError: the generator does not give the pictures that the model's TOML promises.
    """
    if model.dataset is None:
        raise InputError(f"model '{model.id}'", "has no data set, so its accuracy is not known")
    generator = _generator(model.dataset)
    labels = np.asarray(generator.labels(model.dataset.seed, model.dataset.count), np.uint8)
    _check("labels", labels, model.dataset.truth_sha256, model)
    file = _cached(model.dataset, variant.input, artifact)
    if not file.is_file():
        images = generator.images(model.dataset.seed, model.dataset.count)
        _check("images", images, model.dataset.images_sha256, model)
        write_atomic(file, _as_input(images, variant.input, artifact).tobytes())
    return LabelledInputs(file, labels)


def _cached(dataset: Dataset, taken: Input, artifact: Artifact) -> Path:
    """Name the file after all that its content depends on."""
    key = msgspec.json.encode([dataset.images_sha256, taken, artifact.inputs])
    name = f"{hashlib.sha256(key).hexdigest()[:24]}.bin"
    return Path(platformdirs.user_cache_dir("ibd-mobile")) / "inputs" / name


def _as_input(
    images: NDArray[np.uint8], taken: Input, artifact: Artifact
) -> NDArray[np.float32] | NDArray[np.int8] | NDArray[np.uint8]:
    """Turn (count, height, width, channels) pictures into an artifact's input tensor."""
    mean, scale = (np.asarray(v, np.float64) for v in (taken.mean, taken.scale))
    tensor = artifact.inputs[0]
    # (256, channels): a pixel has so few values that each is converted once, in full precision.
    values = (np.arange(256, dtype=np.float64)[:, np.newaxis] - mean) / scale
    if tensor.quantization is not None:
        bounds = np.iinfo(np.dtype(tensor.dtype))
        stored = np.rint(values / tensor.quantization.scale) + tensor.quantization.zero_point
        values = np.clip(stored, bounds.min, bounds.max)
    found: NDArray[np.int8] = values.astype(tensor.dtype)[images, np.arange(len(mean))]
    return found


def _generator(dataset: Dataset) -> ModuleType:
    path = models_folder() / f"{dataset.generator}.py"
    is_plain = all(part.isidentifier() for part in dataset.generator.split("/"))
    if not is_plain or not path.is_file():
        raise InputError(f"data set '{dataset.id}'", f"has no generator '{dataset.generator}'")
    spec = importlib.util.spec_from_file_location(f"ibd_generator_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"data set '{dataset.id}'", f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _check(what: str, found: NDArray[np.uint8], sha256: str, model: Model) -> None:
    if hashlib.sha256(np.ascontiguousarray(found).tobytes()).hexdigest() != sha256:
        raise DataError(
            f"{what} of model '{model.id}'",
            "are not those its accuracy is stated for",
            "This is a fault of the generator on this platform; please report numpy's and"
            " Pillow's versions.",
        )
