import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import agree, net, one, random, run

DOCUMENTED = tomllib.loads(
    (Path(__file__).parents[3] / "data" / "caffe2" / "documented.toml").read_text("utf-8")
)


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_an_operator_gives_what_caffe2_itself_printed(kind: str) -> None:
    case = DOCUMENTED[kind]
    x = np.array(case["x"], np.float32).reshape(case["shape"])
    printed = np.array(case["y"], np.float32)
    np.testing.assert_allclose(agree(one(kind, **case["args"]), x).ravel(), printed, atol=3e-7)


def test_inner_blobs_are_kept_where_asked_for() -> None:
    two = net([("Relu", ["x"], ["a"], {}), ("Tanh", ["a"], ["y"], {})], {})
    x = random(2, 3)
    assert set(caffe2_run.run(two, x)) == {"y"}
    np.testing.assert_array_equal(caffe2_run.run(two, x, ["a"])["a"], np.maximum(x, 0))


@pytest.mark.parametrize("batch", [-1, 1, 3, 16])
def test_samples_come_out_in_order_whatever_goes_in_at_once(batch: int) -> None:
    x = random(7, 3)
    (y,) = caffe2_run.run_all(one("Tanh"), x, batch)
    np.testing.assert_array_equal(y, np.tanh(x))


def test_an_operator_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(Refused, match="RoIAlign → 'y' of net 'net': the operator") as refusal:
        run(one("RoIAlign"), random(1, 3))
    assert "AveragePool, BatchMatMul" in refusal.value.remedy


def test_what_an_operator_leaves_out_cannot_be_read() -> None:
    statistics: dict[str, Any] = {n: random(3, low=0.5) for n in ("s", "b", "m", "v")}
    lines = [
        ("SpatialBN", ["x", *statistics], ["bn", "m1", "v1", "sm", "sv"], {"is_test": 1}),
        ("Sum", ["bn", "sm"], ["y"], {}),
    ]
    with pytest.raises(Refused, match="Sum → 'y' of net 'net': it reads 'sm', which is not"):
        run(net(lines, statistics), random(1, 3, 2, 2))  # type: ignore[arg-type]


def test_shapes_that_do_not_fit_are_told() -> None:
    with pytest.raises(Refused, match=r"Add → 'y' .* does not fit its inputs \(2, 3\), \(4,\)"):
        run(one("Add", {"w": random(4)}), random(2, 3))
