# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""Keras to TFLite: float32, float16 weights, int8 weights, or int8 throughout.

Options: `per_channel_dense` (false): scale int8 weights of dense layers per channel.
"""

import sys

from ibd_mobile.convert.steps import step, tensorflow_source, tflite_converter


def convert(request: step.Request) -> step.Made:
    """Convert a Keras 3 archive.

    Raises:
        Refused: it is no such archive, does not fit the request, or cannot be converted.
    """
    return tflite_converter.make(tensorflow_source.keras, request)


if __name__ == "__main__":
    sys.exit(step.main(convert, ["tensorflow-cpu", "keras", "numpy"]))
