from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.convert.cost import UNCOUNTED, count
from ibd_mobile.core.model import Cost
from tests.small_network import SIZE, network

SOURCE = Cost(macs_count=7, parameters_count=3, counter="by hand")


def test_an_onnx_file_is_counted_in_its_graph(tmp_path: Path) -> None:
    found = count(network(tmp_path / "small.onnx"), "onnx")
    assert found.macs_count == SIZE * SIZE * 6 * 3 * 9 + 60
    assert found.parameters_count == 6 * 3 * 9 + 70
    assert found.counter.startswith("ibd-mobile cost_onnx ")


def test_a_tflite_file_is_counted_in_its_graph() -> None:
    model = library.models()["shapes_classifier"]
    artifact = next(a for a in model.variants[0].artifacts if a.format == "tflite")
    found = count(library.model_folder(model) / artifact.file, "tflite")
    assert found.macs_count == artifact.cost.macs_count
    assert found.counter.startswith("ibd-mobile cost_tflite ")


def test_what_cannot_be_counted_takes_the_count_of_its_source_and_says_so(tmp_path: Path) -> None:
    found = count(tmp_path / "x.dlc", "dlc", lambda: SOURCE)
    assert (found.macs_count, found.parameters_count) == (7, 3)
    assert found.counter == "counted in another file of the same network: by hand"
    assert count(tmp_path / "x.om", "om", lambda: found) == found


@pytest.mark.parametrize("source", [None, UNCOUNTED])
def test_without_a_counted_source_nothing_is_guessed(tmp_path: Path, source: Cost | None) -> None:
    assert count(tmp_path / "x.keras", "keras", lambda: source) == UNCOUNTED


@pytest.mark.parametrize("format", ["onnx", "tflite"])
def test_a_file_that_cannot_be_read_is_not_counted_and_says_why(
    tmp_path: Path, format: str
) -> None:
    path = tmp_path / f"x.{format}"
    path.write_bytes(b"no graph")
    found = count(path, format)
    assert found.macs_count == 0
    assert found.counter.startswith("not counted: ")
    assert {p.name for p in tmp_path.iterdir()} - {"cache"} == {path.name}
