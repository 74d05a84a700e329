import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.convert.steps.step import Refused
from ibd_mobile.convert.vendor._programs import run_onnx


@pytest.fixture
def doubling(network: Any) -> Any:
    """A real ONNX file that doubles its input and tells its halves, too."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    two = numpy_helper.from_array(np.array([2], np.float32), "two")
    shape = ["N", 3, 2, 4]
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["input", "two"], ["doubles"]),
            helper.make_node("Div", ["input", "two"], ["halves"]),
        ],
        "doubling",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("doubles", "halves")],
        [two],
    )
    request = network.request(**network.arrays())
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    save_model(model, request.source["model"])
    return request


def test_every_output_is_told_for_every_sample(doubling: Any, network: Any) -> None:
    run_onnx.convert(doubling)
    with np.load(Path(doubling.folder) / run_onnx.ANSWERS) as answers:
        assert (answers["source_0"] == network.samples * 2).all()
        assert (answers["source_1"] == network.samples / 2).all()


def test_samples_that_do_not_fit_are_refused(doubling: Any, network: Any) -> None:
    np.save(doubling.samples, network.samples[:, :2])
    with pytest.raises(Refused, match="does not run with a batch"):
        run_onnx.convert(doubling)


def test_it_runs_alone(doubling: Any, tmp_path: Path) -> None:
    import subprocess

    from ibd_mobile.core import environment

    asked = tmp_path / "request.json"
    asked.write_text(json.dumps(asdict(doubling)))
    start = environment.start(Path(run_onnx.__file__))
    if start.is_own:
        pytest.skip("this Python has not the onnxruntime that the program names")
    subprocess.run([*start.argv, str(asked)], env=start.environment, check=True, timeout=60)
    answer = json.loads((Path(doubling.folder) / "answer.json").read_text())
    assert set(answer["tools"]) == {"onnxruntime", "numpy", "python"}
