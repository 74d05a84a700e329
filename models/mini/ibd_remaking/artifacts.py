"""Sources and artifacts of a model: converted by the product, measured, and described."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ibd_mobile.catalog.generator import generator
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import Artifact, Model, Source, SourceFile, Variant
from ibd_mobile.results.truth import sha256
from ibd_remaking.measure import references

#: in which formats and precisions each variant travels with the package
WISHES: Final = (
    Wish(format="tflite", precision="float32"),
    Wish(format="tflite", precision="int8"),
    Wish(format="tflite", precision="float16"),
    Wish(format="onnx", precision="float32"),
    Wish(format="onnx", precision="int8"),
)


def with_dataset(model: Model) -> Model:
    """Return the model with the hashes of its data set as it is drawn now."""
    dataset = model.dataset
    if dataset is None:
        raise InputError(f"model '{model.id}'", "has no data set")
    drawn = generator(dataset)
    pictures = drawn.images(dataset.seed, dataset.count)
    truth = drawn.truth(dataset.seed, dataset.count)
    now = replace(dataset, images_sha256=sha256(pictures), truth_sha256=sha256(truth))
    return replace(model, dataset=now)


def with_sources(model: Model, folder: Path, maker: Maker) -> Model:
    """Return the model with sources that lie in a folder; Caffe2's are made of PyTorch's first.

    Args:
        model: names the files.
        folder: holds them, without their folder: what `train` wrote.
        maker: converts.
    """
    found: list[Variant] = []
    for variant in model.variants:
        source = _source(model, variant)
        if variant.training_framework == "caffe2":
            pytorch = next(v for v in found if v.training_framework == "pytorch")
            _deliver(model, pytorch, source, folder, maker)
        files = [_described(file, folder) for file in source.files]
        found.append(replace(variant, source=replace(source, files=files)))
    return replace(model, variants=found)


def _source(model: Model, variant: Variant) -> Source:
    if variant.source is None:
        raise InputError(f"model '{model.id}'", f"has no {variant.training_framework} source")
    return variant.source


def _deliver(model: Model, pytorch: Variant, source: Source, folder: Path, maker: Maker) -> None:
    """Write a trained PyTorch network as Caffe2's two nets."""
    kept = maker.make(model, _local(pytorch, folder), Wish(format="caffe2"))[-1]
    for file in source.files:
        shutil.copyfile(kept.files[file.role], folder / file.url)


def _described(file: SourceFile, folder: Path) -> SourceFile:
    path = folder / file.url
    return replace(file, sha256=sha256_of(path), size_bytes=path.stat().st_size)


def _local(variant: Variant, folder: Path) -> Variant:
    """Return the variant with its source where it lies now, instead of beside the TOML."""
    source = variant.source
    if source is None:
        return variant
    files = [replace(f, url=(folder / f.url).resolve().as_uri()) for f in source.files]
    return replace(variant, source=replace(source, files=files))


def with_artifacts(model: Model, folder: Path, maker: Maker) -> Model:
    """Return the model with all its artifacts, made and measured anew.

    Args:
        model: with sources.
        folder: holds the sources; the files go there too.
        maker: converts.
    """
    variants = []
    for variant in model.variants:
        made = list(_artifacts(model, variant, folder, maker))
        # A float32 file does the source's own arithmetic: what it reaches is the source's.
        variants.append(replace(variant, artifacts=made, reference=made[0].reference))
    return replace(model, variants=variants)


def _artifacts(model: Model, variant: Variant, folder: Path, maker: Maker) -> Iterator[Artifact]:
    for wish in WISHES:
        kept = maker.make(model, _local(variant, folder), wish)[-1]
        name = f"{model.id}_{variant.training_framework}_{wish.precision}.{wish.format}"
        shutil.copyfile(kept.folder / kept.stage.file, folder / name)
        artifact = replace(kept.stage.artifact([]), file=name)
        reference = references(model, variant, artifact, folder / name)
        yield replace(artifact, reference=reference)
