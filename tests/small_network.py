"""A small network of one convolution, and its model: made anew by the tests that convert it."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import Input, Model, Source, SourceFile, Variant

SIZE = 8


def network(path: Path, op: str = "Relu") -> Path:
    """A convolution, an activation, a mean and ten scores."""
    dice = np.random.default_rng(3)
    weights = {
        "w1": dice.normal(size=(6, 3, 3, 3)).astype(np.float32),
        "w2": dice.normal(size=(10, 6)).astype(np.float32),
        "b2": dice.normal(size=10).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node(op, ["c"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def model_of(file: Path, **changes: Any) -> Model:
    source = Source(
        format="onnx",
        files=[SourceFile(role="model", url=file.as_uri(), sha256=sha256_of(file))],
        licence="MIT",
        origin="made by this test",
    )
    variant = Variant(
        training_framework="caffe2",
        input=Input(
            height=SIZE, width=SIZE, channels=3, layout="NCHW", colour_order="RGB",
            mean=[127.5] * 3, scale=[127.5] * 3,
        ),
        outputs_count=10,
        licence="MIT",
        source=source,
    )  # fmt: skip
    variant = msgspec.structs.replace(variant, **changes)
    return Model(
        schema=2, id="small", name="Small", application="classification", variants=[variant]
    )


TOML = """
schema = 2
id = "small"
name = "Small"
application = "classification"

[[variants]]
training_framework = "caffe2"
outputs_count = 10
licence = "MIT"

[variants.input]
height = 8
width = 8
channels = 3
layout = "NCHW"
colour_order = "RGB"
mean = [127.5, 127.5, 127.5]
scale = [127.5, 127.5, 127.5]

[variants.source]
format = "onnx"
files = [{ role = "model", url = "URL", sha256 = "SHA256" }]
licence = "MIT"
origin = "made by a test"
"""


def write_model(folder: Path, file: Path, *, is_pinned: bool = True) -> None:
    """Describe a network's file in a lab's own catalog."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = sha256_of(file) if is_pinned else ""
    text = TOML.replace("URL", file.as_uri()).replace("SHA256", sha256)
    (folder / "small.toml").write_text(text)
