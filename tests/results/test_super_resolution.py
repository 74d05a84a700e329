import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.super_resolution import inner, luma, psnr_db, ssim_ratio

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/super_resolution.json").read_text())


def brightness(pixels: Any) -> np.ndarray:  # type: ignore[type-arg]
    picture = np.array(pixels, float)
    return picture if picture.ndim == 2 else luma(picture, "RGB")


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: c["name"].replace(" ", "_"))
def test_the_reference_program_says_the_same(case: dict[str, Any]) -> None:
    true, made = brightness(case["true"]), brightness(case["made"])
    expected = {k: math.inf if v is None else v for k, v in case["expected"].items()}
    assert psnr_db(true, made) == pytest.approx(expected["psnr_db"], rel=0, abs=1e-12)
    within = psnr_db(inner(true, 2), inner(made, 2))
    assert within == pytest.approx(expected["psnr_db_border_2"], rel=0, abs=1e-12)
    assert ssim_ratio(true, made) == pytest.approx(expected["ssim"], rel=0, abs=1e-12)


PICTURE = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 200, (13, 17)).astype(float)
)


@settings(deadline=None)
@given(PICTURE)
def test_a_picture_is_its_own_likeness(picture: Any) -> None:
    assert psnr_db(picture, picture) == math.inf
    assert ssim_ratio(picture, picture) == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None)
@given(PICTURE, PICTURE)
def test_which_of_the_two_is_true_does_not_matter(one: Any, other: Any) -> None:
    assert psnr_db(one, other) == psnr_db(other, one)
    assert ssim_ratio(one, other) == pytest.approx(ssim_ratio(other, one), abs=1e-12)
    assert -1 <= ssim_ratio(one, other) <= 1


@settings(deadline=None)
@given(PICTURE, PICTURE, st.integers(1, 55))
def test_the_error_alone_makes_the_psnr(one: Any, other: Any, brighter: int) -> None:
    assert psnr_db(one + brighter, other + brighter) == psnr_db(one, other)
    assert psnr_db(one[::-1], other[::-1]) == pytest.approx(psnr_db(one, other), abs=1e-9)
    assert psnr_db(one, one + brighter) == pytest.approx(20 * math.log10(255 / brighter))


@settings(deadline=None)
@given(PICTURE, PICTURE)
def test_a_mirror_does_not_change_the_likeness(one: Any, other: Any) -> None:
    found = ssim_ratio(one, other)
    for turned in (lambda p: p[::-1], lambda p: p[:, ::-1], lambda p: p.T):
        assert ssim_ratio(turned(one), turned(other)) == pytest.approx(found, abs=1e-12)


@settings(deadline=None)
@given(PICTURE, st.integers(0, 2**32 - 1))
def test_twice_the_error_costs_six_decibels(picture: Any, seed: int) -> None:
    error = np.random.default_rng(seed).integers(-20, 21, picture.shape).astype(float)
    error[0, 0] = 1
    once, twice = psnr_db(picture, picture + error), psnr_db(picture, picture + 2 * error)
    assert once - twice == pytest.approx(20 * math.log10(2))


def test_luma_is_that_of_digital_video() -> None:
    red, green, blue = (np.eye(3)[k].reshape(1, 1, 1, 3) * 255 for k in range(3))
    assert luma(np.zeros((1, 1, 1, 3)), "RGB").item() == 16
    assert luma(red, "RGB").item() == pytest.approx(16 + 65.481)
    assert luma(green, "RGB").item() == luma(green, "BGR").item() == pytest.approx(16 + 128.553)
    assert luma(blue, "RGB").item() == luma(red, "BGR").item() == pytest.approx(16 + 24.966)
    assert luma(np.full((2, 3, 4, 1), 7.0), "Y").shape == (2, 3, 4)


def test_pictures_that_are_too_small_are_refused() -> None:
    small = np.zeros((10, 30))
    with pytest.raises(DataError, match="10 × 30 pixels is smaller than SSIM's window"):
        ssim_ratio(small, small)
    with pytest.raises(DataError, match="has nothing inside its border"):
        inner(small, 5)
