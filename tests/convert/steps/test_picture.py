import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps.picture import pictures


@given(st.integers(0, 2**31), st.sampled_from([1, 3]), st.floats(-200, 0), st.floats(0.5, 400))
@settings(max_examples=20, deadline=None)
def test_values_lie_between_black_and_white(
    seed: int, channels: int, low: float, span: float
) -> None:
    drawn = pictures(seed, 2, (16, 24, channels), low, low + span)
    assert drawn.shape == (2, 16, 24, channels)
    assert drawn.dtype == np.float32
    assert low - 1e-3 * span <= drawn.min() < drawn.max() <= low + span * 1.001


def test_the_same_seed_gives_the_same_pictures_however_many() -> None:
    shape = (16, 16, 3)
    assert np.array_equal(pictures(5, 2, shape), pictures(5, 4, shape)[:2])
    assert not np.array_equal(pictures(5, 1, shape), pictures(6, 1, shape))


def test_no_two_pictures_have_the_same_mean_as_noise_would_have() -> None:
    means = pictures(1, 16, (64, 64, 3)).mean((1, 2))
    assert means.std(0).min() > 0.1
