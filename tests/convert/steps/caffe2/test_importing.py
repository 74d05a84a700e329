import numpy as np
import pytest
from onnx import TensorProto, helper

from ibd_mobile.convert.steps.caffe2.importing import Import
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import one, random


@pytest.fixture
def into() -> Import:
    net = one("Conv", {"w": random(2, 3, 1, 1)}, kernel=1)
    return Import(net, {"x": helper.make_tensor_type_proto(TensorProto.FLOAT, ["N", 3, 5, 7])})


def test_the_shape_of_each_tensor_is_known_as_soon_as_it_is_made(into: Import) -> None:
    op = into.net.ops[0]
    assert into.add(op, "Conv", ["x", into.blob("w")], "y", strides=[2, 2]) == "y"
    assert into.shape("y") == [-1, 2, 3, 4]
    shape = into.integers(op, "shape", [0, -1])
    into.add(op, "Reshape", ["y", shape], "flat")
    assert into.shape("flat") == [-1, 24]


def test_a_weight_becomes_a_constant_once(into: Import) -> None:
    assert into.blob("w") == into.blob("w") == "w"
    np.testing.assert_array_equal(into.constants["w"], into.net.weights["w"])
    assert into.blob("x") == "x"
    assert list(into.constants) == ["w"]


def test_an_operator_that_does_not_fit_is_named(into: Import) -> None:
    op = into.net.ops[0]
    with pytest.raises(Refused, match="Conv → 'y' of net 'net': it does not fit its inputs"):
        into.add(op, "MatMul", ["x", into.constant("c", random(3, 3))], "y")
    with pytest.raises(Refused, match="it reads 'nothing', which is not computed here"):
        into.add(op, "Relu", ["nothing"], "y")


def test_what_is_computed_is_no_weight(into: Import) -> None:
    with pytest.raises(Refused, match="its input 0 'x' is not made by the init net"):
        into.weight(into.net.ops[0], 0)
