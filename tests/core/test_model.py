import msgspec
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.model import Artifact, Cost, Tensor

ARTIFACT = Artifact(
    file="m.onnx",
    sha256="0" * 64,
    size_bytes=1,
    format="onnx",
    precision="float32",
    layout="NCHW",
    inputs=[Tensor(name="x", dtype="float32", shape=[-1, 3, 224, 200])],
    outputs=[Tensor(name="y", dtype="float32", shape=[-1, 10])],
    cost=Cost(macs_count=1, parameters_count=1, counter="by hand"),
    made_by="test",
)


@pytest.mark.parametrize(("layout", "size"), [("NCHW", 224), ("NHWC", 3)])
def test_the_input_size_is_the_height_wherever_the_layout_puts_it(layout: str, size: int) -> None:
    assert msgspec.structs.replace(ARTIFACT, layout=layout).input_size == size


def test_a_variant_is_found_by_its_training_framework() -> None:
    model = library.models()["shapes_classifier"]
    found = model.variant("tensorflow")
    assert found is not None
    assert found.training_framework == "tensorflow"
    assert model.variant("theano") is None
