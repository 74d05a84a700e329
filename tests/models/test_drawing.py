"""Dice, shapes and paint that the generators share."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

RADII = st.floats(3.0, 30.0)
PLACES = st.floats(0.0, 63.99)


@pytest.fixture(scope="session")
def paint(shapes: ModuleType) -> ModuleType:
    import ibd_drawing.paint  # on the path since a generator was loaded

    return ibd_drawing.paint


@pytest.fixture(scope="session")
def inside(shapes: ModuleType) -> dict[str, object]:
    return shapes.INSIDE


def test_noise_has_mean_0_and_deviation_1(shapes: ModuleType) -> None:
    noise = shapes.Dice(3).noise((200, 200))
    # 40 000 draws: the mean's deviation is 0.005, that of the deviation about 0.004.
    assert abs(noise.mean()) < 0.025
    assert abs(noise.std() - 1) < 0.02


@given(limit=st.integers(1, 1000), word=st.integers(0, 2**64 - 1))
@settings(max_examples=50, deadline=None)
def test_dice_stay_in_their_range(shapes: ModuleType, limit: int, word: int) -> None:
    dice = shapes.Dice(word)
    assert 0 <= dice.below(limit) < limit
    assert 2.0 <= dice.between(2.0, 5.0) < 5.0
    x, y = dice.direction()
    assert x * x + y * y == pytest.approx(1.0)


def test_each_shape_covers_the_area_that_geometry_says(shapes: ModuleType) -> None:
    right, down = np.meshgrid(np.linspace(-1.5, 1.5, 601), np.linspace(-1.5, 1.5, 601))
    areas = {
        name: shapes.INSIDE[name](right, down).sum() * (3.0 / 600) ** 2 for name in shapes.LABELS
    }
    expected = {
        "circle": np.pi,
        "square": 1.56**2,
        "triangle": 0.75 * 3**0.5,
        "ring": 0.7 * np.pi,
        "hexagon": 1.5 * 3**0.5,
        "star": 10 * 0.5 * 0.45 * np.sin(np.pi / 5),
        "cross": 4 * 0.66 - 0.66**2,
        "arrow": 0.5 * 1.4 * 0.9 + 0.54 * 1.1,
    }
    for name, area in expected.items():
        assert areas[name] == pytest.approx(area, rel=0.01), name
    assert 0.4 < areas["crescent"] < areas["heart"] < np.pi


@given(x=PLACES, y=PLACES, long=RADII, flat=st.floats(0.3, 1.0), name=st.sampled_from("0123456789"))
@settings(max_examples=100, deadline=None)
def test_bounds_are_those_of_what_is_painted(
    paint: ModuleType,
    inside: dict[str, object],
    x: float,
    y: float,
    long: float,
    flat: float,
    name: str,
) -> None:
    placed = paint.Placed(list(inside.values())[int(name)], (x, y), (long, long * flat), (0.6, 0.8))
    picture = np.zeros((64, 64, 1))
    paint.paint(picture, placed, [9.0])
    rows, columns = np.nonzero(picture[:, :, 0])
    top, left, bottom, right = placed.bounds(64, 64)
    if not rows.size:
        assert (top, left, bottom, right) == (0, 0, 0, 0)
        return
    assert (top // 3, left // 3) == (rows.min(), columns.min())
    assert ((bottom - 1) // 3, (right - 1) // 3) == (rows.max(), columns.max())


def test_paint_covers_as_much_of_a_pixel_as_the_shape_does(paint: ModuleType) -> None:
    half = paint.Placed(paint.BLOT, (2.0, 1.0), (1.0, 0.5), (1.0, 0.0))  # 1…3 × 0.5…1.5
    picture = np.zeros((3, 4, 2))
    paint.paint(picture, half, [90.0, 9.0])
    # of three samples per axis the middle one lies on the edge, which the even-odd rule gives away
    assert picture[0, 1, 0] == picture[0, 2, 0]
    assert picture[:, 1, 0].sum() == pytest.approx(90.0)
    assert np.array_equal(picture[:, :, 0], picture[:, :, 1] * 10)
    assert not picture[:, [0, 3]].any()


def test_a_shape_beyond_the_edge_paints_nothing(paint: ModuleType) -> None:
    picture = np.zeros((8, 8, 1))
    beyond = paint.Placed(paint.disc, (12.0, 4.0), (3.0, 3.0), (1.0, 0.0))
    paint.paint(picture, beyond, [255.0])
    assert not picture.any()
    assert beyond.bounds(8, 8) == (0, 0, 0, 0)


def test_hashes_do_not_depend_on_the_byte_order_of_the_machine(shapes: ModuleType) -> None:
    numbers = np.arange(5, dtype="<f4")
    assert shapes.sha256(numbers) == shapes.sha256(numbers.astype(">f4"))
