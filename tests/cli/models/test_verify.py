from pathlib import Path

import pytest
from PIL import Image

from ibd_mobile.convert.samples import drawn_pictures
from tests.keyboard import Command


def test_without_a_model_it_says_what_to_name(ibd: Command) -> None:
    said = ibd("models", "verify")
    assert said.code == 3
    assert "was told no model" in said.err
    assert "--mini" in said.err


def test_a_model_that_does_not_exist_is_named(ibd: Command) -> None:
    said = ibd("models", "verify", "mobilenet_v11")
    assert said.code == 3
    assert "Did you mean 'mobilenet_v1'?" in said.err


@pytest.mark.timeout(900)
def test_a_network_of_the_lab_is_converted_every_way_there_is(
    ibd: Command, lab: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index, picture in enumerate(drawn_pictures(20, 8, 3, 1)):
        Image.fromarray(picture).save(pictures / f"{index}.png")
    said = ibd("models", "verify", "small", "--calibration", str(pictures))
    assert said.code == 0, said.err + said.out
    rows = [line.split() for line in said.out.splitlines() if line.startswith("small")]
    assert {(row[2], row[3]) for row in rows} == {
        ("float32", "tflite"), ("float16", "tflite"), ("int8", "tflite"),
        ("int8_dynamic", "tflite"), ("float16", "onnx"), ("int8", "onnx"),
        ("int8_dynamic", "onnx"),
    }  # fmt: skip
    assert all(row[-1] == "same" for row in rows)
    assert said.out.rstrip().endswith("all as stated")
