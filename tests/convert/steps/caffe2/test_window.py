from typing import Any

import pytest

from ibd_mobile.convert.steps.caffe2 import window as caffe2_window
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import one


def read(**args: Any) -> caffe2_window.Window:
    return caffe2_window.window(one("Conv", **args).ops[0])


def test_what_is_not_said_has_caffe2s_default() -> None:
    window = read(kernel=3)
    assert (window.kernel, window.stride, window.dilation) == ((3, 3), (1, 1), (1, 1))
    assert (window.head, window.tail, window.adjust) == ((0, 0), (0, 0), (0, 0))
    assert (window.group, window.legacy_pad, window.is_global) == (1, caffe2_window.NOT_SET, False)


@pytest.mark.parametrize(
    ("args", "field", "expected"),
    [
        ({"kernels": [3, 5]}, "kernel", (3, 5)),
        ({"kernel_h": 3, "kernel_w": 5}, "kernel", (3, 5)),
        ({"kernel": 3, "stride_h": 1, "stride_w": 2}, "stride", (1, 2)),
        ({"kernel": 3, "pads": [1, 2, 3, 4]}, "head", (1, 2)),
        ({"kernel": 3, "pads": [1, 2, 3, 4]}, "tail", (3, 4)),
        ({"kernel": 3, "pad_t": 1, "pad_l": 2, "pad_b": 3, "pad_r": 4}, "tail", (3, 4)),
        ({"kernel": 3, "dilations": [2, 3]}, "dilation", (2, 3)),
        ({"kernel": 3, "adj": 1}, "adjust", (1, 1)),
        # one of a pair alone is no pair: Caffe2 does not look at it either
        ({"kernel": 3, "pad_t": 1}, "head", (0, 0)),
        ({"kernel": 2, "kernels": [3, 5]}, "kernel", (2, 2)),
        ({"global_pooling": 1}, "kernel", (0, 0)),
    ],
)
def test_all_spellings_are_read(
    args: dict[str, Any], field: str, expected: tuple[int, int]
) -> None:
    assert getattr(read(**args), field) == expected


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({}, "makes no sense"),
        ({"kernel": 3, "stride": 0}, "makes no sense"),
        ({"kernel": 10**6}, "makes no sense"),
        ({"kernel": 3, "group": 0}, "makes no sense"),
        ({"kernel": 3, "pad": -1}, "its pads"),
        ({"kernel": 3, "pad": 10**6}, "its pads"),
        ({"kernels": [3]}, "two dimensions"),
        ({"kernels": [3, 3, 3]}, "two dimensions"),
        ({"kernel": 3, "pads": [1, 1]}, "two dimensions"),
        ({"kernel": 3, "legacy_pad": 4}, "the padding rule 4 is not known"),
        ({"kernel": 3, "pad": 1, "legacy_pad": 2}, "both a padding rule and explicit padding"),
        ({"global_pooling": 1, "pad": 1}, "cannot have padding"),
    ],
)
def test_windows_that_make_no_sense_are_refused(args: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refused, match=f"Conv → 'y' of net 'net'.*{problem}"):
        read(**args)


def test_padding_alone_is_read_without_a_kernel() -> None:
    assert caffe2_window.pads(one("PadImage", pad=2).ops[0]) == (2, 2, 2, 2)
