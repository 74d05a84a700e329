# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["onnxruntime==1.31.1", "numpy"]
# ///
"""What an ONNX network says to the request's samples: the source's side of a comparison.

The folder gets `answers.npz` with `source_0` …, in the order of the network's outputs.
"""

import sys
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, onnx_network, step

ANSWERS = "answers.npz"


def convert(request: step.Request) -> step.Made:
    """Run the network on this computer's processor.

    Raises:
        step.Refused: it cannot be loaded, or does not take the samples.
    """
    import numpy as np

    answers = said(request)
    arrays = {f"source_{index}": answer for index, answer in enumerate(answers)}
    np.savez(Path(request.folder) / ANSWERS, **arrays)
    return step.Made(inputs=[], outputs=[], layout="", batch=request.batch)


def said(request: step.Request) -> list[Any]:
    """Return each output for all samples, float32.

    Raises:
        step.Refused: it cannot be loaded, or does not take the samples.
    """
    network = onnx_network.Network(Path(request.source["model"]))
    return network.run(step.samples(request), batch.fed(request.batch))


if __name__ == "__main__":
    sys.exit(step.main(convert, ["onnxruntime", "numpy"]))
