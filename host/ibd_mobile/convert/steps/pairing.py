"""Which inner tensor of a source network stands for which of the one made from it."""

from collections.abc import Iterable
from typing import Any

Pairs = tuple[list[str], list[Any], list[Any]]  #: names, source's tensors, tensors of what was made


def same_name(source: dict[str, Any], made: dict[str, Any]) -> Pairs:
    """Pair tensors of one name and one shape, in the source's order."""
    names = [name for name in source if name in made and made[name].shape == source[name].shape]
    return names, [source[name] for name in names], [made[name] for name in names]


def fused(source: dict[str, Any], made: dict[str, Any]) -> Pairs:
    """Pair a layer with the one tensor that ends with it.

    TFLite names a tensor after all the ops that were fused into it, «net/relu/Relu;net/conv/Conv»:
    it is the output of the last layer among them. A layer that two tensors end with is left out,
    and so is a tensor whose name may mean two layers.

    >>> import numpy as np
    >>> layers = {"conv": np.zeros(3), "relu": np.ones(3)}
    >>> fused(layers, {"net/conv/Conv;net/relu/Relu": np.full(3, 2.0), "net/pad": np.zeros(3)})[0]
    ['relu']
    """
    order = {name: place for place, name in enumerate(source)}
    found: dict[str, list[Any]] = {}
    for name, tensor in made.items():
        meant = [_meant(word, order) for word in name.replace(";", "/").split("/")]
        places = [order[layers[0]] for layers in meant if layers]
        if places and all(len(layers) <= 1 for layers in meant):
            found.setdefault(list(order)[max(places)], []).append(tensor)
    alone = {name: tensors[0] for name, tensors in found.items() if len(tensors) == 1}
    return same_name(source, alone)


def _meant(word: str, layers: Iterable[str]) -> list[str]:
    """Return the layers that a word of a scoped name may mean: Keras counts calls, «conv_1»."""
    plain = word.rsplit("_", 1)[0] if word.rsplit("_", 1)[-1].isdigit() else word
    return [name for name in dict.fromkeys([word, plain]) if name in layers]
