# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "tensorflow-cpu==2.21.0", "keras==3.15.1", "tf2onnx==1.17.0", "onnx==1.23.2",
#   "onnxruntime==1.31.1", "numpy==2.4.6",
# ]
# ///
"""TensorFlow 1 to ONNX, float32: a GraphDef with its weights inside.

Options: `inputs` (one) and `outputs`: names of nodes or tensors; `opset` (18).
"""

import sys

from ibd_mobile.convert.steps import step, tensorflow_onnx, tensorflow_source


def convert(request: step.Request) -> step.Made:
    """Convert a frozen graph; pictures are NCHW in what is made.

    Raises:
        Refused: it is none, does not fit the request, or cannot be converted.
    """
    return tensorflow_onnx.make(tensorflow_source.frozen, request)


if __name__ == "__main__":
    sys.exit(
        step.main(convert, ["tensorflow-cpu", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy"])
    )
