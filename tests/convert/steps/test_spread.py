import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.convert.steps import spread


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 512))
def test_a_kernel_keeps_the_spread_of_inputs_of_which_half_are_cut_off(
    seed: int, index: int, fan_in: int
) -> None:
    drawn = spread.kernel(seed, index, (fan_in, 64), fan_in)
    assert drawn.dtype == np.float32
    assert drawn.var() * fan_in == pytest.approx(2, rel=1.0)


def test_each_layer_and_each_seed_has_its_own_numbers() -> None:
    kernels = [spread.kernel(s, i, (3, 3), 9) for s in (1, 2) for i in (0, 1)]
    assert len({k.tobytes() for k in kernels}) == 4
    assert np.array_equal(kernels[0], spread.kernel(1, 0, (3, 3), 9))


def test_a_channel_that_says_nothing_is_not_blown_up() -> None:
    floored = spread.floor(np.array([0.0, 1.0, 1.0]))
    assert floored[0] == pytest.approx(0.05 * 2 / 3)
    assert floored[1:].tolist() == [1.0, 1.0]
    assert spread.floor(np.zeros(3)).min() > 0


def test_weights_are_the_same_at_every_input_size_where_the_network_allows_it() -> None:
    assert spread.picture_size("MobileNet", 224) == spread.picture_size("MobileNet", 1024) == 128
    assert spread.picture_size("VGG16", 224) == 224


def test_larger_pictures_are_fewer() -> None:
    assert spread.pictures_count(128) > spread.pictures_count(224) > 1


def test_what_vdsr_adds_is_small_beside_its_picture() -> None:
    assert spread.last_spread("vdsr") < 0.1 < spread.last_spread("MobileNet")
