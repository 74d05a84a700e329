import onnx
import pytest

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment


def test_no_transpose_is_left_at_the_ends(request_of: Asked, run_step: Runs) -> None:
    ran = run_step("keras_to_onnx", request_of("classifier.keras"))
    model = onnx.load(ran.folder / "made.bin")
    (first,) = (n for n in model.graph.node if "picture" in n.input)
    ends = {output.name for output in model.graph.output}
    last = {n.op_type for n in model.graph.node if ends & set(n.output)}
    assert first.op_type == "Conv"
    assert "Transpose" not in last
    assert model.opset_import[0].version == 18
