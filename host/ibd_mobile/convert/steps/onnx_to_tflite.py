# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = [
#   "onnx2tf==1.29.24", "tensorflow-cpu==2.19.0", "tf-keras==2.19.0", "keras==3.15.1",
#   "numpy==1.26.4", "onnx==1.19.1", "onnxruntime==1.23.0",
# ]
#
# [tool.uv]
# override-dependencies = ["tensorflow; sys_platform == 'never'"]
# ///
"""ONNX to TFLite: float32, float16 weights, int8 weights, or int8 throughout.

onnx2tf makes a Keras network whose pictures are NHWC, and TensorFlow's converter does the rest, so
that int8 is the same here as from TensorFlow. Options: `per_channel_dense` (false): scale int8
weights of dense layers per channel.
"""

import contextlib
import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ibd_mobile.convert.steps import (
    batch,
    onnx_batch,
    onnx_network,
    onnx_padding,
    step,
    tflite_converter,
    tflite_network,
)
from ibd_mobile.convert.steps.tensorflow_network import Network


def convert(request: step.Request) -> step.Made:
    """Convert an ONNX network with NCHW pictures.

    Raises:
        Refused: no such network, an op without a counterpart, a shape that does not fit, or int8
            without calibration pictures.
    """
    import tensorflow as tf

    tflite_network.refuse_other_precisions(request)
    path, turned = Path(request.source["model"]), tflite_network.turned
    pictures = turned(batch.calibration(request)) if request.precision == "int8" else None
    model = onnx_network.read(path)
    image = onnx_network.only_input(model, path)
    own = onnx_network.shape(image)
    shape = batch.settled(own, image.name, request)
    said = onnx_network.Network(path).run(batch.samples(request), batch.fed(own[0] or -1))
    with TemporaryDirectory(dir=request.folder) as folder:
        tflite_converter.save(_built(model, image.name, shape, request), _nhwc(shape), folder)
        tflite_converter.convert(folder, request, pictures)
    is_turned = len(shape) == 4
    said = [turned(a) for a in said]
    return tflite_network.verified(request, said, {}, tf.lite.Interpreter, is_turned)


def _nhwc(shape: list[int | None]) -> list[int | None]:
    return [shape[0], *shape[2:], shape[1]] if len(shape) == 4 else shape


def _built(model: Any, name: str, shape: list[int | None], request: step.Request) -> Network:
    """Return the network as onnx2tf builds it, with NHWC pictures."""
    import onnx
    import onnx2tf
    import tensorflow as tf

    with TemporaryDirectory(dir=request.folder) as folder:
        plain = Path(folder) / "plain.onnx"
        onnx_batch.open_up(model, name)  # with a fixed one, onnx2tf fetches pictures from the web
        onnx_padding.pad_with_zero(model)
        onnx.save(model, plain)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                made = onnx2tf.convert(
                    input_onnx_file_path=str(plain),
                    output_folder_path=folder,
                    disable_model_save=True,
                    not_use_onnxsim=True,  # it would put the padding back
                    non_verbose=True,
                )
        except SystemExit as error:  # it logs what is the matter, and ends the process
            raise step.Refused(f"onnx2tf fails: {_reason(said.getvalue())}") from error
        finally:
            print(said.getvalue())
    return Network(
        call=lambda x: list(tf.nest.flatten(made(x, training=False))),
        shape=_nhwc(shape),
        input_name="".join(c if c.isalnum() else "_" for c in name),
        variables=made.variables,
    )


def _reason(log: str) -> str:
    """Return what onnx2tf says of an error, without the colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    lines = [line for line in plain.splitlines() if "ERROR:" in line]
    return "; ".join(line.split("ERROR:")[1].strip() for line in lines[:3]) or "no word of why"


if __name__ == "__main__":
    tools = ["onnx2tf", "tensorflow-cpu", "tf-keras", "onnx", "onnxruntime", "numpy"]
    sys.exit(step.main(convert, tools))
