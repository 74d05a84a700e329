import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results.boxes import overlaps, true_boxes

SHARE = st.integers(0, 64).map(lambda k: k / 64)


@st.composite
def box(draw: st.DrawFn) -> list[float]:
    low, high = ([draw(SHARE), draw(SHARE)] for _ in range(2))
    return [*map(min, zip(low, high, strict=True)), *map(max, zip(low, high, strict=True))]


def array(*boxes: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(boxes, float).reshape(-1, 4)


def test_truth_is_sorted_by_picture_and_keeps_its_order_within_one() -> None:
    rows = [[2, 1, 0, 0, 0.5, 0.5], [0, 3, 0, 0, 1, 1], [2, 0, 0.25, 0.25, 0.5, 1]]
    boxes = true_boxes(np.array(rows, np.float32))
    assert boxes.picture.tolist() == [0, 2, 2]
    assert boxes.label.tolist() == [3, 1, 0]
    assert boxes.corner[2].tolist() == [0.25, 0.25, 0.5, 1.0]
    assert boxes.score.tolist() == [1, 1, 1]
    assert boxes.of_class(1).picture.tolist() == [2]
    assert len(true_boxes(np.empty((0, 6), np.float32)).corner) == 0


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([0, 0, 0.5, 0.5], 1.0),
        ([0, 0, 0.5, 0.25], 0.5),
        ([0.25, 0.25, 0.75, 0.75], 1 / 7),
        ([0, 0.5, 0.5, 1], 0.0),  # they touch
        ([0.75, 0.75, 1, 1], 0.0),
        ([0, 0, 1, 1], 0.25),
    ],
)
def test_overlap_is_intersection_over_union(other: list[float], expected: float) -> None:
    assert overlaps(array([0, 0, 0.5, 0.5]), array(other)).item() == expected


@given(box(), box(), st.integers(1, 9), st.integers(1, 9))
def test_overlap_is_symmetric_within_0_to_1_and_knows_no_shape_of_picture(
    one: list[float], other: list[float], taller: int, wider: int
) -> None:
    found = overlaps(array(one), array(other)).item()
    assert 0 <= found <= 1
    assert overlaps(array(other), array(one)).item() == found
    stretch = np.array([taller, wider] * 2)
    assert overlaps(array(one) * stretch, array(other) * stretch).item() == pytest.approx(found)
    if one == other:
        assert found == (1 if one[2] > one[0] and one[3] > one[1] else 0)
