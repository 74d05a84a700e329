import numpy as np
import pytest
from numpy.typing import NDArray

from ibd_mobile.results.change_point import ChangePoint, change_points


def series(seed: int, *levels: tuple[int, float], noise: float = 0.02) -> NDArray[np.int64]:
    """Durations in ns: so many at each level, with some noise."""
    draw = np.random.default_rng(seed)
    level = np.concatenate([np.full(count, value) for count, value in levels])
    return (1e6 * level * np.exp(draw.normal(0, noise, len(level)))).astype(np.int64)


@pytest.mark.parametrize("seed", range(40))
def test_throttling_is_found_within_three_inferences(seed: int) -> None:
    (found,) = change_points(series(seed, (120, 1.0), (200, 1.3)))
    assert abs(found.index - 120) <= 3
    assert found.ratio == pytest.approx(1.3, rel=0.03)


def test_several_steps_are_found_in_order() -> None:
    found = change_points(series(1, (100, 1.0), (150, 1.2), (80, 1.6), (100, 1.1)))
    assert [point.index for point in found] == pytest.approx([100, 250, 330], abs=3)
    assert [point.ratio > 1 for point in found] == [True, True, False]


def test_steady_inferences_have_no_change() -> None:
    alarms = sum(bool(change_points(series(seed, (400, 1.0), noise=0.1))) for seed in range(300))
    assert alarms <= 3


def test_lasting_noise_is_no_change() -> None:
    alarms = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        noise = np.zeros(600)
        for k in range(1, 600):
            noise[k] = 0.7 * noise[k - 1] + draw.normal(0, 0.03)
        alarms += bool(change_points((1e6 * np.exp(noise)).astype(np.int64)))
    assert alarms <= 10


def test_interrupted_inferences_are_no_change() -> None:
    alarms = 0
    for seed in range(100):
        durations = series(seed, (500, 1.0))
        struck = np.random.default_rng(seed).choice(500, 15, replace=False)
        durations[struck] *= 20
        alarms += bool(change_points(durations))
    assert alarms <= 2


def test_less_than_five_percent_is_no_change() -> None:
    assert change_points(series(2, (500, 1.0), (500, 1.03), noise=0.005)) == []


def test_a_change_without_any_noise_is_exact() -> None:
    steady = np.concatenate([np.full(20, 1000), np.full(30, 2000)])
    assert change_points(steady) == [ChangePoint(20, 2.0)]


@pytest.mark.parametrize("count", [0, 1, 15])
def test_a_short_series_tells_nothing(count: int) -> None:
    assert change_points(np.full(count, 1000)) == []


def test_ten_million_inferences_of_zero_length_do_not_break_it() -> None:
    assert change_points(np.zeros(100_000, np.int64)) == []
