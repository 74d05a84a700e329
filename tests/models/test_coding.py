"""What the detector is taught, the product's decoder reads back."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.model import AnchorLayer, BoxCoding
from ibd_mobile.results.box_decoding import anchors, decode
from ibd_mobile.results.boxes import overlaps


@pytest.fixture(scope="module")
def coding(mini: Path) -> Any:
    sys.path.insert(0, str(mini / "scenes_detector"))
    try:
        import coding

        yield coding
    finally:
        sys.path.remove(str(mini / "scenes_detector"))
        sys.modules.pop("coding", None)


@pytest.fixture(scope="module")
def told(coding: ModuleType) -> BoxCoding:
    return BoxCoding(
        anchors=[
            AnchorLayer(rows=side, columns=side, boxes=[list(box) for box in boxes])
            for side, boxes in coding.LAYERS
        ],
        scale=list(coding.SCALE),
        scores="sigmoid",
        has_background=False,
        least_score_ratio=0.5,
        overlap_ratio=0.5,
        boxes_count=20,
    )


def test_anchors_are_those_of_the_product(coding: ModuleType, told: BoxCoding) -> None:
    assert np.array_equal(coding.anchors(), anchors(told))


@given(
    centre=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
    sides=st.tuples(st.floats(0.1, 0.38), st.floats(0.1, 0.38)),
    label=st.integers(0, 4),
)
@settings(max_examples=50, deadline=None)
def test_a_box_that_is_taught_is_found(
    coding: ModuleType,
    told: BoxCoding,
    centre: tuple[float, float],
    sides: tuple[float, float],
    label: int,
) -> None:
    middle, half = np.asarray(centre), np.asarray(sides) / 2
    box = np.concatenate((middle - half, middle + half))[np.newaxis]
    taught = coding.lesson(coding.anchors(), box, np.array([label]), 5).astype(np.float64)
    found = decode([(taught[:, :4], taught[:, 4:-2] * 20 - 10)], told)
    assert found.label.tolist() == [label]
    assert found.corner == pytest.approx(box, abs=1e-6)


def test_overlaps_are_those_of_the_product(coding: ModuleType) -> None:
    dice = np.random.default_rng(1)
    low, sides = dice.uniform(0, 0.6, (40, 2)), dice.uniform(0.05, 0.4, (40, 2))
    corners = np.concatenate((low, low + sides), axis=1)
    laid = coding.anchors()
    ends = np.concatenate((laid[:, :2] - laid[:, 2:] / 2, laid[:, :2] + laid[:, 2:] / 2), axis=1)
    assert coding.overlaps(laid, corners) == pytest.approx(overlaps(ends, corners))


def test_each_of_several_boxes_is_taught(coding: ModuleType, scenes: ModuleType) -> None:
    rows, laid = scenes.truth(1, 50).astype(np.float64), coding.anchors()
    for picture in range(50):
        held = rows[rows[:, 0] == picture]
        taught = coding.lesson(laid, held[:, 2:], held[:, 1].astype(int), 5)
        is_box = taught[:, -2] > 0
        counts = taught[is_box, 4:-2].sum(axis=0)
        assert (counts[np.unique(held[:, 1].astype(int))] > 0).all()
        assert (taught[is_box, 4:-2].sum(axis=1) == 1).all()
        assert taught[is_box, -1].all()
        assert not taught[~is_box, :-1].any()


def test_an_anchor_between_box_and_nothing_does_not_count(coding: ModuleType) -> None:
    laid = coding.anchors()
    box = np.array([[0.3, 0.3, 0.55, 0.55]])
    taught = coding.lesson(laid, box, np.array([2]), 5)
    shared = coding.overlaps(laid, box)[:, 0]
    between = (shared >= coding.MOST_BESIDE) & (shared < coding.LEAST_OVERLAP)
    assert between.any()
    assert not taught[between, -1].any()
    assert taught[~between, -1].all()
