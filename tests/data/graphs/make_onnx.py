# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "pytorchcv==0.0.74", "onnx==1.23.2"]
#
# [tool.uv]
# override-dependencies = ["torchvision; sys_platform == 'never'"]
# ///
"""Write the PyTorch variants of the zoo as ONNX graphs without their weights.

uv run with PYTHONPATH=host, from the root of the repository.
"""

import io
import sys
import tomllib
from pathlib import Path

import onnx
import torch

from ibd_mobile.convert.steps import build_pytorch

HERE = Path(__file__).parent
KEPT_COUNT = 64  #: larger initializers are weights, which no count needs

for path in sorted(Path("models/zoo").glob("*.toml")):
    if sys.argv[1:] and path.stem not in sys.argv[1:]:
        continue
    data = tomllib.loads(path.read_text())
    for variant in data["variants"]:
        made = variant.get("definition", {})
        if variant["training_framework"] != "pytorch" or not made:
            continue
        size, channels = variant["input"]["height"], variant["input"]["channels"]
        outputs = {"outputs_count": variant["outputs_count"], "input_size": size}
        network = build_pytorch.definition(made | outputs).eval()
        written = io.BytesIO()
        torch.onnx.export(
            network, (torch.zeros(2, channels, size, size),), written, dynamo=False,
            input_names=["image"], dynamic_axes={"image": {0: "batch"}},
        )  # fmt: skip
        model = onnx.load_from_string(written.getvalue())
        for tensor in model.graph.initializer:
            if torch.Size(tensor.dims).numel() > KEPT_COUNT:
                tensor.ClearField("raw_data")
        for node in model.graph.node:
            node.ClearField("doc_string")
        content = model.SerializeToString()
        (HERE / f"{path.stem}_pytorch.onnx").write_bytes(content)
        print(path.stem, sum(p.numel() for p in network.parameters()), len(content))
