"""The importer and the interpreter, written apart, say the same."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ibd_mobile.convert.steps import caffe2_to_onnx, step
from ibd_mobile.convert.steps.caffe2 import run as caffe2_run
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import Line, agree, one, random, save, statistics, writer


def test_every_operator_that_runs_can_be_translated_and_the_other_way_round() -> None:
    assert set(caffe2_run.KERNELS) == set(caffe2_to_onnx.TRANSLATORS)


def small(**options: Any) -> tuple[list[Line], dict[str, np.ndarray]]:
    """A network as Caffe2's zoo has them: names of a GPU's scope, in place, with side outputs."""
    lines: list[Line] = [
        ("Conv", ["gpu_0/data", "gpu_0/conv1_w"], ["gpu_0/conv1"],
         {"kernel": 3, "pad": 1, "stride": 2, "order": "NCHW", "exhaustive_search": 1,
          "ws_nbytes_limit": 67108864}),
        ("SpatialBN", ["gpu_0/conv1", *(f"gpu_0/bn_{n}" for n in ("s", "b", "rm", "riv"))],
         ["gpu_0/bn"], {"is_test": 1, "epsilon": 1e-5, "momentum": 0.9, "order": "NCHW"}),
        ("Relu", ["gpu_0/bn"], ["gpu_0/bn"], {"cudnn_exhaustive_search": 1}),
        ("MaxPool", ["gpu_0/bn"], ["gpu_0/pool"], {"kernel": 3, "stride": 2, "legacy_pad": 3}),
        ("Concat", ["gpu_0/pool", "gpu_0/pool"], ["gpu_0/cat", "gpu_0/_cat_dims"],
         {"order": "NCHW"}),
        ("AveragePool", ["gpu_0/cat"], ["gpu_0/mean"], {"global_pooling": 1, "order": "NCHW"}),
        ("Dropout", ["gpu_0/mean"], ["gpu_0/mean", "gpu_0/_mask"], {"is_test": 1, "ratio": 0.5}),
        ("FC", ["gpu_0/mean", "gpu_0/fc_w", "gpu_0/fc_b"], ["gpu_0/fc"], {"use_cudnn": 1}),
        ("Softmax", ["gpu_0/fc"], ["gpu_0/softmax"], {**options}),
    ]  # fmt: skip
    weights = {
        "gpu_0/conv1_w": random(4, 3, 3, 3),
        **{f"gpu_0/bn_{n}": values for n, values in statistics(4).items()},
        "gpu_0/fc_w": random(10, 8),
        "gpu_0/fc_b": random(10, seed=1),
    }
    return lines, weights


@pytest.fixture
def request_of_small(tmp_path: Path) -> step.Request:
    lines, weights = small()
    made = writer(lines, weights, ["gpu_0/softmax", "gpu_0/_cat_dims", "gpu_0/_mask"], "gpu_0/data")
    init, predict = save(made, tmp_path)
    np.save(tmp_path / "samples.npy", random(16, 3, 21, 17))
    return step.Request(
        source={"init": str(init), "predict": str(predict)},
        folder=str(tmp_path),
        file="net.onnx",
        samples=str(tmp_path / "samples.npy"),
        input_shape=[3, 21, 17],
        is_to_locate=True,
    )


def test_the_step_makes_a_network_that_says_the_same(request_of_small: step.Request) -> None:
    made = caffe2_to_onnx.convert(request_of_small)
    assert made.inputs == [step.TensorInfo("gpu_0/data", "float32", [-1, 3, 21, 17])]
    assert made.outputs == [step.TensorInfo("gpu_0/softmax", "float32", [-1, 10])]
    assert (made.layout, made.batch) == ("NCHW", -1)
    folder = Path(request_of_small.folder)
    with np.load(folder / step.COMPARED) as compared:
        assert compared["source_0"].shape == (16, 10)
        np.testing.assert_allclose(compared["source_0"], compared["target_0"], atol=1e-6)
    model = onnx.load(folder / "net.onnx")
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    # what stands in place keeps its plain name at the end
    assert made.inner[:3] == ["gpu_0/conv1", "gpu_0/bn__1", "gpu_0/bn"]
    with np.load(folder / step.INNER) as inner:
        for k in range(len(made.inner)):
            np.testing.assert_allclose(inner[f"source_{k}"], inner[f"target_{k}"], atol=1e-5)
        assert (inner["source_1"] < 0).any()
        assert not (inner["source_2"] < 0).any()


def test_the_step_keeps_to_a_fixed_batch(request_of_small: step.Request) -> None:
    fixed = step.Request(**{**vars(request_of_small), "batch": 3})
    made = caffe2_to_onnx.convert(fixed)
    assert (made.inputs[0].shape[0], made.outputs[0].shape, made.batch) == (3, [3, 10], 3)
    with np.load(Path(fixed.folder) / step.COMPARED) as compared:
        assert compared["target_0"].shape == (16, 10)


def test_the_step_runs_as_a_program(request_of_small: step.Request) -> None:
    folder = Path(request_of_small.folder)
    (folder / "request.json").write_text(json.dumps(vars(request_of_small)))
    program = [sys.executable, str(caffe2_to_onnx.__file__), str(folder / "request.json")]
    assert subprocess.run(program, check=False).returncode == 0
    answer = json.loads((folder / step.ANSWER).read_text())
    assert answer["made"]["outputs"][0]["name"] == "gpu_0/softmax"
    assert {"onnx", "onnxruntime", "protobuf", "numpy", "python"} <= set(answer["tools"])


def test_the_step_as_a_program_says_why_it_refuses(request_of_small: step.Request) -> None:
    folder = Path(request_of_small.folder)
    init = Path(request_of_small.source["init"])
    init.write_bytes(init.read_bytes()[:200])
    (folder / "request.json").write_text(json.dumps(vars(request_of_small)))
    program = [sys.executable, str(caffe2_to_onnx.__file__), str(folder / "request.json")]
    assert subprocess.run(program, check=False).returncode == 1
    refused = json.loads((folder / step.ANSWER).read_text())["refused"]
    assert "net_init.pb (200 bytes) is no whole Caffe2 NetDef" in refused["problem"]
    assert refused["remedy"]


def test_an_unknown_operator_is_named_with_its_output_and_its_net(tmp_path: Path) -> None:
    unknown = one("BoxWithNMSLimit")
    message = "BoxWithNMSLimit → 'y' of net 'net': the operator BoxWithNMSLimit is not known here"
    with pytest.raises(Refused, match=message):
        caffe2_to_onnx.translate(unknown, [-1, 3])


def test_other_precisions_are_left_to_the_next_step(request_of_small: step.Request) -> None:
    half = step.Request(**{**vars(request_of_small), "precision": "float16"})
    with pytest.raises(Refused, match="float16"):
        caffe2_to_onnx.convert(half)


@pytest.mark.parametrize(
    ("build", "shape", "problem"),
    [
        (lambda: one("SpatialBN", statistics(3), count=5), (2, 3, 4, 4), "by the batch at hand"),
        (lambda: one("SpatialBN", statistics(4), is_test=1), (2, 3, 4, 4), "do not fit"),
        (lambda: one("Dropout", count=2), (2, 3), "at random"),
        (lambda: one("Conv", {"w": random(2, 3, 5, 5)}, kernel=3), (1, 3, 9, 9), "do not fit"),
        (lambda: one("Conv", {"w": random(2, 3, 3, 3)}, kernel=3), (1, 9), "no picture"),
        (lambda: one("FC", {"w": random(4, 7), "b": random(4)}), (2, 6), "does not fit"),
        (lambda: one("Add", {"w": random(7)}, broadcast=1, axis=1), (2, 3, 4), "does not fit"),
        (lambda: one("Add", {"w": random(4)}, broadcast=1, axis=2), (2, 4), "cannot lie along"),
        (lambda: one("Split", count=2, axis=1, split=[1, 1]), (2, 3), "cannot be split"),
        (lambda: one("Split", count=2, axis=1), (2, 3), "no 2 equal parts"),
        (lambda: one("LRN", size=4, alpha=0.1), (2, 3, 4, 5), "not odd"),
        (lambda: one("ChannelShuffle", group=2), (2, 3, 4, 5), "cannot be shuffled"),
        (lambda: one("Conv", {"w": random(1, 1, 1, 1)}, kernel=1, stride=2, legacy_pad=2),
         (1, 1, 3, 3), None),
        (lambda: one("MaxPool", kernel=1, stride=3, legacy_pad=2), (1, 1, 5, 5), "negative"),
        (lambda: one("MaxPool", kernel=2, dilation=2), (1, 1, 5, 5), "no dilation"),
        (lambda: one("PadImage", mode="reflect", pad=1), (1, 1, 5, 5), "constant"),
        (lambda: one("ConvTranspose", {"w": random(1, 1, 2, 2)}, kernel=2, legacy_pad=3),
         (1, 1, 5, 5), "padding rule"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_both(
    build: Callable[[], Net], shape: tuple[int, ...], problem: str | None
) -> None:
    network, x = build(), random(*shape)
    if problem is None:
        agree(network, x)
        return
    with pytest.raises(Refused, match=problem) as refusal:
        caffe2_to_onnx.translate(network, [-1, *shape[1:]])
    assert "of net 'net'" in refusal.value.problem
    with pytest.raises(Refused, match="of net 'net'"):
        caffe2_run.run(network, x)
