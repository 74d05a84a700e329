"""The layers of shapes_classifier, and what they cost."""

from typing import Any

import tensorflow as tf

#: Filters and stride of each depthwise-separable block, after a 3×3 stem of 24 filters, stride 2.
BLOCKS = ((48, 1), (64, 1), (96, 2), (96, 1), (96, 1), (128, 2), (128, 1), (160, 1))
COUNTER = (
    "models/mini/shapes_classifier/network.py 1, on the Keras graph: multiply-adds of convolutions,"
    " depthwise convolutions and dense layers; biases, activations and pooling are not counted"
)

_layers = tf.keras.layers


def _normalised(x: Any) -> Any:
    # ReLU6 keeps the range of each tensor small, which int8 needs.
    return _layers.ReLU(6.0)(_layers.BatchNormalization(momentum=0.95)(x))


def build(size: int, class_count: int) -> Any:
    """Build a MobileNet-v1-like network from pictures in 0…1 to logits, without weights yet.

    It ends in logits: int8 softmax would store most classes as the same lowest step, and the
    places after the first would be ties.

    Args:
        size: height and width of a picture, pixels.
        class_count: logits.
    """
    image = _layers.Input((size, size, 3), name="image")
    x = _normalised(_layers.Conv2D(24, 3, 2, padding="same", use_bias=False)(image))
    for filters_count, stride in BLOCKS:
        x = _layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
        x = _normalised(x)
        x = _normalised(_layers.Conv2D(filters_count, 1, padding="same", use_bias=False)(x))
    logits = _layers.Dense(class_count, name="logits")(_layers.GlobalAveragePooling2D()(x))
    return tf.keras.Model(image, logits, name="shapes_classifier")


def macs_count(network: Any) -> int:
    """Count the multiply-adds of one picture, as `COUNTER` says."""
    total = 0
    for layer in network.layers:
        if not hasattr(layer, "kernel"):
            continue
        kernel = tf.size(layer.kernel).numpy().item()
        places = (
            1 if len(layer.output.shape) == 2 else layer.output.shape[1] * layer.output.shape[2]
        )
        total += kernel * places
    return total


def parameters_count(network: Any) -> int:
    """Count kernels and biases as they stand in the file: each normalisation folds into a bias."""
    total = 0
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            total += tf.size(layer.kernel).numpy().item() + layer.output.shape[-1]
    return total
