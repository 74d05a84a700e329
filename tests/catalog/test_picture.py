import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ibd_mobile.catalog.picture import read_picture
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Input

DATA = Path(__file__).parents[1] / "data/golden"
GOLDEN = {
    case["name"]: np.array(case["pixels"])
    for case in json.loads((DATA / "prepared.json").read_text())["cases"]
}


def taken(**changes: Any) -> Input:
    facts: dict[str, Any] = {
        "height": 24, "width": 24, "channels": 3, "layout": "NHWC", "colour_order": "RGB",
        "mean": [0.0] * 3, "scale": [1.0] * 3,
    }  # fmt: skip
    return Input(**(facts | changes))


PIPELINES = {
    "stretch bilinear": taken(width=20, resize="stretch"),
    "stretch bicubic": taken(width=20, resize="stretch", interpolation="bicubic"),
    "shorter_side bilinear": taken(height=28, width=28, resize="shorter_side", resize_px=32),
    "central_crop bilinear": taken(resize="central_crop", crop_ratio=0.875),
    "grey": taken(width=20, resize="stretch", colour_order="Y", channels=1),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_picture_becomes_what_the_networks_own_pipeline_makes_of_it(name: str) -> None:
    found = read_picture(DATA / "picture.png", PIPELINES[name])
    expected = GOLDEN[name].reshape(found.shape)
    # one level: other releases of Pillow may round otherwise
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_pipelines_differ() -> None:
    made = [read_picture(DATA / "picture.png", p) for n, p in PIPELINES.items() if n != "grey"]
    for place, one in enumerate(made):
        for other in made[place + 1 :]:
            assert one.shape != other.shape or np.abs(one.astype(int) - other).max() > 5


def test_blue_comes_first_where_the_network_wants_it() -> None:
    red = read_picture(DATA / "picture.png", taken(resize="stretch"))
    blue = read_picture(DATA / "picture.png", taken(resize="stretch", colour_order="BGR"))
    assert (red == blue[:, :, ::-1]).all()
    assert (red != blue).any()


@pytest.mark.parametrize("name", ["shorter_side bilinear", "central_crop bilinear"])
def test_a_network_built_larger_gets_all_sizes_larger(name: str) -> None:
    pipeline = PIPELINES[name]
    own = read_picture(DATA / "picture.png", pipeline)
    assert (read_picture(DATA / "picture.png", pipeline, pipeline.height) == own).all()
    twice = read_picture(DATA / "picture.png", pipeline, 2 * pipeline.height)
    assert twice.shape == (2 * own.shape[0], 2 * own.shape[1], 3)
    # the same part of the picture: where it is averaged down, it is much the same
    again = twice.reshape(own.shape[0], 2, own.shape[1], 2, 3).mean(axis=(1, 3))
    assert np.abs(again - own).mean() < 12


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(30, 90), st.integers(30, 90)),
    st.sampled_from(sorted(PIPELINES)),
    st.tuples(*[st.integers(0, 255)] * 3),
)
def test_a_flat_picture_stays_flat(
    tmp_path_factory: Any, size: tuple[int, int], name: str, colour: tuple[int, int, int]
) -> None:
    file = tmp_path_factory.mktemp("flat") / "flat.png"
    Image.new("RGB", size, colour).save(file)
    found = read_picture(file, PIPELINES[name])
    pipeline = PIPELINES[name]
    assert found.shape == (pipeline.height, pipeline.width, pipeline.channels)
    if pipeline.channels == 3:
        assert (found == colour).all()
    else:
        assert len(np.unique(found)) == 1


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK"])
def test_every_kind_of_picture_becomes_a_coloured_one(tmp_path: Path, mode: str) -> None:
    file = tmp_path / f"a.{'jpg' if mode == 'CMYK' else 'png'}"
    Image.open(DATA / "picture.png").convert(mode).save(file)
    assert read_picture(file, taken(resize="stretch")).shape == (24, 24, 3)


def test_the_cameras_orientation_is_left_alone(tmp_path: Path) -> None:
    picture = Image.open(DATA / "picture.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=turned)
    plain, marked = (
        read_picture(file, taken(resize="stretch"))
        for file in (DATA / "picture.png", tmp_path / "turned.png")
    )
    assert (plain == marked).all()


def test_without_resizing_the_shape_must_be_the_networks(tmp_path: Path) -> None:
    exact = read_picture(DATA / "picture.png", taken(height=61, width=83))
    assert (exact == np.asarray(Image.open(DATA / "picture.png"))).all()
    with pytest.raises(InputError, match="is 61 × 83 pixels, but 24 × 24 are taken"):
        read_picture(DATA / "picture.png", taken())


def test_nothing_is_cut_out_beyond_the_picture() -> None:
    pipeline = taken(height=64, width=64, resize="shorter_side", resize_px=32)
    with pytest.raises(InputError, match="is 32 × 43 pixels once resized, less than 64 × 64"):
        read_picture(DATA / "picture.png", pipeline)


def damaged(tmp_path: Path, kind: str) -> Path:
    file = tmp_path / f"{kind}.png"
    content = (DATA / "picture.png").read_bytes()
    if kind == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif kind == "text":
        file.write_text("not a picture")
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "flipped":
        at = content.index(b"IDAT") + 40
        file.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    elif kind == "script":  # what Pillow would hand to Ghostscript
        file.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    return file


@pytest.mark.parametrize("kind", ["cut", "text", "empty", "flipped", "script", "absent"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError, match=rf"{kind}\.png: is no picture that can be read"):
        read_picture(damaged(tmp_path, kind), taken(resize="stretch"))
