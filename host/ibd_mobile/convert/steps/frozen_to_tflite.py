# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""TensorFlow 1 to TFLite: a GraphDef with its weights inside.

Options: `inputs` (one) and `outputs`: names of nodes or tensors; `per_channel_dense` (false): scale
int8 weights of dense layers per channel.
"""

import sys

from ibd_mobile.convert.steps import step, tensorflow_source, tflite_converter


def convert(request: step.Request) -> step.Made:
    """Convert a frozen graph.

    Raises:
        Refused: it is no such graph, does not fit the request, or cannot be converted.
    """
    return tflite_converter.make(tensorflow_source.frozen, request)


if __name__ == "__main__":
    sys.exit(step.main(convert, ["tensorflow-cpu", "keras", "numpy"]))
