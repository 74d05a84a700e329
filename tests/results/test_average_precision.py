import numpy as np
import pytest

from ibd_mobile.results.average_precision import (
    Matches,
    average_precision,
    coco_matches,
    coco_recall,
    voc07_recall,
    voc_matches,
    voc_recall,
)
from ibd_mobile.results.boxes import Boxes

ONCE = np.ones((1, 1), np.int64)


def boxes(*rows: tuple[int, float, float, float, float, float]) -> Boxes:
    """Make boxes of class 0: picture, score, y0, x0, y1, x1."""
    table = np.array(rows, float).reshape(-1, 6)
    picture = table[:, 0].astype(np.int64)
    return Boxes(picture, np.zeros(len(table), np.int64), table[:, 2:], table[:, 1])


def matches(hits: list[int], true_count: int) -> Matches:
    """One picture, one threshold; boxes in order of their scores are hits or not."""
    return Matches(np.zeros(len(hits), np.int64), np.array([hits], float), np.array([true_count]))


def test_the_three_ways_to_count_recall_on_a_textbook_curve() -> None:
    """Hits at ranks 1, 3 and 6 of 4 true boxes: precisions 1, 2/3 and 1/2."""
    found = matches([1, 0, 1, 0, 0, 1], 4)
    by_area = (1 + 2 / 3 + 1 / 2) / 4
    assert average_precision(found, voc_recall, ONCE)[0] == pytest.approx(by_area, abs=1e-15)
    by_11 = (3 * 1 + 3 * 2 / 3 + 2 * 1 / 2) / 11  # recalls 0 to 0.25, 0.5, 0.75
    assert average_precision(found, voc07_recall, ONCE)[0] == pytest.approx(by_11, abs=1e-15)
    by_101 = (26 * 1 + 25 * 2 / 3 + 25 * 1 / 2) / 101
    assert average_precision(found, coco_recall, ONCE)[0] == pytest.approx(by_101, abs=1e-15)


def test_a_later_better_precision_counts_for_the_hits_before_it() -> None:
    found = matches([0, 1, 1, 1], 3)
    assert average_precision(found, voc_recall, ONCE)[0] == pytest.approx(3 / 4)


def test_three_of_ten_reach_the_recall_of_three_tenths() -> None:
    """In floating point 3 / 10 is below 3 × 0.1; counts are compared, not quotients."""
    assert 3 / 10 < 3 * 0.1
    assert voc07_recall(np.array([3]), np.array([10])).item() == 4 / 11


def test_cocos_recall_is_pycocotools_to_the_last_bit() -> None:
    """There 57 of 100 do not reach the point 57 × 0.01, which is 0.5700000000000001."""
    assert coco_recall(np.array([57]), np.array([100])).item() == 57 / 101
    assert coco_recall(np.array([58]), np.array([100])).item() == 59 / 101


def test_without_true_boxes_there_is_no_figure_and_without_hits_it_is_zero() -> None:
    assert np.isnan(average_precision(matches([0, 0], 0), voc_recall, ONCE)).all()
    assert average_precision(matches([0, 0], 2), voc_recall, ONCE).tolist() == [0]
    assert average_precision(matches([], 2), coco_recall, ONCE).tolist() == [0]


def test_a_picture_that_counts_twice_is_as_good_as_two_of_it() -> None:
    one = Matches(np.array([0, 1, 1, 0]), np.array([[1.0, 0, 1, 0]]), np.array([2, 1]))
    twice = Matches(
        np.array([0, 2, 1, 1, 0, 2]), np.array([[1.0, 1, 0, 1, 0, 0]]), np.array([2, 1, 2])
    )
    for recall in (voc_recall, voc07_recall, coco_recall):
        found = average_precision(one, recall, np.array([[2, 1], [1, 0], [0, 1], [0, 0]]))
        assert found[0] == average_precision(twice, recall, np.ones((1, 3), np.int64))[0]
        assert found[1] == average_precision(matches([1, 0], 2), recall, ONCE)[0]
        assert found[2] == average_precision(matches([0, 1], 1), recall, ONCE)[0]
        assert np.isnan(found[3])


def test_coco_lets_a_box_have_the_true_one_that_is_left_and_voc_does_not() -> None:
    truth = boxes((0, 1, 0, 0, 0.5, 0.5), (0, 1, 0, 0.0625, 0.5, 0.5625))
    found = boxes((0, 0.9, 0, 0.015625, 0.5, 0.515625), (0, 0.8, 0, 0, 0.5, 0.5))
    assert (coco_matches(truth, found, 1).overlap[0] > 0).tolist() == [True, True]
    assert (voc_matches(truth, found, 1).overlap[0] > 0).tolist() == [True, False]


def test_an_overlap_of_exactly_a_half_is_a_hit() -> None:
    truth, found = boxes((0, 1, 0, 0, 1, 1)), boxes((0, 0.9, 0, 0, 1, 0.5))
    assert coco_matches(truth, found, 1).overlap[:, 0].tolist() == [0.5, *[0.0] * 9]
    assert voc_matches(truth, found, 1).overlap.tolist() == [[0.5]]


def test_coco_looks_at_the_best_hundred_boxes_of_each_picture() -> None:
    truth = boxes((0, 1, 0, 0, 1, 1), (1, 1, 0, 0, 1, 1))
    poor = [(0, 0.5, 0.0, 0.0, 0.1, 0.1)] * 100
    found = boxes(*poor, (0, 0.4, 0, 0, 1, 1), (1, 0.1, 0, 0, 1, 1))
    assert (coco_matches(truth, found, 2).overlap[0] > 0).sum() == 1
    assert (voc_matches(truth, found, 2).overlap[0] > 0).sum() == 2
    better = boxes(*poor, (0, 0.6, 0, 0, 1, 1), (1, 0.1, 0, 0, 1, 1))
    assert (coco_matches(truth, better, 2).overlap[0] > 0).sum() == 2


def test_boxes_go_by_score_then_picture_then_as_they_came() -> None:
    found = boxes(
        (0, 0.5, 0, 0, 0.1, 0.1), (0, 0.5, 0, 0, 1, 1), (1, 0.9, 0, 0, 1, 1), (2, 0.5, 0, 0, 1, 1)
    )  # fmt: skip
    truth = boxes(*((k, 1.0, 0.0, 0.0, 1.0, 1.0) for k in range(3)))
    for made in (coco_matches(truth, found, 3), voc_matches(truth, found, 3)):
        assert made.picture.tolist() == [1, 0, 0, 2]
        assert (made.overlap[0] > 0).tolist() == [True, False, True, True]
        assert made.true_count.tolist() == [1, 1, 1]
