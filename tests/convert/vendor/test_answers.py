from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.vendor import _answers
from ibd_mobile.convert.vendor._source import Source, source_of
from ibd_mobile.core.errors import InputError

FORMATS = ("onnx", "tflite")


def source(request: Any) -> Source:
    return source_of(request, "SNPE", FORMATS, ("float32",))


def write_onnx(path: Path, batch: int | str = "N") -> None:
    """Write the network that `Network` is, as a real ONNX file."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    def constant(name: str, *values: int) -> Any:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["input", "all"], ["total"], keepdims=0),
            helper.make_node("Slice", ["input", "zero", "one", "one"], ["first"]),
            helper.make_node("ReduceSum", ["first", "all"], ["part"], keepdims=0),
            helper.make_node("Unsqueeze", ["part", "one"], ["a"]),
            helper.make_node("Unsqueeze", ["total", "one"], ["b"]),
            helper.make_node("Concat", ["a", "b"], ["logits"], axis=1),
        ],
        "network",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, 2, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 2])],
        [constant("all", 1, 2, 3), constant("zero", 0), constant("one", 1)],
    )
    # Slice's axes are the fifth input; the third is where it ends
    graph.node[1].input[:] = ["input", "zero", "one", "one", "one"]
    opsets = [helper.make_opsetid("", 17)]
    save_model(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)


@pytest.mark.parametrize("batch", ["N", 1])
def test_an_onnx_network_is_run_here(network: Any, batch: int | str) -> None:
    fields = network.arrays()
    del fields["options"]
    request = network.request(**fields, batch=-1 if batch == "N" else 1)
    write_onnx(network.folder / "network.onnx", batch)
    assert _answers.unknown_reason(request, source(request)) == ""
    (answer,) = _answers.of_source(request, source(request))
    assert answer == pytest.approx(network.answers, rel=1e-5)


def test_what_the_caller_knows_is_not_computed_again(network: Any) -> None:
    request = network.request(**network.arrays())
    (answer,) = _answers.of_source(request, source(request))
    assert (answer == network.answers).all()


def test_a_network_that_cannot_be_run_is_named(network: Any) -> None:
    fields = network.arrays()
    del fields["options"]
    request = network.request(**fields)
    with pytest.raises(InputError, match="ONNX Runtime refuses it") as caught:
        _answers.of_source(request, source(request))
    assert caught.value.subject == request.source["model"]


def test_answers_that_are_none_are_refused(network: Any, tmp_path: Path) -> None:
    fields = network.arrays()
    np.savez(tmp_path / "answers.npz", other=network.answers)
    request = network.request(**fields)
    with pytest.raises(InputError, match="does not hold what the source says"):
        _answers.of_source(request, source(request))


def test_other_formats_are_not_run_here(network: Any) -> None:
    fields = network.arrays()
    request = network.request("network.tflite", **fields)
    assert _answers.unknown_reason(request, source(request)) == ""
    del fields["options"]
    request = network.request("network.tflite", **fields)
    reason = "nobody said what the tflite network answers"
    assert _answers.unknown_reason(request, source(request)) == reason


def test_without_samples_nobody_is_asked(network: Any) -> None:
    request = network.request()
    reason = "there are no samples to ask both networks"
    assert _answers.unknown_reason(request, source(request)) == reason
