"""Slow: PyTorch is started."""

from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.convert import program
from ibd_mobile.convert.steps import step

pytestmark = pytest.mark.timeout(1200)

#: writes the boxes of a head whose numbers tell the place and the filter that they come from
ROWS = """
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
import sys
from ibd_mobile.convert.steps import pytorch_architecture, step
from ibd_mobile.convert.steps.architecture import Architecture, Layer

def convert(request):
    import numpy as np
    import torch
    net = Architecture(8)
    rows = Layer("rows", "boxes", ("image",), out_channels=4)
    net.outputs = [net.add(rows)]
    y, x, f = torch.arange(2.0), torch.arange(3.0), torch.arange(8.0)
    image = 100 * y[None, :, None] + 10 * x[None, None, :] + f[:, None, None]
    np.savez(request.target, pytorch_architecture.network(net)(image[None]).numpy())
    return step.Made([], [], "NCHW", -1)

sys.exit(step.main(convert, ["torch"]))
"""


def test_an_ssd_gives_a_row_of_codes_and_of_scores_for_each_of_its_anchors(tmp_path: Path) -> None:
    options = {
        "library": "ibd", "name": "ssd_mobilenet_v2", "seed": 1, "input_size": 300,
        "outputs_count": 21,
    }  # fmt: skip
    request = step.Request({}, str(tmp_path), "net.pt2", options=options)
    made = program.run(program.STEPS / "build_pytorch.py", request, "net").made
    assert [t.shape for t in made.outputs] == [[-1, 1917, 4], [-1, 1917, 21]]


def test_rows_of_a_head_go_place_by_place_and_box_by_box(tmp_path: Path) -> None:
    path = tmp_path / "rows.py"
    path.write_text(ROWS.lstrip())
    program.run(path, step.Request({}, str(tmp_path), "rows.npz"), "net")
    with np.load(tmp_path / "rows.npz") as said:
        rows = said["arr_0"][0]
    expected = [
        [100 * y + 10 * x + 4 * box + code for code in range(4)]
        for y in range(2)
        for x in range(3)
        for box in range(2)
    ]
    assert rows.tolist() == expected
