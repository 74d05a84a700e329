import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.classification import rank_labels


def test_ties_go_to_the_lower_index_whatever_the_label_is() -> None:
    scores = np.array([[5.0, 5.0, 5.0, 0.0]] * 4)
    ranks = rank_labels(scores, np.array([0, 1, 2, 3]))
    assert ranks.rank.tolist() == [1, 2, 3, 4]
    assert ranks.tied.tolist() == [True, True, True, False]
    assert ranks.top(1).value == 0.25
    assert ranks.top(3).value == 0.75


@given(st.integers(1, 30), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_top_1_is_what_argmax_says(n: int, classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 4, (n, classes)).astype(float)  # many ties
    labels = random.integers(0, classes, n)
    ranks = rank_labels(scores, labels)
    assert ranks.top(1).value == np.mean(scores.argmax(axis=1) == labels)
    order = np.argsort(-scores, axis=1, kind="stable")
    assert ranks.rank.tolist() == [
        int(np.flatnonzero(order[i] == labels[i])[0]) + 1 for i in range(n)
    ]
    assert ranks.top(classes).value == 1.0


def test_an_output_that_is_no_number_is_a_wrong_answer() -> None:
    nan = float("nan")
    ranks = rank_labels(np.array([[nan, nan], [nan, 1.0], [0.0, 1.0]]), np.array([0, 1, 1]))
    assert ranks.rank.tolist() == [3, 3, 1]
    assert ranks.top(2).value == pytest.approx(1 / 3)


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(DataError, match="has 4 classes, but labels go up to 4"):
        rank_labels(np.eye(4)[:2], np.array([0, 4], np.uint8))
