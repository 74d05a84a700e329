"""Random weights with which a deep network still says different things to different inputs.

Plain random weights do not: numbers vanish or explode over a hundred layers, and what is common to
all inputs drowns what tells them apart, so that every input gets the same class. So the weights are
drawn (He et al. 2015), and then set layer by layer from what one batch of seeded pictures makes of
them (in the manner of Krähenbühl et al., «Data-dependent initializations», 2016):

- a normalisation gets the very mean and variance of its input;
- a layer with biases is scaled and shifted so that each of its channels has the spread 1;
- a layer without is scaled as a whole, and the last one loses its answer to the mean input.

Each normalisation's offset is `LEVEL`, above 0. So most units of a ReLU stay on, and rounding noise
is hardly amplified on its way through the layers; without it an untrained network is chaotic, and
int8 could not be compared with float32.

Same seed, same library, same computer: same weights, bit for bit. On another kind of CPU the last
bits of the statistics may differ.
"""

from typing import Any, Final

LEVEL: Final = 1.0  #: mean of what goes into an activation, in units of its spread
_RESIDUAL_SPREAD: Final = 0.05  #: of what VDSR adds to its own input
#: height and width at which the statistics are made; so weights are the same for all input sizes
_SIZE: Final = 128
#: these flatten their last map, so their weights belong to one input size
_OF_ONE_SIZE: Final = ("VGG16", "vgg16")


def picture_size(name: str, input_size: int) -> int:
    """Return the height and width of the pictures that the statistics are made from."""
    return input_size if name in _OF_ONE_SIZE else _SIZE


def pictures_count(size: int) -> int:
    """Return how many pictures of that size the statistics are made from."""
    return 16 if size <= _SIZE else 8


def last_spread(name: str) -> float:
    """Return the standard deviation that the last layer of a network is given."""
    return _RESIDUAL_SPREAD if name == "vdsr" else 1.0


def kernel(seed: int, index: int, shape: tuple[int, ...], fan_in: int) -> Any:
    """Draw a kernel whose outputs keep the spread of ReLU-ed inputs.

    Args:
        seed: of the network.
        index: of the layer, in the order of computation.
        shape: of the kernel.
        fan_in: inputs of one output.
    """
    import numpy as np

    rng = np.random.default_rng([seed, index])
    drawn = rng.standard_normal(shape, dtype=np.float32)
    drawn *= np.float32((2.0 / fan_in) ** 0.5)
    return drawn


def floor(spreads: Any) -> Any:
    """Return the spreads, none of them so small that dividing by it would blow up noise."""
    import numpy as np

    return np.maximum(spreads, max(0.05 * float(np.mean(spreads)), 1e-12))
