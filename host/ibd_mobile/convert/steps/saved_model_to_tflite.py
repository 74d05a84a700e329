# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""SavedModel to TFLite: a folder of TensorFlow 2, or an archive of one (tar, zip).

Options: `signature` ("serving_default"); `outputs`: their keys, in order (all, by alphabet);
`per_channel_dense` (false): scale int8 weights of dense layers per channel.
"""

import sys

from ibd_mobile.convert.steps import step, tensorflow_source, tflite_converter


def convert(request: step.Request) -> step.Made:
    """Convert a SavedModel.

    Raises:
        Refused: it is no such model, does not fit the request, or cannot be converted.
    """
    return tflite_converter.make(tensorflow_source.saved_model, request)


if __name__ == "__main__":
    sys.exit(step.main(convert, ["tensorflow-cpu", "keras", "numpy"]))
