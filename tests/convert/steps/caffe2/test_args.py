from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2.args import Args
from ibd_mobile.convert.steps.step import Refused


def args(**fields: Any) -> Args:
    message = caffe2_schema.message_class("Argument")(name="a", **fields)
    return Args("Conv → 'y'", {"a": message})


def test_what_is_not_there_takes_the_default() -> None:
    empty = Args("", {})
    assert "a" not in empty
    assert (empty.integer("a", 3), empty.real("a", 1), empty.text("a", "t")) == (3, 1.0, "t")
    assert isinstance(empty.real("a", 1), float)
    assert (empty.integers("a"), empty.floats("a").size, empty.is_real("a")) == ([], 0, False)


def test_each_kind_is_read() -> None:
    assert args(i=-3).integer("a", 0) == -3
    assert args(f=0.5).real("a", 0) == 0.5
    assert args(s=b"NHWC").text("a", "") == "NHWC"
    assert args(ints=[1, 2]).integers("a") == [1, 2]
    assert args(floats=[1, 2]).floats("a").dtype == np.float32
    assert args(f=0).is_real("a")


def test_a_whole_number_stands_for_a_real_one() -> None:
    assert args(i=6).real("a", 0) == 6
    assert not args(i=6).is_real("a")


@pytest.mark.parametrize(
    ("fields", "method", "kind"),
    [
        ({"f": 3.0}, "integer", "an integer"),
        ({"s": b"3"}, "real", "a number"),
        ({"i": 3}, "text", "a text"),
        ({"floats": [1.0]}, "integers", "a list of integers"),
        ({"ints": [1]}, "floats", "a list of numbers"),
    ],
)
def test_an_argument_of_another_kind_is_named(
    fields: dict[str, Any], method: str, kind: str
) -> None:
    call = getattr(args(**fields), method)
    with pytest.raises(Refused, match=f"Conv → 'y': its argument 'a' is not {kind}"):
        call("a", 0) if method in ("integer", "real", "text") else call("a")
