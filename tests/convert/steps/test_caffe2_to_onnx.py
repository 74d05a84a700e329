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
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ibd_mobile.convert.steps import caffe2_run, caffe2_to_onnx, step
from ibd_mobile.convert.steps.caffe2_graph import Net
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import Line, agree, net, one, random, save, writer

few = settings(max_examples=40, deadline=None)

WINDOWS = st.fixed_dictionaries(
    {
        "kernel": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "pad": st.integers(0, 3),
        "height": st.integers(7, 12),
        "width": st.integers(7, 12),
        "order": st.sampled_from(["NCHW", "NHWC"]),
    }
)


def picture(window: dict[str, Any], channels: int, n: int = 2) -> np.ndarray:
    shape = (n, channels, window["height"], window["width"])
    x = random(*shape)
    return x if window["order"] == "NCHW" else np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def args(window: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: window[name] for name in ("kernel", "stride", "order", *names)}


def turned(weights: np.ndarray, order: str) -> np.ndarray:
    return weights if order == "NCHW" else np.ascontiguousarray(weights.transpose(0, 2, 3, 1))


@few
@given(
    WINDOWS, st.sampled_from([(4, 1, 6), (4, 2, 6), (4, 4, 4), (4, 4, 8), (3, 1, 2)]),
    st.integers(1, 2), st.booleans(),
)  # fmt: skip
def test_a_convolution_means_the_same(
    window: dict[str, Any], sizes: tuple[int, int, int], dilation: int, has_bias: bool
) -> None:
    channels, group, outputs = sizes
    kernel = window["kernel"]
    weights = {"w": turned(random(outputs, channels // group, kernel, kernel), window["order"])}
    if has_bias:
        weights["b"] = random(outputs, seed=1)
    conv = one("Conv", weights, group=group, dilation=dilation, **args(window, "pad"))
    agree(conv, picture(window, channels))


@few
@given(WINDOWS, st.sampled_from([1, 2]), st.integers(0, 1))
def test_a_transposed_convolution_means_the_same(
    window: dict[str, Any], group: int, adj: int
) -> None:
    assume(window["pad"] < window["kernel"] and adj < window["stride"])
    kernel = window["kernel"]
    weights = {
        "w": turned(random(4, 3, kernel, kernel), window["order"]),
        "b": random(3 * group, seed=1),
    }
    spread = one("ConvTranspose", weights, group=group, adj=adj, **args(window, "pad"))
    agree(spread, picture(window, 4))


@few
@given(WINDOWS, st.sampled_from(["MaxPool", "AveragePool"]), st.booleans())
def test_a_pooling_means_the_same(window: dict[str, Any], kind: str, counts_padding: bool) -> None:
    assume(window["pad"] < window["kernel"])
    more = {"count_include_pad": int(counts_padding)} if kind == "AveragePool" else {}
    agree(one(kind, **args(window, "pad"), **more), picture(window, 3))


@few
@given(WINDOWS, st.sampled_from(["MaxPool", "AveragePool"]))
def test_poolings_that_round_up_as_caffe_did_mean_the_same(
    window: dict[str, Any], kind: str
) -> None:
    assume(window["pad"] < window["kernel"] and window["stride"] <= window["kernel"])
    agree(one(kind, legacy_pad=3, **args(window, "pad")), picture(window, 3))


@few
@given(WINDOWS, st.sampled_from([1, 2]), st.sampled_from(["Conv", "MaxPool", "AveragePool"]))
def test_padding_by_rule_means_the_same(window: dict[str, Any], rule: int, kind: str) -> None:
    assume(window["stride"] <= window["kernel"])
    kernel = window["kernel"]
    weights = {"w": turned(random(2, 3, kernel, kernel), window["order"])}
    made = one(kind, weights if kind == "Conv" else {}, legacy_pad=rule, **args(window))
    agree(made, picture(window, 3))


@pytest.mark.parametrize(
    "spelling",
    [
        {"kernel": 3, "stride": 2, "pad": 1},
        {"kernels": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"kernel_h": 3, "kernel_w": 3, "stride_h": 2, "stride_w": 2,
         "pad_t": 1, "pad_l": 1, "pad_b": 1, "pad_r": 1},
        {"kernels": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "dilations": [1, 1]},
    ],
)  # fmt: skip
def test_all_spellings_of_a_window_mean_the_same(spelling: dict[str, Any]) -> None:
    x, weights = random(1, 2, 9, 8), {"w": random(3, 2, 3, 3)}
    expected = agree(one("Conv", weights, kernel=3, stride=2, pad=1), x)
    np.testing.assert_array_equal(agree(one("Conv", weights, **spelling), x), expected)


def test_uneven_windows_keep_height_and_width_apart() -> None:
    made = one("Conv", {"w": random(3, 2, 3, 1)}, kernels=[3, 1], strides=[1, 2], pads=[0, 1, 2, 0])
    assert agree(made, random(1, 2, 6, 9)).shape == (1, 3, 6, 5)


SIMPLE: dict[str, tuple[Callable[[], Net], tuple[int, ...]]] = {
    "relu": (lambda: one("Relu"), (2, 3, 4, 5)),
    "leaky": (lambda: one("LeakyRelu", alpha=0.2), (2, 3, 4, 5)),
    "leaky by default": (lambda: one("LeakyRelu"), (2, 3)),
    "sigmoid": (lambda: one("Sigmoid"), (2, 3)),
    "tanh": (lambda: one("Tanh"), (2, 3)),
    "clip": (lambda: one("Clip", min=-0.5, max=0.25), (2, 30)),
    "clip above": (lambda: one("Clip", max=0.25), (2, 30)),
    "clip by integer": (lambda: one("Clip", min=0, max=6), (2, 30)),
    "prelu": (lambda: one("PRelu", {"w": random(3)}), (2, 3, 4, 5)),
    "prelu shared": (lambda: one("PRelu", {"w": random(1)}), (2, 3, 4, 5)),
    "prelu last": (lambda: one("PRelu", {"w": random(5)}, order="NHWC"), (2, 3, 4, 5)),
    "copy": (lambda: one("Copy"), (2, 3)),
    "dropout": (lambda: one("Dropout", count=2, is_test=1), (2, 3)),
    "global mean": (lambda: one("AveragePool", global_pooling=1), (2, 3, 4, 5)),
    "global mean last": (
        lambda: one("AveragePool", global_pooling=1, order="NHWC"), (2, 3, 4, 5)
    ),
    "global most": (lambda: one("MaxPool", global_pooling=1), (2, 3, 4, 5)),
    "lrn": (lambda: one("LRN", size=5, alpha=0.3, beta=0.75, bias=2.0), (2, 7, 4, 5)),
    "lrn last": (lambda: one("LRN", size=3, alpha=0.3, beta=0.5, order="NHWC"), (2, 4, 5, 7)),
    "lrn with scale": (lambda: one("LRN", count=2, size=3, alpha=0.3, beta=0.5), (2, 7, 4, 5)),
    "softmax": (lambda: one("Softmax"), (2, 7)),
    "softmax of a picture": (lambda: one("Softmax"), (2, 3, 4, 5)),
    "softmax of one pixel": (lambda: one("Softmax"), (2, 7, 1, 1)),
    "softmax of the last axis": (lambda: one("Softmax", axis=2), (2, 3, 7)),
    "fc": (lambda: one("FC", {"w": random(4, 6), "b": random(4)}), (3, 6)),
    "fc of a picture": (lambda: one("FC", {"w": random(4, 24), "b": random(4)}), (2, 2, 3, 4)),
    "fc with old weights": (
        lambda: one("FC", {"w": random(1, 1, 4, 24), "b": random(4)}, axis_w=3), (2, 2, 3, 4)
    ),
    "fc of the last axis": (lambda: one("FC", {"w": random(4, 6), "b": random(4)}, axis=2),
                            (2, 5, 6)),
    "fc of the last two": (lambda: one("FC", {"w": random(4, 12), "b": random(4)}, axis=2),
                           (2, 5, 3, 4)),
    "fc transposed": (lambda: one("FCTransposed", {"w": random(6, 4), "b": random(4)}), (3, 6)),
    "matmul": (lambda: one("MatMul", {"w": random(6, 4)}), (3, 6)),
    "matmul transposed": (lambda: one("MatMul", {"w": random(4, 6)}, trans_b=1), (3, 6)),
    "matmul of a picture": (lambda: one("MatMul", {"w": random(6, 4)}), (3, 2, 3)),
    "batch matmul": (lambda: one("BatchMatMul", {"w": random(2, 3, 4)}), (2, 5, 3)),
    "batch matmul transposed": (
        lambda: one("BatchMatMul", {"w": random(2, 4, 3)}, trans_a=1, trans_b=1), (2, 3, 5)
    ),
    "add along the channels": (
        lambda: one("Add", {"w": random(3)}, broadcast=1, axis=1), (2, 3, 4, 5)
    ),
    "mul along named channels": (
        lambda: one("Mul", {"w": random(3)}, broadcast=1, axis_str="C"), (2, 3, 4, 5)
    ),
    "sub along the end": (lambda: one("Sub", {"w": random(4, 5)}, broadcast=1), (2, 3, 4, 5)),
    "div by one number": (lambda: one("Div", {"w": random(1)}, broadcast=1), (2, 3, 4, 5)),
    "mul by the batch": (lambda: one("Mul", {"w": random(2)}, broadcast=1, axis=0), (2, 3)),
    "add as numpy does": (lambda: one("Add", {"w": random(3, 1, 5)}), (2, 3, 4, 5)),
    "flatten": (lambda: one("Flatten"), (2, 3, 4)),
    "flatten from two": (lambda: one("Flatten", axis=2), (2, 3, 4)),
    "flatten to vector": (lambda: one("FlattenToVec"), (2, 3, 4)),
    "transpose": (lambda: one("Transpose", axes=[0, 2, 1]), (2, 3, 4)),
    "transpose by default": (lambda: one("Transpose"), (2, 3, 4)),
    "to channels last": (lambda: one("NCHW2NHWC"), (2, 3, 4, 5)),
    "to channels first": (lambda: one("NHWC2NCHW"), (2, 3, 4, 5)),
    "squeeze": (lambda: one("Squeeze", dims=[2, 3]), (2, 3, 1, 1)),
    "expand": (lambda: one("ExpandDims", dims=[1, 3]), (2, 3, 4)),
    "reshape": (lambda: one("Reshape", count=2, shape=[0, -1, 2]), (2, 3, 4)),
    "reshape by a blob": (
        lambda: one("Reshape", {"w": np.array([-1, 6], np.int64)}, count=2), (2, 3, 4)
    ),
    "split": (lambda: one("Split", count=3, axis=1, split=[1, 2, 3]), (2, 6, 2)),
    "split into equals": (lambda: one("Split", count=3, order="NHWC"), (2, 3, 2, 6)),
    "split by a blob": (
        lambda: one("Split", {"w": np.array([1, 4], np.int32)}, count=2, axis=1), (2, 5)
    ),
    "concat": (lambda: one("Concat", {"w": random(2, 1, 4)}, count=2, axis=1), (2, 3, 4)),
    "concat by order": (
        lambda: one("Concat", {"w": random(2, 3, 4, 1)}, count=2, order="NHWC"), (2, 3, 4, 5)
    ),
    "stack": (lambda: one("Concat", {"w": random(2, 3)}, count=2, axis=1, add_axis=1), (2, 3)),
    "pad image": (
        lambda: one("PadImage", pad_t=1, pad_l=0, pad_b=2, pad_r=3, value=0.5), (2, 3, 4, 5)
    ),
    "pad image last": (lambda: one("PadImage", pad=2, order="NHWC"), (2, 3, 4, 5)),
    "shuffle": (lambda: one("ChannelShuffle", group=3), (2, 6, 4, 5)),
    "shuffle last": (lambda: one("ChannelShuffle", group=2, order="NHWC"), (2, 4, 5, 6)),
    "nearest": (lambda: one("ResizeNearest", height_scale=2.0, width_scale=1.5), (2, 3, 4, 6)),
    "nearest last": (
        lambda: one("ResizeNearest", height_scale=3.0, width_scale=2.0, order="NHWC"),
        (2, 4, 5, 3),
    ),
    "bilinear": (lambda: one("UpsampleBilinear", height_scale=2.0, width_scale=3.0), (2, 3, 4, 5)),
    "bilinear by a blob": (
        lambda: one("UpsampleBilinear", {"w": np.array([2, 2], np.float32)}), (2, 3, 4, 5)
    ),
    "sum": (lambda: net([("Sum", ["x", "x", "x"], ["y"], {})], {}), (2, 3)),
    "batch norm": (
        lambda: one("SpatialBN", statistics(3), is_test=1, epsilon=0.01), (2, 3, 4, 5)
    ),
    "batch norm last": (
        lambda: one("SpatialBN", statistics(5), is_test=1, order="NHWC"), (2, 3, 4, 5)
    ),
    "batch norm of five outputs": (
        lambda: one("SpatialBN", statistics(3), count=5, is_test=1), (2, 3, 4, 5)
    ),
}  # fmt: skip


def statistics(channels: int) -> dict[str, np.ndarray]:
    names = ("s", "b", "rm", "riv")
    return {n: random(channels, seed=k, low=0.2) for k, n in enumerate(names)}


@pytest.mark.parametrize("case", SIMPLE)
def test_an_operator_means_the_same(case: str) -> None:
    build, shape = SIMPLE[case]
    agree(build(), random(*shape))


def test_every_operator_that_runs_can_be_translated_and_the_other_way_round() -> None:
    assert set(caffe2_run.KERNELS) == set(caffe2_to_onnx.TRANSLATORS)


def test_an_open_batch_is_left_open_where_the_net_names_the_one_it_was_exported_with() -> None:
    reshape = one("Reshape", count=2, shape=[1, 12])
    into, model = caffe2_to_onnx.translate(reshape, [-1, 3, 4])
    assert into.shape("y") == [-1, 12]
    assert "names a batch of 1" in into.notes[0]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


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


@pytest.fixture()
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
