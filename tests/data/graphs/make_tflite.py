# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy"]
# ///
"""Write the TensorFlow variants of the zoo as TFLite graphs without their weights.

uv run with PYTHONPATH=host, from the root of the repository.
"""

import sys
import tomllib
from pathlib import Path

import flatbuffers
import keras
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from ibd_mobile.convert.steps import build_keras

HERE = Path(__file__).parent
KEPT_BYTES = 512  #: larger buffers are weights, which no count needs


def without_weights(content: bytes) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.data is not None and len(buffer.data) > KEPT_BYTES:
            buffer.data = None
    model.metadata, model.metadataBuffer, model.signatureDefs = None, None, None
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


for path in sorted(Path("models/zoo").glob("*.toml")):
    if sys.argv[1:] and path.stem not in sys.argv[1:]:
        continue
    data = tomllib.loads(path.read_text())
    for variant in data["variants"]:
        made = variant.get("definition", {})
        if variant["training_framework"] != "tensorflow" or not made:
            continue
        size = variant["input"]["height"]
        outputs = {"outputs_count": variant["outputs_count"], "input_size": size}
        network = build_keras.definition(made | outputs)
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        content = without_weights(converter.convert())
        (HERE / f"{path.stem}_tensorflow.tflite").write_bytes(content)
        print(path.stem, network.count_params(), len(content))
        keras.backend.clear_session()
