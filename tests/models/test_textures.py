"""Pictures and what is left of them are the same bytes everywhere; the loss is bicubic's."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn
from PIL import Image

# Of seed 99, 20 pictures.
IMAGES_SHA256 = "80772a54ec119033ed6cc7e41a63f642dac03ea8445b1744e338da7b52e02fcd"
TRUTH_SHA256 = "15426ebd94022b2b32276d450167f262c394bd6172ce9cc4902b7d0813fc76f7"


def test_the_pictures_are_the_recorded_bytes(textures: ModuleType) -> None:
    for made, expected in (
        (textures.images(99, 20), IMAGES_SHA256),
        (textures.truth(99, 20), TRUTH_SHA256),
    ):
        assert made.shape == (20, textures.SIZE, textures.SIZE, 1)
        assert made.dtype == np.uint8
        assert textures.sha256(made) == expected


def test_the_loss_is_that_of_bicubic_resampling(textures: ModuleType) -> None:
    # Pillow's kernel has the same form (a = −1/2); it rounds after each direction, and treats edges
    # otherwise.
    pictures = textures.truth(1, 10)
    for given_, made in zip(pictures, textures.blurred(pictures), strict=True):
        whole, half = textures.SIZE, textures.SIZE // 2
        small = Image.fromarray(given_[:, :, 0]).resize((half, half), Image.Resampling.BICUBIC)
        large = np.asarray(small.resize((whole, whole), Image.Resampling.BICUBIC), np.int64)
        apart = np.abs(large - made[:, :, 0])[6:-6, 6:-6]
        assert apart.max() <= 4
        assert apart.mean() < 0.6


@given(pictures=drawn.arrays(np.uint8, (1, 8, 12, 1)))
@settings(max_examples=50, deadline=None)
def test_the_loss_has_no_direction(textures: ModuleType, pictures: np.ndarray) -> None:
    lost = textures.blurred(pictures)
    assert lost.shape == pictures.shape
    assert np.array_equal(textures.blurred(pictures[:, ::-1]), lost[:, ::-1])
    assert np.array_equal(textures.blurred(pictures[:, :, ::-1]), lost[:, :, ::-1])


@given(low=st.integers(0, 200), step=st.integers(0, 3))
def test_what_has_no_detail_loses_nothing(textures: ModuleType, low: int, step: int) -> None:
    ramp = np.broadcast_to(low + step * np.arange(16), (16, 16)).astype(np.uint8)
    lost = textures.blurred(ramp[None, :, :, None])[0, :, 5:-5, 0]
    assert np.abs(lost.astype(int) - ramp[:, 5:-5]).max() <= 1


def test_detail_is_lost(textures: ModuleType) -> None:
    pictures = textures.truth(1, 50).astype(np.float64)
    error = (textures.images(1, 50) - pictures) ** 2
    psnr_db = 10 * np.log10(255**2 / error.mean(axis=(1, 2, 3)))
    assert 22 < psnr_db.mean() < 32


def test_a_shorter_set_is_the_beginning_of_a_longer_one(textures: ModuleType) -> None:
    assert np.array_equal(textures.images(5, 4), textures.images(5, 9)[:4])
    assert np.array_equal(textures.truth(5, 4), textures.truth(5, 9)[:4])


def test_another_seed_gives_other_pictures(textures: ModuleType) -> None:
    assert textures.sha256(textures.images(5, 3)) != textures.sha256(textures.images(6, 3))


def test_the_script_prints_hashes_and_draws_a_sheet(mini: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    words = ["--seed", "99", "--count", "20", "--sheet", str(sheet)]
    done = subprocess.run(
        [sys.executable, str(mini / "textures.py"), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["images", IMAGES_SHA256, "truth", TRUTH_SHA256]
    with Image.open(sheet) as picture:
        assert picture.size == (20 * 48, 2 * 48)
