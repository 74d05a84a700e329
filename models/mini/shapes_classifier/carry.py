"""The weights of the PyTorch network in the order and layout of the Keras network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import recipe

Weights = Mapping[str, Any]  #: name -> array


def layers() -> list[str]:
    """Name the convolutions, in order."""
    pairs = [
        f"{kind}_{k}" for k in range(len(recipe.BLOCKS)) for kind in ("depthwise", "pointwise")
    ]
    return ["stem", *pairs]


def kernel(name: str, weight: Any) -> Any:
    """Turn a PyTorch kernel into Keras' layout.

    Args:
        name: of the layer.
        weight: (out, in, height, width) of a convolution, (out, in) of a dense layer.

    Returns:
        (height, width, in, out); depthwise (height, width, channels, 1); dense (in, out).
    """
    if weight.ndim == 2:
        return weight.T
    if name.startswith("depthwise"):
        return weight.transpose(2, 3, 0, 1)
    return weight.transpose(2, 3, 1, 0)


def carried(state: Weights) -> dict[str, list[Any]]:
    """Return what `set_weights` of each Keras layer takes.

    Args:
        state: of the PyTorch network, as its state dict names it.
    """
    found: dict[str, list[Any]] = {}
    for name in layers():
        found[name] = [kernel(name, np.asarray(state[f"features.{name}.weight"]))]
        norm = f"features.{name}_norm"
        found[f"{name}_norm"] = [
            np.asarray(state[f"{norm}.{part}"])
            for part in ("weight", "bias", "running_mean", "running_var")
        ]
    dense = np.asarray(state["logits.weight"])
    found["logits"] = [kernel("logits", dense), np.asarray(state["logits.bias"])]
    return found
