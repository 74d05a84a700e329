import numpy as np

from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2.writer import NetWriter, add_op
from tests.caffe2_nets import random, writer


def test_arguments_take_the_field_of_their_type() -> None:
    net = caffe2_schema.message_class("NetDef")()
    add_op(net, "Op", ["x"], ["y"], i=3, f=3.0, s="NCHW", ints=[1, 2])
    by_name = {a.name: a for a in net.op[0].arg}
    assert by_name["i"].HasField("i")
    assert by_name["f"].HasField("f")
    assert by_name["s"].s == b"NCHW"
    assert list(by_name["ints"].ints) == [1, 2]


def test_a_net_declares_its_input_first_then_its_weights() -> None:
    made = writer([("Conv", ["x", "w"], ["y"], {})], {"w": random(1), "b": random(1)})
    assert list(made.predict.external_input) == ["x", "w", "b"]
    assert list(made.predict.external_output) == ["y"]
    assert (made.predict.name, made.init.name) == ("net", "net_init")


def test_weights_become_fills_of_their_type() -> None:
    made = NetWriter("net")
    made.weight("f", np.ones((2, 1), np.float64))
    made.weight("i", np.ones(2, np.int32))
    made.weight("l", np.ones(2, np.int64))
    assert [op.type for op in made.init.op] == [
        "GivenTensorFill", "GivenTensorIntFill", "GivenTensorInt64Fill"
    ]  # fmt: skip
    assert list(made.init.op[0].arg[0].ints) == [2, 1]
