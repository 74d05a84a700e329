"""The layers of scenes_detector."""

import math
from typing import Any

import coding
import keras

#: Filters of the 3×3 stem, which has stride 2.
STEM = 16
#: Filters and stride of each depthwise-separable block.
BLOCKS = ((32, 2), (32, 1), (48, 2), (64, 1), (64, 1), (96, 2), (96, 1), (96, 1))
#: Blocks after which boxes are looked for: one per layer of anchors.
HEADS = (4, 7)
FIRST_SCORE = 0.01  # most anchors see nothing (Lin et al., focal loss, 2017)


def build(size: int, class_count: int) -> Any:
    """Build an SSD on a MobileNet-v1-like network, without weights yet.

    It takes pictures in 0…1 and gives codes, (n, anchors, 4), and scores before sigmoid, (n,
    anchors, classes).

    Args:
        size: height and width of a picture, pixels.
        class_count: classes; there is none for «nothing».
    """
    layers = keras.layers
    image = layers.Input((size, size, 3), name="image")
    x = _convolved(image, layers.Conv2D, "stem", STEM, 3, strides=2)
    codes, scores = [], []
    for index, (filters_count, stride) in enumerate(BLOCKS):
        x = _convolved(x, layers.DepthwiseConv2D, f"depthwise_{index}", 3, strides=stride)
        x = _convolved(x, layers.Conv2D, f"pointwise_{index}", filters_count, 1)
        if index in HEADS:
            head = HEADS.index(index)
            seen = _convolved(x, layers.DepthwiseConv2D, f"head_{head}", 3)
            boxes_count = len(coding.LAYERS[head][1])
            codes.append(_answer(seen, f"codes_{head}", boxes_count, 4, 0.0))
            bias = -math.log(1 / FIRST_SCORE - 1)
            scores.append(_answer(seen, f"scores_{head}", boxes_count, class_count, bias))
    outputs = [
        layers.Concatenate(axis=1, name="codes")(codes),
        layers.Concatenate(axis=1, name="scores")(scores),
    ]
    return keras.Model(image, outputs, name="scenes_detector")


def _convolved(x: Any, kind: Any, name: str, *sizes: int, strides: int = 1) -> Any:
    layers = keras.layers
    x = kind(*sizes, strides=strides, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.95, epsilon=1e-3, name=f"{name}_norm")(x)
    # ReLU6 keeps the range of each tensor small, which int8 needs.
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _answer(x: Any, name: str, boxes_count: int, numbers: int, bias: float) -> Any:
    layers = keras.layers
    x = layers.Conv2D(
        boxes_count * numbers,
        1,
        bias_initializer=keras.initializers.Constant(bias),
        name=f"{name}_conv",
    )(x)
    return layers.Reshape((-1, numbers), name=f"{name}_flat")(x)
