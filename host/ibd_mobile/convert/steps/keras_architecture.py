"""Our own architectures as Keras networks, and random weights for any Keras network."""

from collections import Counter
from typing import Any

from ibd_mobile.convert.steps import spread
from ibd_mobile.convert.steps.architecture import NORM_EPSILON, Architecture, Layer


def network(architecture: Architecture, input_size: int) -> Any:
    """Build a Keras network, NHWC, padded as TensorFlow's "same" pads."""
    import keras

    image = keras.Input((input_size, input_size, architecture.channels), name="image")
    values = {"image": image}
    for layer in architecture.layers:
        inputs = [values[name] for name in layer.inputs]
        values[layer.name] = _layer(layer)(inputs if len(inputs) > 1 else inputs[0])
    return keras.Model(image, [values[name] for name in architecture.outputs])


def _layer(layer: Layer) -> Any:
    from keras import layers

    name = layer.name
    match layer.kind:
        case "conv":
            return layers.Conv2D(
                layer.out_channels, layer.kernel, layer.stride, "same",
                use_bias=layer.is_biased, name=name,
            )  # fmt: skip
        case "depthwise":
            return layers.DepthwiseConv2D(
                layer.kernel, layer.stride, "same", use_bias=False, name=name
            )
        case "norm":
            return layers.BatchNormalization(epsilon=NORM_EPSILON, name=name)
        case "relu":
            return layers.ReLU(name=name)
        case "relu6":
            return layers.ReLU(6.0, name=name)
        case "add":
            return layers.Add(name=name)
        case "boxes":
            return layers.Reshape((-1, layer.out_channels), name=name)
        case "join":
            return layers.Concatenate(axis=1, name=name)


def spread_weights(network: Any, seed: int, pictures: Any, last_spread: float = 1.0) -> None:
    """Give a network seeded random weights, as `spread` says.

    The layers are computed one by one, each after it was set, and what no later layer needs is
    dropped; so one pass over the pictures is enough, in little memory.

    Args:
        network: functional; each layer used once.
        seed: of the weights.
        pictures: (n, height, width, channels) float32, as the network takes them.
        last_spread: standard deviation of what the last layer gives.
    """
    operations = [o for o in network.operations if type(o).__name__ != "InputLayer"]
    drawn = [o for o in operations if hasattr(o, "kernel")]
    uses = Counter(id(t) for o in operations for t in _taken(o))
    uses.update(id(t) for t in network.outputs)  # kept to the end
    values: dict[int, Any] = {id(network.inputs[0]): pictures}
    for operation in operations:
        given = [values[id(t)] for t in _taken(operation)]
        if hasattr(operation, "moving_mean"):
            _set_norm(operation, given[0])
        if hasattr(operation, "kernel"):
            _draw(operation, seed, drawn.index(operation))
            wanted = last_spread if operation is drawn[-1] else 1.0
            _set_kernel(operation, given[0], wanted, operation is drawn[-1])
        value = operation(given if isinstance(operation.input, list) else given[0])
        values[id(operation.output)] = value
        for tensor in _taken(operation):
            uses[id(tensor)] -= 1
            if not uses[id(tensor)]:
                del values[id(tensor)]


def _taken(operation: Any) -> list[Any]:
    inputs = operation.input
    return inputs if isinstance(inputs, list) else [inputs]


def _draw(layer: Any, seed: int, index: int) -> None:
    shape = tuple(layer.kernel.shape)
    # a depthwise kernel is (height, width, channels, 1): each output sees one channel
    is_depthwise = type(layer).__name__ == "DepthwiseConv2D"
    fan_in = 1
    for length in shape[:2] if is_depthwise else shape[:-1]:
        fan_in *= length
    layer.kernel.assign(spread.kernel(seed, index, shape, fan_in))


def _set_norm(layer: Any, inputs: Any) -> None:
    import numpy as np

    axes = tuple(range(len(inputs.shape) - 1))
    values = np.asarray(inputs)
    layer.moving_mean.assign(values.mean(axes))
    layer.moving_variance.assign(values.var(axes))
    if layer.center:
        layer.beta.assign(np.full(layer.beta.shape, spread.LEVEL, np.float32))


def _set_kernel(layer: Any, inputs: Any, wanted: float, is_last: bool) -> None:
    """Scale and shift a layer by what it gives before its activation."""
    import numpy as np

    activation, layer.activation = layer.activation, None
    outputs = np.asarray(layer(inputs))
    layer.activation = activation
    if layer.bias is None:
        layer.kernel.assign(layer.kernel * (wanted / max(float(outputs.std()), 1e-12)))
        return
    axes = tuple(range(outputs.ndim - 1))
    ratio = wanted / spread.floor(outputs.std(axes))
    is_activated = getattr(activation, "__name__", "linear") != "linear"
    level = spread.LEVEL if is_activated and not is_last else 0.0
    layer.kernel.assign(layer.kernel * ratio)
    layer.bias.assign(level - outputs.mean(axes) * ratio)
