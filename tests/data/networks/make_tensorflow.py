# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy==2.4.6"]
# ///
"""Make the TensorFlow networks of this folder."""

import tarfile
import tempfile
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers
from tensorflow.python.framework import convert_to_constants

keras.utils.set_random_seed(1)
picture = keras.Input((16, 16, 3), name="picture")
stem = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(picture)
stem = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_norm")(stem))
deep = layers.Add(name="sum")([stem, layers.DepthwiseConv2D(3, padding="same", name="deep")(stem)])
wide = layers.Conv2D(8, 1, activation="relu", name="wide")(deep)
logits = layers.Dense(10, name="logits")(layers.Flatten(name="flat")(wide))
classifier = keras.Model(picture, logits)
classifier.save("classifier.keras")
keras.Model(picture, [wide, logits]).save("two.keras")
flat = layers.Dense(4)(layers.Flatten()(picture))
erfinv = keras.Model(picture, keras.ops.erfinv(keras.ops.tanh(flat)))
erfinv.save("erfinv.keras")

module = tf.Module()
module.held = [v.value for v in classifier.variables]


@tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32, name="picture")])
def serve(picture):
    """Give scores and logits; by alphabet the scores come last."""
    said = classifier(picture, training=False)
    return {"logits": said, "scores": tf.nn.softmax(said)}


with tempfile.TemporaryDirectory() as folder, tarfile.open("saved_model.tar.gz", "w:gz") as tar:
    tf.saved_model.save(module, folder, signatures=serve)
    tar.add(folder, "classifier")

only = tf.function(lambda picture: classifier(picture, training=False))
concrete = only.get_concrete_function(tf.TensorSpec([None, 16, 16, 3], tf.float32, name="picture"))
frozen = convert_to_constants.convert_variables_to_constants_v2(concrete).graph.as_graph_def()
Path("frozen.pb").write_bytes(frozen.SerializeToString())
