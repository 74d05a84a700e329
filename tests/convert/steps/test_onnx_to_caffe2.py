import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps import caffe2_to_onnx, onnx_to_caffe2, step
from ibd_mobile.convert.steps.caffe2.graph import load
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import random
from tests.onnx_nets import exported, model, node, returns


def classifier(batch: int | str = "N", is_turned: bool = False) -> Any:
    """Build a network as torch.onnx writes them, or with channels last as tf2onnx does."""
    shape = [batch, 16, 16, 3] if is_turned else [batch, 3, 16, 16]
    turn = [node("Transpose", ["x"], "in", perm=[0, 3, 1, 2])] if is_turned else []
    nodes = [
        *turn,
        node("Conv", ["in" if turn else "x", "w0"], "/c0", strides=[2, 2], pads=[1] * 4),
        node("BatchNormalization", ["/c0", "s", "b", "m", "v"], "/bn"),
        node("Clip", ["/bn", "zero", "six"], "/relu6"),
        node("Conv", ["/relu6", "wd", "bd"], "/dw", pads=[1] * 4, group=8),
        node("Add", ["/dw", "/relu6"], "/sum"),
        node("MaxPool", ["/sum"], "/pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        node("Concat", ["/pool", "/pool"], "/cat", axis=1),
        node("GlobalAveragePool", ["/cat"], "/mean"),
        node("Flatten", ["/mean"], "/flat"),
        node("Gemm", ["/flat", "wf", "bf"], "/fc", transB=1),
        node("Softmax", ["/fc"], "y"),
    ]
    constants = {
        "w0": random(8, 3, 3, 3), "wd": random(8, 1, 3, 3), "bd": random(8),
        "wf": random(10, 16), "bf": random(10),
        "zero": np.float32(0), "six": np.float32(6),
        **{n: random(8, seed=k, low=0.2) for k, n in enumerate("sbmv")},
    }  # fmt: skip
    return model(nodes, constants, shape)


def request(folder: Path, made: Any, **changes: Any) -> step.Request:
    (folder / "net.onnx").write_bytes(made.SerializeToString())
    shape = [d.dim_value for d in made.graph.input[0].type.tensor_type.shape.dim][1:]
    np.save(folder / "samples.npy", random(16, *shape))
    values: dict[str, Any] = {
        "source": {"model": str(folder / "net.onnx")}, "folder": str(folder),
        "file": "net_init.pb", "samples": str(folder / "samples.npy"), "input_shape": shape,
    }  # fmt: skip
    return step.Request(**{**values, **changes})


def test_both_nets_are_made_and_say_the_same(tmp_path: Path) -> None:
    made = onnx_to_caffe2.convert(request(tmp_path, classifier(), is_to_locate=True))
    assert made.companions == {"predict": "net_predict.pb"}
    assert made.inputs == [step.TensorInfo("x", "float32", [-1, 3, 16, 16])]
    assert made.outputs == [step.TensorInfo("y", "float32", [-1, 10])]
    assert (made.layout, made.batch) == ("NCHW", -1)
    with np.load(tmp_path / step.COMPARED) as compared:
        assert compared["source_0"].shape == (16, 10)
        np.testing.assert_allclose(compared["source_0"], compared["target_0"], atol=1e-6)
    assert made.inner == [
        "/c0", "/bn", "/relu6", "/dw", "/sum", "/pool", "/cat", "/mean", "/flat", "/fc", "y"
    ]  # fmt: skip
    with np.load(tmp_path / step.INNER) as inner:
        for k in range(len(made.inner)):
            np.testing.assert_allclose(inner[f"source_{k}"], inner[f"target_{k}"], atol=1e-5)
    net = load(tmp_path / "net_init.pb", tmp_path / "net_predict.pb", {})
    assert [op.type for op in net.ops] == [
        "Conv", "SpatialBN", "Clip", "Conv", "Sum", "MaxPool", "Concat", "AveragePool", "Flatten",
        "FC", "Softmax",
    ]  # fmt: skip


def test_the_way_back_gives_the_same_network(tmp_path: Path) -> None:
    returns(classifier(), random(5, 3, 16, 16))
    there = request(tmp_path, classifier())
    onnx_to_caffe2.convert(there)
    nets = {"init": "net_init.pb", "predict": "net_predict.pb"}
    back = step.Request(
        **{
            **vars(there),
            "source": {role: str(tmp_path / name) for role, name in nets.items()},
            "file": "back.onnx",
        }
    )
    made = caffe2_to_onnx.convert(back)
    assert made.inputs == [step.TensorInfo("x", "float32", [-1, 3, 16, 16])]
    assert made.outputs == [step.TensorInfo("y", "float32", [-1, 10])]


def test_the_same_network_gives_the_same_files(tmp_path: Path) -> None:
    files = [tmp_path / "net_init.pb", tmp_path / "net_predict.pb"]
    onnx_to_caffe2.convert(request(tmp_path, classifier()))
    first = [f.read_bytes() for f in files]
    onnx_to_caffe2.convert(request(tmp_path, classifier()))
    assert [f.read_bytes() for f in files] == first


def test_a_network_that_turns_its_picture_has_channels_last(tmp_path: Path) -> None:
    made = onnx_to_caffe2.convert(request(tmp_path, classifier(is_turned=True)))
    assert made.layout == "NHWC"
    assert made.inputs[0].shape == [-1, 16, 16, 3]


def test_a_fixed_batch_stays_fixed(tmp_path: Path) -> None:
    made = onnx_to_caffe2.convert(request(tmp_path, classifier(batch=3), is_to_locate=True))
    assert (made.batch, made.outputs[0].shape) == (3, [3, 10])


def test_an_operator_without_a_counterpart_is_named() -> None:
    nodes = [node("Relu", ["x"], "r"), node("Erf", ["r"], "/gelu/Erf_output_0")]
    made = model(nodes, {}, ["N", 3], ["/gelu/Erf_output_0"])
    with pytest.raises(Refused, match="'/gelu/Erf_output_0' of the ONNX network: the operator Erf"):
        exported(made, [3])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"precision": "int8"}, "a Caffe2 net in int8 cannot be made"),
        ({"file": "net.pb"}, "does not end in _init.pb"),
    ],
)
def test_what_it_does_not_make_is_refused(
    changes: dict[str, str], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=problem):
        onnx_to_caffe2.convert(request(tmp_path, classifier(), **changes))


def test_the_step_runs_as_a_program(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(vars(request(tmp_path, classifier()))))
    program = [sys.executable, str(onnx_to_caffe2.__file__), str(tmp_path / "request.json")]
    assert subprocess.run(program, check=False).returncode == 0
    answer = json.loads((tmp_path / step.ANSWER).read_text())
    assert answer["made"]["companions"] == {"predict": "net_predict.pb"}
