from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.convert.steps import batch
from ibd_mobile.convert.steps.step import Refused, Request

from .conftest import Asked


@given(st.integers(1, 20), st.integers(1, 8))
def test_groups_change_nothing_of_the_outputs(n: int, size: int) -> None:
    samples = np.arange(2 * n, dtype=np.float32).reshape(n, 2)

    def run(group: Any) -> list[Any]:
        assert group.shape == (size, 2)
        return [group * 2, group.sum(axis=1)]

    doubled, summed = batch.outputs(run, samples, size)
    assert np.array_equal(doubled, samples * 2)
    assert np.array_equal(summed, samples.sum(axis=1))


@given(st.integers(1, 20), st.integers(1, 8))
def test_each_picture_is_in_a_full_group(n: int, size: int) -> None:
    groups = list(batch.groups(np.arange(n), size))
    assert {len(group) for group in groups} == {size}
    assert set(np.concatenate(groups)) == set(range(n))


def test_an_open_batch_is_proved_with_another_than_one() -> None:
    assert batch.fed(-1) > 1
    assert batch.fed(4) == 4


@pytest.mark.parametrize(
    ("own", "asked", "settled"),
    [([None, 8, 8, 3], -1, [None, 8, 8, 3]), ([None, None, None, 3], 2, [2, 8, 8, 3]),
     ([4, 8, 8, 3], 4, [4, 8, 8, 3])],
)  # fmt: skip
def test_a_shape_that_fits_is_settled(own: Any, asked: int, settled: Any) -> None:
    request = Request({}, "", "", batch=asked, input_shape=[8, 8, 3])
    assert batch.settled(own, "picture", request) == settled


@pytest.mark.parametrize(
    ("own", "asked", "words"),
    [([1, 8, 8, 3], -1, "cannot be left open: input picture has it fixed at 1"),
     ([1, 8, 8, 3], 2, "cannot be set to 2"),
     ([None, 9, 8, 3], -1, "input picture takes"),
     ([None, 3], -1, "input picture takes")],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_refused(own: Any, asked: int, words: str) -> None:
    request = Request({}, "", "", batch=asked, input_shape=[8, 8, 3])
    with pytest.raises(Refused, match=words):
        batch.settled(own, "picture", request)


def test_samples_of_another_shape_are_refused(tmp_path: Path, request_of: Asked) -> None:
    request = request_of("net")
    np.save(request.samples, np.zeros((16, 8, 8, 3), np.float32))
    with pytest.raises(Refused, match="samples have the shape"):
        batch.samples(request)
