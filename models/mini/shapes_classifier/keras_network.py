"""The layers of shapes_classifier in Keras."""

from typing import Any

import keras
import recipe


def build(size: int, class_count: int) -> Any:
    """Build a MobileNet-v1-like network from pictures in 0…1 to logits, without weights yet.

    It ends in logits: int8 softmax would store most classes as the same lowest step, and the
    places after the first would be ties.

    Args:
        size: height and width of a picture, pixels.
        class_count: logits.
    """
    layers = keras.layers
    image = layers.Input((size, size, 3), name="image")
    x = _convolved(image, layers.Conv2D, "stem", recipe.STEM, 3, strides=2)
    for index, (filters_count, stride) in enumerate(recipe.BLOCKS):
        x = _convolved(x, layers.DepthwiseConv2D, f"depthwise_{index}", 3, strides=stride)
        x = _convolved(x, layers.Conv2D, f"pointwise_{index}", filters_count, 1)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(class_count, name="logits")(x), name=recipe.ID)


def _convolved(x: Any, kind: Any, name: str, *sizes: int, strides: int = 1) -> Any:
    """Add a convolution, its normalisation and ReLU.

    Keras' own "same" pads a strided layer on the right and below only, PyTorch on all sides: here
    the zeros are a layer of their own, so that both do the same.
    """
    layers = keras.layers
    if strides == 2:
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    padding = "valid" if strides == 2 else "same"
    x = kind(*sizes, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.95, epsilon=recipe.EPSILON, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
