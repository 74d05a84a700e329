"""Makes one network of a few milliseconds for ONNX and for torch, for the host benchmarks.

    python make_networks.py FOLDER

Run in the Python that has torch and onnx. Eight convolutions of 64 channels at 28 × 28: 232
million multiply-adds, enough that what a tool adds to each inference does not decide.
"""

import sys
from pathlib import Path

import torch


def main() -> None:
    """Write `network.onnx` and `network.pt2`."""
    folder = Path(sys.argv[1])
    torch.manual_seed(1)
    layers: list[torch.nn.Module] = [torch.nn.Conv2d(3, 64, 3, padding=1)]
    for _ in range(8):
        layers += [torch.nn.ReLU(), torch.nn.Conv2d(64, 64, 3, padding=1)]
    net = torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    image = torch.zeros(2, 3, 28, 28)
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(net, (image,), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "network.pt2")
    _write_onnx(net, folder / "network.onnx")


def _write_onnx(net: torch.nn.Sequential, path: Path) -> None:
    """Write it by hand: torch's own exporter wants another package."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights, last = [], [], "image"
    for k, layer in enumerate(net):
        made = f"t{k}"
        if isinstance(layer, torch.nn.Conv2d):
            names = [f"w{k}", f"b{k}"]
            tensors = (layer.weight, layer.bias)
            weights += [
                numpy_helper.from_array(t.detach().numpy(), n)
                for t, n in zip(tensors, names, strict=True)
            ]
            kind = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
            nodes.append(helper.make_node("Conv", [last, *names], [made], **kind))
        else:
            op = {"ReLU": "Relu", "AdaptiveAvgPool2d": "GlobalAveragePool"}.get(
                type(layer).__name__, "Flatten"
            )
            nodes.append(helper.make_node(op, [last], [made]))
        last = made
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 28, 28])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", 64])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)


if __name__ == "__main__":
    main()
