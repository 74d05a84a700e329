"""Where the interpreter moves numbers to, followed one by one."""

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import net, one, random, run


def counted(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def test_channels_are_dealt_out_to_the_groups() -> None:
    x = counted(1, 6, 1, 1)
    assert run(one("ChannelShuffle", group=2), x).ravel().tolist() == [0, 3, 1, 4, 2, 5]


def test_nearest_repeats_pixels() -> None:
    made = one("ResizeNearest", height_scale=1.0, width_scale=2.0)
    assert run(made, counted(1, 1, 1, 3)).ravel().tolist() == [0, 0, 1, 1, 2, 2]


def test_bilinear_keeps_the_corners() -> None:
    made = one("UpsampleBilinear", height_scale=1.0, width_scale=2.0)
    y = run(made, counted(1, 1, 1, 2)).ravel()
    np.testing.assert_allclose(y, [0, 1 / 3, 2 / 3, 1], rtol=1e-6)


def test_a_zero_in_a_new_shape_keeps_the_dimension() -> None:
    assert run(one("Reshape", count=2, shape=[0, -1]), counted(2, 3, 4)).shape == (2, 12)


def test_padding_goes_where_its_names_say() -> None:
    made = one("PadImage", pad_t=1, pad_l=0, pad_b=0, pad_r=2, value=9.0)
    assert run(made, counted(1, 1, 1, 2)).tolist() == [[[[9, 9, 9, 9], [0, 1, 9, 9]]]]


def test_the_lengths_of_concat_are_a_blob() -> None:
    lines = [
        ("Concat", ["x", "w"], ["cat", "lengths"], {"axis": 1}),
        ("Split", ["cat", "lengths"], ["a", "y"], {"axis": 1}),
    ]
    back = net(lines, {"w": counted(1, 3)}, ["y"])  # type: ignore[arg-type]
    assert run(back, counted(1, 2)).tolist() == [[0, 1, 2]]


def test_parts_of_a_split_come_in_order() -> None:
    made = one("Split", count=2, axis=1, split=[1, 2])
    assert run(made, counted(1, 3)).tolist() == [[0]]


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e9, float("nan")])
def test_a_picture_is_not_resized_beyond_reason(scale: float) -> None:
    with pytest.raises(Refused, match="it resizes a picture"):
        run(one("ResizeNearest", height_scale=scale, width_scale=1.0), random(1, 1, 2, 2))


def test_a_shape_that_is_missing_or_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused, match="it has no shape"):
        run(one("Reshape", count=2), random(1, 2))
    with pytest.raises(Refused, match=r"Reshape → 'y' .* does not fit its inputs \(1, 2\)"):
        run(one("Reshape", count=2, shape=[3, -1]), random(1, 2))
