import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from ibd_mobile.catalog import library
from ibd_mobile.convert import samples
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Input, Model


@pytest.fixture
def model() -> Model:
    return library.models()["shapes_classifier"]


def taken(**changes: object) -> Input:
    facts: dict[str, object] = {
        "height": 32, "width": 32, "channels": 3, "layout": "NHWC", "colour_order": "RGB",
        "mean": [0.0] * 3, "scale": [255.0] * 3, "resize": "stretch",
    }  # fmt: skip
    return Input(**(facts | changes))  # type: ignore[arg-type]


def test_a_model_with_a_data_set_is_compared_on_its_pictures(model: Model) -> None:
    own = model.variants[0].input
    found = samples.comparison(model, own, own.height, "NHWC")
    assert found.values.shape == (32, 64, 64, 3)
    assert found.told == "32 pictures of set shapes, seed 5"
    assert samples.comparison(model, own, own.height, "NHWC").sha256 == found.sha256


def test_pictures_of_a_set_come_in_the_networks_colour_order(model: Model) -> None:
    own = model.variants[0].input
    red = samples.comparison(model, own, 64, "NHWC").values
    turned = msgspec.structs.replace(own, colour_order="BGR")
    assert np.array_equal(samples.comparison(model, turned, 64, "NHWC").values, red[..., ::-1])


def test_at_another_size_pictures_are_drawn(model: Model) -> None:
    found = samples.comparison(model, model.variants[0].input, 192, "NCHW")
    assert found.values.shape == (16, 3, 192, 192)
    assert "drawn" in found.told


def test_calibration_and_comparison_share_no_picture(model: Model) -> None:
    own = model.variants[0].input
    compared = samples.comparison(model, own, 64, "NHWC").values
    calibrated = samples.calibration(model, own, 64, "NHWC", None).values
    seen = {picture.tobytes() for picture in calibrated}
    assert len(seen) == 200
    assert not seen & {picture.tobytes() for picture in compared}


@pytest.mark.parametrize(
    ("id", "script"),
    [
        ("shapes_classifier", "shapes_classifier/recipe.py"),
        ("scenes_detector", "scenes_detector/train_tensorflow.py"),
        ("textures_vdsr", "textures_vdsr/train_pytorch.py"),
    ],
)
def test_neither_are_pictures_of_the_test_or_the_training(id: str, script: str) -> None:
    dataset = library.models()[id].dataset
    assert dataset is not None
    assert dataset.seed not in (5, 6)
    text = (library.folder("models") / "mini" / script).read_text()
    seeds = re.findall(r"^(?:TRAIN|VALIDATION)_SEED, \w+ = (\d+),", text, re.MULTILINE)
    assert seeds == ["2", "3"]


def test_drawn_pictures_differ_at_every_scale() -> None:
    pictures = samples.drawn_pictures(8, 128, 3, 1).astype(float)
    blocks = pictures.reshape(8, 4, 32, 4, 32, 3).mean(axis=(2, 4))
    assert blocks.std(axis=(1, 2)).mean() > 10  # coarse structure survives pooling
    assert np.abs(np.diff(pictures, axis=1)).mean() > 1
    means = pictures.reshape(8, -1).mean(axis=1)
    assert len(np.unique(means.round())) == 8


def test_the_layout_is_the_sources(model: Model) -> None:
    nhwc = samples.as_inputs(np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3), taken(), "NHWC")
    nchw = samples.as_inputs(np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3), taken(), "NCHW")
    assert np.array_equal(nhwc.transpose(0, 3, 1, 2), nchw)
    assert nchw.flags["C_CONTIGUOUS"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(3):
        colour = (255, 10 * index, 0)
        Image.new("RGB", (60, 40), colour).save(tmp_path / f"{index}.png")
    (tmp_path / "readme.txt").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize(("order", "first"), [("RGB", 1.0), ("BGR", 0.0)])
def test_pictures_of_the_lab_calibrate_in_the_networks_colour_order(
    model: Model, folder: Path, order: str, first: float
) -> None:
    found = samples.calibration(model, taken(colour_order=order), 32, "NHWC", folder)
    assert found.values.shape == (3, 32, 32, 3)
    assert found.values[0, 0, 0, 0] == first
    assert found.told == f"3 pictures of folder {folder.name}"


def test_grey_pictures_have_one_channel(model: Model, folder: Path) -> None:
    grey = taken(colour_order="Y", channels=1, mean=[0.0], scale=[255.0])
    assert samples.calibration(model, grey, 32, "NCHW", folder).values.shape == (3, 1, 32, 32)


def test_an_empty_folder_and_a_broken_picture_are_named(model: Model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        samples.calibration(model, taken(), 32, "NHWC", tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"a\.jpg: is no picture that can be read"):
        samples.calibration(model, taken(), 32, "NHWC", tmp_path)
