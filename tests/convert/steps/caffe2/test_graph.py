import contextlib
import random as random_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.caffe2 import graph as caffe2_graph
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.caffe2.graph import Net
from ibd_mobile.convert.steps.caffe2.writer import NetWriter
from ibd_mobile.convert.steps.caffe2_to_onnx import translate
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import Line, agree, net, random, run, save, writer

LINES: list[Line] = [
    ("Conv", ["x", "w", "b"], ["conv"], {"kernel": 1}),
    ("Relu", ["conv"], ["conv"], {}),
    ("FC", ["conv", "fc_w", "fc_b"], ["fc"], {}),
    ("Softmax", ["fc"], ["prob"], {}),
]
WEIGHTS = {
    "w": random(2, 3, 1, 1),
    "b": random(2),
    "fc_w": random(4, 8),
    "fc_b": random(4),
}


def load(made: NetWriter, folder: Path, **options: Any) -> Net:
    return caffe2_graph.load(*save(made, folder), options)


def classifier(weights: dict[str, np.ndarray] = WEIGHTS) -> NetWriter:
    return writer(LINES, weights)


def test_input_outputs_and_weights_are_found(tmp_path: Path) -> None:
    found = load(classifier(), tmp_path)
    assert (found.name, found.input, found.outputs) == ("net", "x", ["prob"])
    assert set(found.weights) == set(WEIGHTS)
    assert found.notes == []


def test_each_writing_in_place_gets_a_name_and_the_last_keeps_the_plain_one() -> None:
    lines: list[Line] = [
        ("Relu", ["x"], ["a"], {}),
        ("Sigmoid", ["a"], ["a"], {}),
        ("Tanh", ["a"], ["a"], {}),
        ("Sum", ["a", "x"], ["y"], {}),
    ]
    found = net(lines, {}, ["y", "a"])
    assert [(op.inputs, op.outputs) for op in found.ops] == [
        (("x",), ("a__1",)), (("a__1",), ("a__2",)), (("a__2",), ("a",)), (("a", "x"), ("y",))
    ]  # fmt: skip
    x = random(2, 3)
    expected = np.tanh(1 / (1 + np.exp(-np.maximum(x, 0))))
    np.testing.assert_allclose(agree(found, x), expected + x, rtol=1e-6)


def test_an_input_written_in_place_stays_what_is_fed() -> None:
    found = net([("Relu", ["x"], ["x"], {}), ("Tanh", ["x"], ["x"], {})], {}, ["x"])
    assert (found.input, found.outputs) == ("x", ["x__2"])
    x = random(2, 3)
    np.testing.assert_allclose(agree(found, x), np.tanh(np.maximum(x, 0)), rtol=1e-6)


def test_a_name_that_is_taken_is_not_given_again() -> None:
    lines: list[Line] = [
        ("Relu", ["x"], ["a"], {}),
        ("Tanh", ["a"], ["a"], {}),
        ("Sum", ["a", "x"], ["a__1"], {}),
    ]
    assert [op.outputs[0] for op in net(lines, {}).ops] == ["a__1_", "a", "a__1"]


def test_a_placeholder_that_exporters_for_phones_fill_is_no_weight(tmp_path: Path) -> None:
    found = load(classifier({**WEIGHTS, "x": np.zeros((1, 1), np.float32)}), tmp_path)
    assert found.input == "x"
    assert "x" not in found.weights


def test_without_declared_outputs_what_nobody_reads_is_one(tmp_path: Path) -> None:
    made = classifier()
    made.op("Tanh", ["conv"], ["head"])
    del made.predict.external_output[:]
    assert load(made, tmp_path).outputs == ["prob", "head"]


def test_side_outputs_are_not_taken_for_outputs(tmp_path: Path) -> None:
    lines: list[Line] = [
        ("Concat", ["x", "x"], ["cat", "_cat_dims"], {"axis": 1}),
        ("Dropout", ["cat"], ["y", "_mask"], {"is_test": 1}),
    ]
    assert load(writer(lines, {}, ["_cat_dims", "y", "_mask"]), tmp_path).outputs == ["y"]
    undeclared = writer(lines, {})
    del undeclared.predict.external_output[:]
    assert load(undeclared, tmp_path).outputs == ["y"]


def test_operators_that_no_output_needs_are_left_out_and_said(tmp_path: Path) -> None:
    made = classifier()
    made.predict.external_input.append("label")
    made.op("Accuracy", ["prob", "label"], ["accuracy"])
    found = load(made, tmp_path)
    assert [op.type for op in found.ops] == ["Conv", "Relu", "FC", "Softmax"]
    assert found.notes == ["1 operators that no output needs were left out"]


def test_names_from_outside_decide(tmp_path: Path) -> None:
    made = classifier()
    del made.predict.external_input[:]
    found = load(made, tmp_path, inputs=["x"], outputs=["fc"])
    assert (found.input, found.outputs, len(found.ops)) == ("x", ["fc"], 3)


def test_weights_of_other_widths_are_computed_with_in_single_precision(tmp_path: Path) -> None:
    tensors = caffe2_schema.message_class("TensorProtos")()
    for name, values in WEIGHTS.items():
        bits = values.astype(np.float16).view(np.uint16).ravel().tolist()
        tensors.protos.add(name=name, dims=values.shape, data_type=12, int32_data=bits)
    init, predict = save(classifier(), tmp_path)
    caffe2_schema.write(init, tensors)
    found = caffe2_graph.load(init, predict, {})
    assert {w.dtype for w in found.weights.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(
        run(found, random(1, 3, 2, 2)), run(net(LINES, WEIGHTS), random(1, 3, 2, 2)), atol=2e-3
    )


def test_the_last_weight_that_a_cut_took_away_is_missed(tmp_path: Path) -> None:
    init, predict = save(classifier(), tmp_path)
    message = caffe2_schema.read(init, "NetDef")
    del message.op[-1]
    message.ClearField("external_output")
    whole = message.SerializeToString()
    init.write_bytes(whole)
    with pytest.raises(Refused, match="FC → 'fc' of net 'net': it needs 'fc_b'"):
        caffe2_graph.load(init, predict, {})
    # not even where the input is filled too, so that only one blob is missing
    filled = classifier({"x": np.zeros((1, 1), np.float32), **WEIGHTS})
    message = filled.init
    del message.op[-1]
    with pytest.raises(Refused, match="it needs 'fc_b'"):
        load(filled, tmp_path)


def test_a_predict_net_cut_between_its_operators_is_missed(tmp_path: Path) -> None:
    init, predict = save(classifier(), tmp_path)
    message = caffe2_schema.read(predict, "NetDef")
    message.ClearField("external_output")
    message.ClearField("external_input")
    message.ClearField("type")
    del message.op[-1]
    caffe2_schema.write(predict, message)
    with pytest.raises(Refused, match=r"net_predict\.pb declares no external inputs"):
        caffe2_graph.load(init, predict, {})


def test_a_predict_net_cut_at_any_byte_is_refused_or_the_same_network(tmp_path: Path) -> None:
    init, predict = save(classifier(), tmp_path)
    raw, whole = predict.read_bytes(), net(LINES, WEIGHTS)
    for length in range(1, len(raw)):
        predict.write_bytes(raw[:length])
        with contextlib.suppress(Refused):
            found = caffe2_graph.load(init, predict, {})
            assert (found.outputs, len(found.ops)) == (whole.outputs, len(whole.ops)), length


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: m.op("Relu", ["nowhere"], ["z"]), "it reads 'nowhere', which is neither"),
        (lambda m: m.predict.external_output.append("nowhere"), "does not make its output"),
        (lambda m: m.predict.external_output.append("x"), "does not make its output 'x'"),
        (lambda m: m.predict.external_input.append("twin") or _read_too(m), "it needs"),
    ],
)
def test_nets_that_do_not_fit_are_refused(change: Any, problem: str, tmp_path: Path) -> None:
    made = classifier()
    change(made)
    with pytest.raises(Refused, match=problem):
        load(made, tmp_path)


def _read_too(made: NetWriter) -> None:
    made.op("Sum", ["conv", "twin"], ["z"])
    made.predict.external_output.append("z")


def test_two_possible_inputs_must_be_told_apart(tmp_path: Path) -> None:
    lines: list[Line] = [("Relu", ["a"], ["c"], {}), ("Tanh", ["b"], ["d"], {}),
                         ("Sum", ["c", "d"], ["y"], {})]  # fmt: skip
    made = writer(lines, {"a": random(1, 2), "b": random(1, 2)}, taken="a")
    with pytest.raises(Refused, match=r"which of \['a', 'b'\] takes the picture"):
        load(made, tmp_path)
    found = load(made, tmp_path, inputs=["b"])
    assert (found.input, list(found.weights)) == ("b", ["a"])
    with pytest.raises(Refused, match="no operator reads the input 'z'"):
        load(made, tmp_path, inputs=["z"])
    with pytest.raises(Refused, match=r"the inputs \['a', 'b'\] is not known here"):
        load(made, tmp_path, inputs=["a", "b"])


def test_an_onnx_file_is_no_net(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], [out])
    model = helper.make_model(graph, producer_name="pytorch")
    init, predict = save(classifier(), tmp_path)
    predict.write_bytes(model.SerializeToString())
    with pytest.raises(Refused, match=r"net_predict\.pb"):
        caffe2_graph.load(init, predict, {})


def test_damaged_files_are_refused_or_run_and_nothing_else(tmp_path: Path) -> None:
    init, predict = save(classifier(), tmp_path)
    whole = {path: path.read_bytes() for path in (init, predict)}
    draw = random_module.Random(7)
    refused = 0
    for _ in range(400):
        for path, raw in whole.items():
            path.write_bytes(raw)
        damaged = bytearray(whole[path := draw.choice([init, predict, predict])])
        for _ in range(draw.choice([1, 1, 2, 4])):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(Refused):
            refused += 1
            found = caffe2_graph.load(init, predict, {})
            translate(found, [-1, 3, 2, 2])
            run(found, random(1, 3, 2, 2))
            refused -= 1
    assert 200 < refused < 400
