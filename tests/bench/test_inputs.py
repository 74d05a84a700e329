from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.bench.inputs import labelled_inputs
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import DataError, InputError
from ibd_mobile.core.model import Artifact, Dataset, Model, Quantization


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


def test_truth_is_the_sets(shapes: ModuleType, model: Model) -> None:
    found = labelled_inputs(model, model.variants[0], artifact(model, "int8")).truth
    assert found.dtype == np.uint8
    assert found.tolist() == shapes.labels(1, 20).tolist()


def taking(chosen: Artifact, dtype: str, layout: str = "NHWC", **changes: object) -> Artifact:
    """Change what an artifact takes."""
    shape = [-1, 64, 64, 3] if layout == "NHWC" else [-1, 3, 64, 64]
    tensor = msgspec.structs.replace(
        chosen.inputs[0], **{"dtype": dtype, "shape": shape, "quantization": None, **changes}
    )
    return msgspec.structs.replace(chosen, inputs=[tensor], layout=layout)


def made(model: Model, chosen: Artifact, dtype: str, *shape: int) -> Any:
    content = labelled_inputs(model, model.variants[0], chosen).file.read_bytes()
    return np.frombuffer(content, dtype).reshape(20, *shape)


def test_channels_come_first_where_the_artifact_has_them_there(
    shapes: ModuleType, model: Model
) -> None:
    last = made(model, artifact(model, "float32"), "<f4", 64, 64, 3)
    first = made(model, taking(artifact(model, "float32"), "float32", "NCHW"), "<f4", 3, 64, 64)
    assert (first.transpose(0, 2, 3, 1) == last).all()
    assert (first[:, 0] != first[:, 2]).any()


def test_blue_comes_first_where_the_network_wants_it(model: Model) -> None:
    chosen = artifact(model, "float32")
    prepared = {"mean": [1.0, 2.0, 3.0], "scale": [1.0, 1.0, 1.0]}
    red = made(with_input(model, **prepared), chosen, "<f4", 64, 64, 3)
    blue = made(with_input(model, colour_order="BGR", **prepared), chosen, "<f4", 64, 64, 3)
    # mean and scale are in the network's order
    mean = np.array([1, 2, 3])
    assert (red + mean == (blue + mean)[..., ::-1]).all()


def test_half_precision_is_rounded_once(shapes: ModuleType, model: Model) -> None:
    pictures = shapes.images(1, 20)
    found = made(model, taking(artifact(model, "float32"), "float16"), "<f2", 64, 64, 3)
    assert (found == (pictures / 255).astype(np.float16)).all()


def test_unsigned_integers_are_pixels_where_scale_and_zero_point_say_so(
    shapes: ModuleType, model: Model
) -> None:
    pictures = shapes.images(1, 20)
    how = Quantization(scale=1 / 255, zero_point=0)
    chosen = taking(artifact(model, "int8"), "uint8", quantization=how)
    assert (made(model, chosen, "u1", 64, 64, 3) == pictures).all()
    raw = with_input(model, mean=[0.0] * 3, scale=[1.0] * 3)
    assert (made(raw, taking(artifact(model, "int8"), "uint8"), "u1", 64, 64, 3) == pictures).all()


def test_integers_saturate(shapes: ModuleType, model: Model) -> None:
    how = Quantization(scale=0.001, zero_point=0)
    found = made(model, taking(artifact(model, "int8"), "int8", quantization=how), "i1", 64, 64, 3)
    expected = np.minimum(np.rint(shapes.images(1, 20) / 255 / 0.001), 127)
    assert (found == expected).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "int32"])
def test_a_type_that_pictures_cannot_have_is_named(model: Model, cache: Path, dtype: str) -> None:
    chosen = taking(artifact(model, "float32"), dtype)
    with pytest.raises(InputError, match=f"is {dtype}; pictures can be made float32"):
        labelled_inputs(model, model.variants[0], chosen)
    assert not cache.exists()


@pytest.mark.parametrize("shape", [[-1, 96, 96, 3], [-1, 64, 64, 1], [-1, 3, 64, 64]])
def test_pictures_of_another_size_are_refused(model: Model, cache: Path, shape: list[int]) -> None:
    chosen = taking(artifact(model, "float32"), "float32", shape=shape)
    with pytest.raises(InputError, match=r"takes .*, but a picture is \[64, 64, 3\]"):
        labelled_inputs(model, model.variants[0], chosen)
    assert not cache.exists()


def test_a_second_input_is_refused(model: Model) -> None:
    chosen = artifact(model, "float32")
    chosen = msgspec.structs.replace(chosen, inputs=chosen.inputs * 2)
    with pytest.raises(InputError, match="but a picture is"):
        labelled_inputs(model, model.variants[0], chosen)


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
    turned = taking(artifact(model, "float32"), "float32", "NCHW")
    files.add(labelled_inputs(model, model.variants[0], turned).file)
    assert len(files) == 5
    assert set(cache.iterdir()) == files


@pytest.mark.parametrize(("what", "key"), [("images", "images_sha256"), ("truth", "truth_sha256")])
def test_a_generator_that_gives_something_else_is_found_out(
    model: Model, cache: Path, what: str, key: str
) -> None:
    damaged = with_dataset(model, **{key: "0" * 64})
    with pytest.raises(DataError, match=f"'shapes': its generator gives other {what} than"):
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
