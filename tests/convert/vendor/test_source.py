from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.convert.steps.step import TensorInfo
from ibd_mobile.convert.vendor._source import Source, dimensions, source_of
from ibd_mobile.core.errors import InputError


def read(request: Any, formats: str = "onnx") -> Source:
    return source_of(request, "SNPE", formats.split(), ("float32", "int8"))


@pytest.mark.parametrize(
    ("file", "format", "layout"),
    [
        ("a.onnx", "onnx", "NCHW"),
        ("a.PB", "tf_frozen", "NHWC"),
        ("a.tflite", "tflite", "NHWC"),
        ("a.pt", "torchscript", "NCHW"),
    ],
)
def test_the_ending_tells_the_format_and_the_format_the_layout(
    network: Any, file: str, format: str, layout: str
) -> None:
    found = read(network.request(file), format)
    assert (found.format, found.layout, found.model.name) == (format, layout, file)


def test_the_layout_can_be_told(network: Any) -> None:
    assert read(network.request(options={"layout": "NHWC"})).layout == "NHWC"


def test_two_nets_are_caffe2(network: Any, tmp_path: Path) -> None:
    for name in ("i.pb", "p.pb"):
        (tmp_path / name).write_bytes(b"net")
    source = {"init": str(tmp_path / "i.pb"), "predict": str(tmp_path / "p.pb")}
    found = read(network.request(source=source), "caffe2")
    assert (found.format, found.files["predict"].name) == ("caffe2", "p.pb")


def test_an_open_batch_is_set(network: Any) -> None:
    assert read(network.request()).input == TensorInfo("input", "float32", [1, 3, 2, 4])
    found = read(network.request(batch=4))
    assert dimensions(found.input) == "4,3,2,4"
    assert found.outputs[0].shape == [4, 2]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"precision": "bfloat16"}, "cannot make bfloat16"),
        ({"source": {"model": "/no/such.onnx"}}, "is not there"),
        ({"source": {"model": "/no/such.h5"}}, "unknown ending"),
        ({"source": {"weights": "/x"}}, "found ['weights']"),
        ({"options": {"inputs": []}}, "option 'inputs' is missing"),
        ({"options": {"outputs": []}}, "option 'outputs' is missing"),
        (
            {"options": {"inputs": [{"name": "x", "dtype": "float32", "shape": [2, 8]}]}},
            "cannot give x with shape [2, 8] the batch 1",
        ),
        (
            {"options": {"inputs": [{"name": "x", "dtype": "float32", "shape": [1, -1]}]}},
            "cannot give x with shape [1, -1] the batch 1",
        ),
        (
            {"options": {"inputs": [{"name": n, "dtype": "float32", "shape": [1]} for n in "ab"]}},
            "one input, found 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(
    network: Any, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(network.request(**changes))
    assert problem in str(caught.value)


def test_a_format_that_the_vendor_does_not_read_is_named_with_those_it_does(network: Any) -> None:
    with pytest.raises(InputError, match=r"does not read tflite\n  It reads: onnx, tf_frozen"):
        read(network.request("a.tflite"), "tf_frozen onnx")
