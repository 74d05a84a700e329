from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.catalog.listing import box_table, shares
from ibd_mobile.catalog.pictures import open_pictures
from ibd_mobile.core.errors import InputError

from .drawn import LIST


def test_more_pictures_than_there_are_are_refused(animals: Path) -> None:
    with pytest.raises(InputError, match="names 3 pictures, not 4") as caught:
        open_pictures(LIST, animals, 4)
    assert caught.value.remedy == "Say --pictures-count 3 or less."


def test_a_picture_that_is_named_twice_is_refused_with_both_places(animals: Path) -> None:
    (animals / "val.txt").write_text("1.jpg 0\n2.jpg 1\n1.jpg 0\n")
    with pytest.raises(InputError, match=r"val/1\.jpg' is named at .*val\.txt:1 already") as caught:
        open_pictures(LIST, animals, None)
    assert caught.value.subject == f"{animals}/val.txt:3"


@given(
    st.lists(st.floats(-50, 250), min_size=4, max_size=4), st.integers(1, 99), st.integers(1, 99)
)
def test_shares_are_within_the_picture_and_keep_their_order(
    corner: list[float], height: int, width: int
) -> None:
    x0, x1 = sorted(corner[::2])
    y0, y1 = sorted(corner[1::2])
    top, left, bottom, right = shares((x0, y0, x1, y1), (height, width))
    assert 0 <= top <= bottom <= 1
    assert 0 <= left <= right <= 1
    if 0 <= x0 <= x1 <= width:
        assert (left * width, right * width) == pytest.approx((x0, x1))


def test_no_box_is_a_table_too() -> None:
    assert box_table([]).shape == (0, 7)
    assert box_table([(1, 2, 0.0, 0.25, 0.5, 1.0, 1)]).tolist() == [[1, 2, 0, 0.25, 0.5, 1, 1]]
