"""Inputs of accuracy jobs: labelled pictures, made once and kept by content."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from ibd_mobile.bench.execution import OUTPUTS_LIMIT_BYTES
from ibd_mobile.catalog.generator import generator
from ibd_mobile.catalog.picture import decode_picture, shrunk_and_enlarged
from ibd_mobile.catalog.pictures import Pictures
from ibd_mobile.core.errors import DataError, HostError, InputError
from ibd_mobile.core.file import open_atomic
from ibd_mobile.core.model import Artifact, Dataset, Input, Model, Tensor, Variant
from ibd_mobile.results import truth
from ibd_mobile.results.document import host_errors
from ibd_mobile.results.truth import Truth

_BYTES_PER_GB = 1e9


@dataclass(frozen=True, slots=True)
class LabelledInputs:
    """Inputs of an artifact, ready to be brought to a device."""

    file: Path  #: (count, input tensor) bytes, one record after the other
    truth: Truth  #: what each really shows
    dataset: Dataset  #: which they are, with the hash of the truth


def labelled_inputs(
    model: Model, variant: Variant, artifact: Artifact, pictures: Pictures | None = None
) -> LabelledInputs:
    """Make the inputs of an accuracy job, or take them from the cache.

    Args:
        model: with its data set.
        variant: says how a picture becomes an input.
        artifact: takes them.
        pictures: of the data set, where they lie on the lab's disk.

    Raises:
        InputError: the model has no data set, or one whose pictures the artifact cannot take; a
            picture cannot be read.
        DataError: the generator does not give the pictures that the model's TOML promises.
        HostError: the disk has no room for them.
    """
    dataset = model.dataset
    if dataset is None:
        raise InputError(f"model '{model.id}'", "has no data set, so its accuracy is not known")
    if not dataset.pictures:
        made = _drawn(model, dataset, variant.input, artifact)
    elif pictures is None:
        problem = f"is to be tested on {dataset.id}, whose pictures are not at hand"
        remedy = f"Say where they lie: --pictures {dataset.pictures}=FOLDER."
        raise InputError(f"model '{model.id}'", problem, remedy)
    else:
        _check_outputs(artifact, dataset)
        made = _read(model, dataset, variant.input, artifact, pictures)
    truth.check(made.truth, model.application, made.dataset)
    return made


def _drawn(model: Model, dataset: Dataset, taken: Input, artifact: Artifact) -> LabelledInputs:
    source = generator(dataset)
    shown: Truth = np.asarray(source.truth(dataset.seed, dataset.count))
    _check("truth", shown, dataset.truth_sha256, dataset)
    truth.check(shown, model.application, dataset)
    file = _cached(taken, artifact, dataset.images_sha256)
    if not file.is_file():
        images = np.asarray(source.images(dataset.seed, dataset.count), np.uint8)
        _check("images", images, dataset.images_sha256, dataset)
        converter = _Converter.of(taken, artifact, images.shape[1:])
        ordered = images[..., ::-1] if taken.colour_order == "BGR" else images
        with _written(file, converter.record_bytes * dataset.count) as out:
            out.write(converter.convert(ordered).tobytes())
    return LabelledInputs(file, shown, dataset)


def _read(
    model: Model, dataset: Dataset, taken: Input, artifact: Artifact, pictures: Pictures
) -> LabelledInputs:
    """Go through the pictures one by one: all of them may be larger than the memory."""
    width = round(taken.width * artifact.input_size / taken.height)
    shape = (artifact.input_size, width, taken.channels)
    converter = _Converter.of(taken, artifact, shape)
    file = _cached(taken, artifact, f"{dataset.images_sha256} {model.enlargement_ratio}")
    is_made, are_truth = file.is_file(), pictures.truth is None
    seen: list[NDArray[np.uint8]] = []
    length_bytes = converter.record_bytes * dataset.count
    with nullcontext() if is_made else _written(file, length_bytes) as out:
        for entry, content in pictures.contents() if are_truth or out is not None else ():
            subject = f"{entry.place}: '{entry.name}'"
            pixels = decode_picture(content, subject, taken, artifact.input_size)
            if are_truth:
                seen.append(pixels)
                pixels = shrunk_and_enlarged(pixels, model.enlargement_ratio, subject)
            if out is not None:
                out.write(converter.convert(pixels[np.newaxis]).tobytes())
    if pictures.truth is not None:
        return LabelledInputs(file, pictures.truth, dataset)
    shown = np.stack(seen)
    known = msgspec.structs.replace(dataset, truth_sha256=truth.sha256(shown))
    return LabelledInputs(file, shown, known)


def _check_outputs(artifact: Artifact, dataset: Dataset) -> None:
    """Refuse what would give more outputs than can be fetched and judged."""
    per_picture_bytes = sum(
        prod(tensor.shape[1:])
        * (2 if tensor.dtype == "bfloat16" else np.dtype(tensor.dtype).itemsize)
        for tensor in artifact.outputs
    )
    if per_picture_bytes * dataset.count > OUTPUTS_LIMIT_BYTES:
        most = OUTPUTS_LIMIT_BYTES // per_picture_bytes
        size_gb = per_picture_bytes * dataset.count / _BYTES_PER_GB
        problem = f"gives {size_gb:.1f} GB of outputs for {dataset.count} pictures, which is too"
        problem += " much to be fetched"
        raise InputError(f"artifact '{artifact.file}'", problem, f"Say --pictures-count {most}.")


def _cached(taken: Input, artifact: Artifact, dataset: str) -> Path:
    """Name the file after all that its content depends on.

    Args:
        taken: how the network takes pictures.
        artifact: its layout and input.
        dataset: hash of the pictures, and what was done to them.
    """
    key = msgspec.json.encode([dataset, taken, artifact.layout, artifact.inputs])
    name = f"{hashlib.sha256(key).hexdigest()[:24]}.bin"
    return Path(platformdirs.user_cache_dir("ibd-mobile")) / "inputs" / name


@contextmanager
def _written(file: Path, length_bytes: int) -> Iterator[BinaryIO]:
    """Open a file of the cache, if there is room for what comes.

    Raises:
        HostError: there is not, or it cannot be written.
    """
    with host_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(file.parent).free
        if free_bytes < length_bytes:
            needed, free = (f"{n / _BYTES_PER_GB:.1f} GB" for n in (length_bytes, free_bytes))
            remedy = "Free space, set XDG_CACHE_HOME to another disk, or say --pictures-count."
            raise HostError(str(file.parent), f"has {free} left, and inputs need {needed}", remedy)
        with open_atomic(file) as out:
            yield out


@dataclass(frozen=True, slots=True)
class _Converter:
    """Turns pictures into an artifact's input tensor."""

    stored: NDArray[np.generic]  #: (256, channels) a pixel has so few values that each is
    #: converted once, in full precision
    is_last: bool  #: channels come last
    record_bytes: int

    @classmethod
    def of(cls, taken: Input, artifact: Artifact, shape: tuple[int, ...]) -> "_Converter":
        """Make it for pictures of one shape.

        Args:
            taken: how the network takes them.
            artifact: its layout, type and quantization.
            shape: (height, width, channels).

        Raises:
            InputError: the artifact takes others.
        """
        is_last = artifact.layout == "NHWC"
        wanted = list(shape) if is_last else [shape[2], *shape[:2]]
        tensor, *more = artifact.inputs
        if more or tensor.shape[1:] != wanted or len(taken.mean) != shape[2]:
            problem = f"takes {[t.shape[1:] for t in artifact.inputs]}, but a picture is {wanted}"
            remedy = "Accuracy is known at the size of the data set's pictures only."
            raise InputError(f"artifact '{artifact.file}'", problem, remedy)
        stored = _stored_values(taken, tensor)
        return cls(stored, is_last, prod(shape) * stored.itemsize)

    def convert(self, pictures: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Convert (n, height, width, channels), channels in the network's order."""
        found = self.stored[pictures, np.arange(pictures.shape[3])]
        made: NDArray[np.generic] = np.ascontiguousarray(
            found if self.is_last else found.transpose(0, 3, 1, 2)
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
