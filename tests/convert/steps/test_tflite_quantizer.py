import pytest
from ai_edge_litert.interpreter import Interpreter

from .conftest import Asked, Runs

pytestmark = pytest.mark.timeout(1200)  # the first run makes the environment


@pytest.mark.parametrize("is_per_channel", [False, True])
def test_dense_weights_have_as_many_scales_as_are_asked_for(
    is_per_channel: bool, request_of: Asked, run_step: Runs
) -> None:
    options = {"per_channel_dense": is_per_channel}
    asked = request_of("classifier.pt2", "NCHW", precision="int8", options=options)
    ran = run_step("pytorch_to_tflite", asked)
    details = Interpreter(str(ran.folder / "made.bin")).get_tensor_details()
    scales = {
        tuple(int(n) for n in d["shape"]): len(d["quantization_parameters"]["scales"])
        for d in details
        if d["dtype"].__name__ == "int8"
    }
    assert scales[(10, 512)] == (10 if is_per_channel else 1)
    assert scales[(8, 3, 3, 3)] == 8
