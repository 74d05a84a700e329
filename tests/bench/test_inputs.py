from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.bench.inputs import labelled_inputs
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.model import Artifact, Dataset, Model


@pytest.fixture
def model(small: Stock) -> Model:
    return small.models["shapes_classifier"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ibd-mobile" / "inputs"


def artifact(model: Model, precision: str) -> Artifact:
    return next(a for a in model.variants[0].artifacts if a.precision == precision)


def with_input(model: Model, **changes: object) -> Model:
    variant = model.variants[0]
    changed = msgspec.structs.replace(variant.input, **changes)
    return msgspec.structs.replace(
        model, variants=[msgspec.structs.replace(variant, input=changed)]
    )


def with_dataset(model: Model, **changes: object) -> Model:
    assert model.dataset is not None
    dataset: Dataset = msgspec.structs.replace(model.dataset, **changes)
    return msgspec.structs.replace(model, dataset=dataset)


def expected(shapes: ModuleType, model: Model, chosen: Artifact) -> Any:
    tensor = chosen.inputs[0]
    told = tensor.quantization and (tensor.quantization.scale, tensor.quantization.zero_point)
    pictures = shapes.images(1, 20)
    assert len(np.unique(pictures)) == 256, "not every value of a pixel occurs"
    return shapes.tensor(
        pictures, model.variants[0].input.mean, model.variants[0].input.scale, told, tensor.dtype
    )


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize(
    "prepared",
    [{}, {"mean": [127.5] * 3, "scale": [127.5] * 3}, {"mean": [123.68, 116.78, 103.94]}],
    ids=["as shipped", "centred", "by channel"],
)
def test_inputs_are_what_the_generators_own_conversion_gives(
    shapes: ModuleType, model: Model, precision: str, prepared: dict[str, object]
) -> None:
    changed = with_input(model, **prepared)
    chosen = artifact(changed, precision)
    content = labelled_inputs(changed, changed.variants[0], chosen).file.read_bytes()
    assert content == expected(shapes, changed, chosen).tobytes()
    assert len(content) == 20 * 64 * 64 * 3 * (4 if precision == "float32" else 1)


def test_labels_are_the_sets(shapes: ModuleType, model: Model) -> None:
    found = labelled_inputs(model, model.variants[0], artifact(model, "int8")).labels
    assert found.dtype == np.uint8
    assert found.tolist() == shapes.labels(1, 20).tolist()


def test_what_was_made_once_is_taken_again(model: Model, cache: Path) -> None:
    first = labelled_inputs(model, model.variants[0], artifact(model, "int8")).file
    made_ns = first.stat().st_mtime_ns
    second = labelled_inputs(model, model.variants[0], artifact(model, "int8")).file
    assert second == first
    assert second.stat().st_mtime_ns == made_ns
    assert list(cache.iterdir()) == [first]


def test_files_are_named_after_all_they_are_made_of(model: Model, cache: Path) -> None:
    other = with_input(model, mean=[1.0, 1.0, 1.0])
    files = {
        labelled_inputs(m, m.variants[0], artifact(m, precision)).file
        for m in (model, other)
        for precision in ("float32", "int8")
    }
    assert len(files) == 4
    assert set(cache.iterdir()) == files


@pytest.mark.parametrize(("what", "key"), [("images", "images_sha256"), ("labels", "truth_sha256")])
def test_a_generator_that_gives_something_else_is_found_out(
    model: Model, cache: Path, what: str, key: str
) -> None:
    damaged = with_dataset(model, **{key: "0" * 64})
    with pytest.raises(DataError, match=f"{what} of model 'shapes_classifier': are not those"):
        labelled_inputs(damaged, damaged.variants[0], artifact(model, "int8"))
    assert not cache.exists(), "what is wrong was kept"


def test_a_model_without_a_data_set_is_refused(model: Model) -> None:
    bare = msgspec.structs.replace(model, dataset=None)
    with pytest.raises(InputError, match="has no data set"):
        labelled_inputs(bare, bare.variants[0], artifact(model, "int8"))


@pytest.mark.parametrize("name", ["mini/absent", "../models/mini/shapes", "/etc/passwd", ""])
def test_a_generator_that_does_not_belong_to_the_package_is_not_run(
    model: Model, name: str
) -> None:
    with pytest.raises(InputError, match="data set 'shapes': has no generator"):
        labelled_inputs(
            with_dataset(model, generator=name), model.variants[0], artifact(model, "int8")
        )
