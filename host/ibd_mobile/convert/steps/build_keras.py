# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy"]
# ///
"""Definition → Keras: builds an architecture, with seeded random weights or with given ones.

Options of the request: `library` ("keras.applications" or "ibd"), `name`, `seed`, `input_size`,
`outputs_count`; `input_low` and `input_high`, the values of black and white as the network takes
them (-1 and 1 where they are left out). Classifiers end in logits. Weights, if any, come as
`source["weights"]`: a Keras 2 or 3 weights file (.h5), which holds arrays and no code.
"""

import os
import sys
from typing import Any, Final

from ibd_mobile.convert.steps import picture, spread, step
from ibd_mobile.convert.steps.architecture import ARCHITECTURES

#: of keras.applications; those that flatten their last map have one size only
CLASSIFIERS: Final = (
    "MobileNet", "MobileNetV2", "InceptionV3", "ResNet50", "ResNet101", "ResNet152", "VGG16",
)  # fmt: skip


def build(request: step.Request) -> step.Made:
    """Build the network that the options name, and save it as a Keras archive.

    Raises:
        Refused: no such definition, or weights that do not belong to it.
    """
    _be_steady()
    network = definition(request.options)
    if request.source:
        _load(network, request.source["weights"])
    else:
        randomise(network, request.options)
    network.save(request.target)
    inputs = [_tensor(t, t.name) for t in network.inputs]
    names = network.output_names
    outputs = [_tensor(t, n) for t, n in zip(network.outputs, names, strict=True)]
    return step.Made(inputs, outputs, layout="NHWC", batch=-1)


def definition(options: dict[str, Any]) -> Any:
    """Return a network without meaningful weights yet.

    Raises:
        Refused: no such definition.
    """
    library, name = options["library"], options["name"]
    size, outputs_count = int(options["input_size"]), int(options["outputs_count"])
    if library == "ibd" and name in ARCHITECTURES:
        from ibd_mobile.convert.steps import keras_architecture

        return keras_architecture.network(ARCHITECTURES[name](outputs_count), size)
    if library == "keras.applications" and name in CLASSIFIERS:
        import keras

        return getattr(keras.applications, name)(
            weights=None,
            input_shape=(size, size, 3),
            classes=outputs_count,
            classifier_activation=None,
        )
    raise step.Refused(
        f"there is no definition '{name}' of {library} for Keras",
        f"Take one of {', '.join((*CLASSIFIERS, *ARCHITECTURES))}.",
    )


def randomise(network: Any, options: dict[str, Any]) -> None:
    """Give a network seeded random weights that make it usable."""
    from ibd_mobile.convert.steps import keras_architecture

    name, seed = str(options["name"]), int(options["seed"])
    size = spread.picture_size(name, int(options["input_size"]))
    is_own_size = size == int(options["input_size"])
    small = network if is_own_size else definition(options | {"input_size": size})
    shape = (size, size, network.inputs[0].shape[-1])
    low, high = float(options.get("input_low", -1.0)), float(options.get("input_high", 1.0))
    pictures = picture.pictures(seed, spread.pictures_count(size), shape, low, high)
    keras_architecture.spread_weights(small, seed, pictures, spread.last_spread(name))
    if not is_own_size:
        network.set_weights(small.get_weights())


def _be_steady() -> None:
    """Let sums be made in one order, so that the same seed gives the same weights."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def _load(network: Any, path: str) -> None:
    try:
        network.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise step.Refused(
            f"the weights do not belong to this definition: {str(error).splitlines()[0]}",
            "Name the definition that they were made with, and its options.",
        ) from error


def _tensor(tensor: Any, name: str) -> step.TensorInfo:
    shape = [-1 if length is None else int(length) for length in tensor.shape]
    return step.TensorInfo(name, str(tensor.dtype), shape)


if __name__ == "__main__":
    sys.exit(step.main(build, ["tensorflow-cpu", "keras", "numpy"]))
