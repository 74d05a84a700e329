from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Quantization, Tensor
from ibd_mobile.results.accuracy import rank_labels, read_scores

INT8 = Tensor(
    name="s", dtype="int8", shape=[1, 4], quantization=Quantization(scale=0.5, zero_point=-128)
)


def write(path: Path, content: bytes) -> Path:
    file = path / "outputs.bin"
    file.write_bytes(content)
    return file


def test_integer_scores_come_back_as_real_numbers(tmp_path: Path) -> None:
    stored = np.array([[-128, -126, 0, 127], [1, 1, 1, 1]], np.int8)
    scores = read_scores(write(tmp_path, stored.tobytes()), [INT8], 1)
    assert scores.tolist() == [[0.0, 1.0, 64.0, 127.5], [64.5] * 4]


def test_the_scores_are_the_first_of_several_outputs(tmp_path: Path) -> None:
    outputs = [
        Tensor(name="scores", dtype="float32", shape=[-1, 3]),
        Tensor(name="other", dtype="int32", shape=[-1, 1]),
    ]
    records = [
        np.array([[1, 2, 3], [4, 5, 6]], "<f4").tobytes() + np.array([9, 9], "<i4").tobytes(),
        np.array([[7, 8, 9], [1, 0, 0]], "<f4").tobytes() + np.array([9, 9], "<i4").tobytes(),
    ]
    scores = read_scores(write(tmp_path, b"".join(records)), outputs, 2)
    assert scores.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 0, 0]]


def test_half_a_record_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"12345"):
        with pytest.raises(DataError, match="no whole number of 4-byte outputs"):
            read_scores(write(tmp_path, content), [INT8], 1)


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


def test_padding_of_the_last_batch_is_left_out_and_a_shortage_refused() -> None:
    scores = np.eye(4)
    assert rank_labels(scores, np.array([0, 1, 2])).top(1).n == 3
    with pytest.raises(DataError, match="holds 4 samples for 5 labels"):
        rank_labels(scores, np.array([0, 1, 2, 3, 0]))
    with pytest.raises(DataError, match="has 4 classes, but labels go up to 4"):
        rank_labels(scores, np.array([0, 4], np.uint8))
    with pytest.raises(DataError, match="for 0 labels"):
        rank_labels(scores, np.array([], np.uint8))
