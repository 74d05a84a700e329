from dataclasses import asdict

from ibd_mobile.convert.steps.step import TensorInfo
from ibd_mobile.convert.vendor._made import VendorMade, placed


def test_a_picture_whose_channels_come_first_gets_them_last() -> None:
    tensor = TensorInfo("x", "float16", [1, 3, 20, 40])
    assert placed(tensor, "NCHW") == TensorInfo("x", "float32", [1, 20, 40, 3])
    assert placed(tensor, "NHWC").shape == [1, 3, 20, 40]
    assert placed(tensor, "").shape == [1, 3, 20, 40]


def test_scores_keep_their_shape() -> None:
    assert placed(TensorInfo("x", "float32", [1, 10]), "NCHW").shape == [1, 10]


def test_the_answer_can_be_written_as_a_step_s() -> None:
    made = VendorMade([], [], "NHWC", 1, tools={"snpe": "2.10"})
    assert asdict(made)["tools"] == {"snpe": "2.10"}
    assert not made.is_compared
