import numpy as np

from ibd_mobile.convert.steps import pairing


def test_tensors_of_one_name_and_shape_pair_in_the_order_of_the_source() -> None:
    source = {"b": np.zeros(2), "a": np.zeros(3), "c": np.zeros(1)}
    made = {"a": np.ones(3), "b": np.ones(2), "c": np.ones(9), "d": np.ones(1)}
    names, first, second = pairing.same_name(source, made)
    assert names == ["b", "a"]
    assert [array.sum() for array in first + second] == [0, 0, 2, 3]


def test_a_fused_tensor_is_that_of_its_last_layer() -> None:
    source = {"conv": np.zeros(3), "norm": np.zeros(3), "relu": np.zeros(3)}
    made = {"net/relu_1/Relu6;net/norm_1/mul;net/conv_1/convolution": np.ones(3)}
    assert pairing.fused(source, made)[0] == ["relu"]


def test_what_may_mean_two_layers_or_stands_twice_does_not_pair() -> None:
    source = {"conv": np.zeros(3), "conv_1": np.zeros(3), "relu": np.zeros(3)}
    assert not pairing.fused(source, {"net/conv_1/convolution": np.ones(3)})[0]
    twice = {"net/relu/a": np.ones(3), "net/relu/b": np.ones(3)}
    assert not pairing.fused(source, twice)[0]


def test_another_shape_does_not_pair() -> None:
    assert not pairing.fused({"conv": np.zeros(3)}, {"net/conv/w": np.ones(4)})[0]
