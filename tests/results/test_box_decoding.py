from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import AnchorLayer, BoxCoding
from ibd_mobile.results.box_decoding import anchors
from ibd_mobile.results.box_decoding import decode as decode_pictures
from ibd_mobile.results.boxes import Boxes, overlaps

CODING = BoxCoding(
    anchors=[
        AnchorLayer(rows=2, columns=3, boxes=[[0.2, 0.4], [0.5, 0.5]]),
        AnchorLayer(rows=1, columns=1, boxes=[[0.9, 0.8]]),
    ],
    scale=[10.0, 10.0, 5.0, 5.0],
    scores="softmax",
    has_background=True,
    least_score_ratio=0.3,
    overlap_ratio=0.5,
    boxes_count=10,
)
ANCHORS_COUNT = 13
replace = msgspec.structs.replace


def outputs(*claims: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """One picture with 3 classes after the background; claims are (anchor, class, logit)."""
    codes, scores = np.zeros((1, ANCHORS_COUNT, 4)), np.zeros((1, ANCHORS_COUNT, 4))
    scores[0, :, 0] = 9.0
    for anchor, label, logit in claims:
        scores[0, anchor, label + 1] = logit
    return codes, scores


def decode(codes: Any, scores: Any, coding: BoxCoding) -> Boxes:
    return decode_pictures(zip(codes, scores, strict=True), coding)


def test_anchors_go_by_layer_row_column_and_box() -> None:
    found = anchors(CODING)
    assert found.shape == (ANCHORS_COUNT, 4)
    assert found[0].tolist() == [0.25, 1 / 6, 0.2, 0.4]
    assert found[1].tolist() == [0.25, 1 / 6, 0.5, 0.5]
    assert found[2].tolist() == [0.25, 0.5, 0.2, 0.4]
    assert found[6].tolist() == [0.75, 1 / 6, 0.2, 0.4]
    assert found[12].tolist() == [0.5, 0.5, 0.9, 0.8]


def test_a_code_moves_and_stretches_its_anchor() -> None:
    codes, scores = outputs((12, 2, 20.0))
    codes[0, 12] = [1.0, -0.5, 5 * np.log(0.5), 5 * np.log(0.25)]
    boxes = decode(codes, scores, CODING)
    centre, size = (0.5 + 0.1 * 0.9, 0.5 - 0.05 * 0.8), (0.45, 0.2)
    expected = [c + s * k / 2 for k in (-1, 1) for c, s in zip(centre, size, strict=True)]
    assert boxes.corner[0].tolist() == pytest.approx(expected, abs=1e-15)
    assert boxes.label.tolist() == [2]
    assert boxes.picture.tolist() == [0]


def test_scores_are_shares_with_softmax_and_odds_with_sigmoid() -> None:
    codes, scores = outputs((0, 0, 9.0))
    soft = decode(codes, scores, CODING).score
    assert soft.tolist() == pytest.approx([1 / (2 + 2 * np.exp(-9))])
    coding = replace(CODING, scores="sigmoid", has_background=False, least_score_ratio=0.99)
    odds = decode(codes, scores, coding)
    assert odds.score[0] == pytest.approx(1 / (1 + np.exp(-9)))
    # without a background each column is a class, and column 0 is high everywhere
    assert set(odds.label.tolist()) == {0, 1}


def test_huge_scores_do_not_overflow() -> None:
    codes, scores = outputs((0, 1, 1e4))
    assert decode(codes, scores, CODING).score.tolist() == [1.0]
    coding = replace(CODING, scores="sigmoid", overlap_ratio=1.0, boxes_count=99)
    found = decode(codes, -scores, coding)
    assert len(found.score) == 13 * 3 - 1
    assert set(found.score.tolist()) == {0.5}


def test_the_weaker_of_two_of_a_class_goes_if_they_overlap_too_much() -> None:
    codes, scores = outputs((1, 0, 12.0), (3, 0, 11.0), (5, 0, 11.5))
    laid = anchors(CODING)[[1, 3, 5]]
    corner = np.concatenate((laid[:, :2] - laid[:, 2:] / 2, laid[:, :2] + laid[:, 2:] / 2), axis=1)
    shared = overlaps(corner, corner)[0, 1]
    assert 0.1 < shared < 0.5
    assert len(decode(codes, scores, CODING).score) == 3
    kept = decode(codes, scores, replace(CODING, overlap_ratio=shared - 0.01))
    assert kept.score.tolist() == sorted(kept.score, reverse=True)
    assert len(kept.score) == 2
    exact = decode(codes, scores, replace(CODING, overlap_ratio=float(shared)))
    assert len(exact.score) == 3  # more overlap than allowed, not as much


def test_boxes_of_different_classes_do_not_suppress_each_other() -> None:
    codes, scores = outputs((12, 0, 9.0), (12, 1, 9.0))
    both = decode(codes, scores, CODING)
    assert both.label.tolist() == [0, 1]
    assert both.corner[0].tolist() == both.corner[1].tolist()


def test_a_box_that_was_suppressed_suppresses_nothing() -> None:
    """Three boxes in a row, each over its neighbour: the middle one goes, the third stays."""
    coding = replace(
        CODING, anchors=[AnchorLayer(rows=1, columns=8, boxes=[[0.5, 0.5]])], overlap_ratio=0.5
    )
    codes, scores = np.zeros((1, 8, 4)), np.zeros((1, 8, 4))
    scores[0, :, 0] = 9.0
    scores[0, [3, 4, 5], 1] = [13.0, 12.0, 11.0]
    assert len(decode(codes, scores, coding).score) == 2


def test_as_many_boxes_stay_as_may_and_the_best_of_them() -> None:
    codes, scores = outputs(*((k, k % 3, 10.0 + k) for k in range(ANCHORS_COUNT)))
    everything = decode(codes, scores, replace(CODING, overlap_ratio=1.0, boxes_count=99))
    some = decode(codes, scores, replace(CODING, overlap_ratio=1.0, boxes_count=4))
    assert len(everything.score) == ANCHORS_COUNT
    assert some.score.tolist() == everything.score[:4].tolist()


def test_boxes_are_cut_at_the_edges_and_dropped_outside() -> None:
    codes, scores = outputs((1, 0, 20.0), (12, 0, 19.0))
    codes[0, 1] = [-2.0, 0.0, 0.0, 0.0]  # 0.1 up
    codes[0, 12] = [60.0, 0.0, 0.0, 0.0]  # far below
    boxes = decode(codes, scores, CODING)
    assert boxes.corner.tolist() == [pytest.approx([0.0, 0.0, 0.4, 1 / 6 + 0.25])]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_box(bad: float) -> None:
    codes, scores = outputs((0, 0, 20.0), (12, 1, 20.0))
    codes[0, 0, 0] = bad
    assert decode(codes, scores, CODING).label.tolist() == [1]
    codes, scores = outputs((0, 0, 20.0), (12, 1, 20.0))
    scores[0, 0, 3] = bad
    for kind in ("softmax", "sigmoid"):
        coding = replace(CODING, scores=kind, least_score_ratio=0.9)
        assert decode(codes, scores, coding).label.tolist() == [1]


def test_a_size_that_overflows_is_no_box() -> None:
    codes, scores = outputs((0, 0, 20.0))
    codes[0, 0, 2] = 1e6
    assert len(decode(codes, scores, CODING).score) == 0


def test_pictures_are_decoded_apart_and_numbered() -> None:
    first, second = outputs((0, 0, 20.0)), outputs((0, 0, 20.0), (12, 2, 20.0))
    none = outputs()
    three = [np.concatenate(parts) for parts in zip(first, none, second, strict=True)]
    assert decode(*three, CODING).picture.tolist() == [0, 2, 2]
    empty = decode(np.empty((0, ANCHORS_COUNT, 4)), np.empty((0, ANCHORS_COUNT, 4)), CODING)
    assert empty.corner.shape == (0, 4)


def test_outputs_of_another_network_are_refused() -> None:
    codes, scores = outputs()
    short = scores[:, :-1]
    for wrong in ((codes[:, :-1], short), (codes, short), (codes[..., :3], scores)):
        with pytest.raises(DataError, match="but the model has 13 anchors"):
            decode(*wrong, CODING)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_kept_boxes_of_a_class_never_overlap_more_than_allowed(seed: int, most: float) -> None:
    random = np.random.default_rng(seed)
    codes = random.normal(0, 2, (1, ANCHORS_COUNT, 4))
    scores = random.normal(0, 3, (1, ANCHORS_COUNT, 4))
    coding = replace(CODING, overlap_ratio=most, least_score_ratio=0.05, boxes_count=99)
    codes[..., :2] = 0  # inside, so that nothing is cut and the law holds for what comes out
    codes[..., 2:] = -np.abs(codes[..., 2:]) - 3
    boxes = decode(codes, scores, coding)
    for label in range(3):
        own = boxes.of_class(label).corner
        shared = overlaps(own, own) - np.eye(len(own))
        assert (shared <= most).all()
    assert boxes.score.tolist() == sorted(boxes.score, reverse=True)
    assert (boxes.score >= 0.05).all()
