from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.convert.task import Origin, Task

Make = Callable[..., Task]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "net_tensorflow_4px_float32.om"),
        ({"format": "caffe2"}, "net_tensorflow_4px_float32_init.pb"),
        ({"format": "qnn_dlc"}, "net_tensorflow_4px_float32.dlc"),
        ({"batch": 8, "precision": "int8"}, "net_tensorflow_4px_b8_int8.om"),
        ({"input_shape": (3, 96, 96)}, "net_tensorflow_96px_float32.om"),
        ({"input_shape": (1, 256, 256)}, "net_tensorflow_256px_float32.om"),
        ({"input_shape": (224, 224, 3)}, "net_tensorflow_224px_float32.om"),
        (
            {"origin": Origin("net", "pytorch", is_untrained=True)},
            "net_pytorch_4px_untrained_float32.om",
        ),
    ],
    ids=str,
)
def test_a_files_name_tells_what_is_in_it(
    task: Make, changes: dict[str, object], name: str
) -> None:
    assert task(**changes).file == name


def test_the_key_is_the_same_wherever_the_files_lie(task: Make) -> None:
    hashes = {"model": "1" * 64}
    here = task(source={"model": Path("/a/x")}, source_said=Path("/a/said.npz"))
    there = task(source={"model": Path("/b/y")}, source_said=Path("/b/said.npz"))
    assert here.key(hashes, "p") == there.key(hashes, "p")
    assert here.key(hashes, "p") != here.key({"model": "2" * 64}, "p")
    assert here.key(hashes, "p") != here.key(hashes, "q")


def test_a_request_lays_everything_out_in_its_folder(task: Make, tmp_path: Path) -> None:
    folder = tmp_path / "request"
    folder.mkdir()
    asked = task(options={"seed": 1}).request(folder)
    assert asked.folder == str(folder)
    assert np.load(asked.samples).shape == (4, 4)
    assert asked.calibration == ""
    assert asked.options == {"seed": 1}


def test_what_the_source_says_is_told_to_vendors_alone(task: Make, tmp_path: Path) -> None:
    said = tmp_path / "said.npz"
    for is_vendors in (False, True):
        folder = tmp_path / str(is_vendors)
        folder.mkdir()
        asked = task(source_said=said, is_vendors=is_vendors).request(folder)
        assert ("source_outputs" in asked.options) == is_vendors
