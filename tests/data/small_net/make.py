"""Makes the networks of this folder: one small network in every form that a host worker reads.

Run with torch 2.13, onnx 1.23, onnxruntime 1.32. `weights.npz` holds what all of them share, so
that a test can compute the outputs by itself: convolution 3 × 3, ReLU, mean over the picture,
matrix and bias. `small.onnx` and `small.pt2` leave the batch open, `fixed.onnx` has 2.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

HERE = Path(__file__).parent


class Samples(CalibrationDataReader):
    def __init__(self, batch: int) -> None:
        rng = np.random.default_rng(2)
        shape = (batch, 3, 8, 8)
        self._left = [{"image": rng.random(shape, np.float32)} for _ in range(16)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self._left.pop() if self._left else None


class Net(torch.nn.Module):
    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 4, 3, bias=False)
        self.dense = torch.nn.Linear(4, 5)
        self.convolution.weight.data = torch.from_numpy(weights["kernel"])
        self.dense.weight.data = torch.from_numpy(weights["matrix"])
        self.dense.bias.data = torch.from_numpy(weights["bias"])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.dense(torch.relu(self.convolution(image)).mean((2, 3)))


def as_onnx(weights: dict[str, np.ndarray], batch: int | str, path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "matrix", "bias"], ["scores"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, 5])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)


def main() -> None:
    rng = np.random.default_rng(1)
    weights = {
        "kernel": rng.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "matrix": rng.normal(size=(5, 4)).astype(np.float32),
        "bias": rng.normal(size=5).astype(np.float32),
    }
    np.savez(HERE / "weights.npz", **weights)
    as_onnx(weights, "batch", HERE / "small.onnx")
    as_onnx(weights, 2, HERE / "fixed.onnx")
    quantize_static(
        HERE / "small.onnx", HERE / "small_int8.onnx", Samples(4), quant_format=QuantFormat.QDQ
    )
    for name, dtype in (("small", torch.float32), ("small_bfloat16", torch.bfloat16)):
        batch = {0: torch.export.Dim("batch", min=1, max=1024)}
        image = torch.zeros(2, 3, 8, 8, dtype=dtype)
        net = Net(weights).eval().to(dtype)
        program = torch.export.export(net, (image,), dynamic_shapes=(batch,))
        for node in program.graph.nodes:  # where this script lies is nobody's business
            node.meta.pop("stack_trace", None)
        torch.export.save(program, HERE / f"{name}.pt2")


if __name__ == "__main__":
    main()
