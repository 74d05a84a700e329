# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["tensorflow-cpu==2.21.0", "keras==3.15.1", "torch==2.13.0", "numpy==2.4.6"]
# ///
"""Put the weights that PyTorch trained into the Keras network: the very same net in both.

Writes `same_weights.keras`, after both networks gave the same logits for the same pictures.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(Path(__file__).resolve().parent))

import carry
import keras_network
import numpy as np
import recipe
import shapes

FILE = "same_weights.keras"
SEED, COUNT = 7, 32  # of the pictures for the comparison
MOST_APART = 1e-4  # logits are of the size of 10; another order of adding moves them by 1e-5


def _torch_network(program: Path) -> Any:
    import torch

    return torch.export.load(program)


def _torch_logits(program: Any, floats: Any) -> Any:
    import torch

    fed = torch.from_numpy(np.ascontiguousarray(floats.transpose(0, 3, 1, 2)))
    with torch.no_grad():
        return program.module()(fed).numpy()


def make(program_file: Path, folder: Path) -> float:
    """Write `same_weights.keras`.

    Args:
        program_file: what `train_pytorch.py` wrote.
        folder: where the file goes.

    Returns:
        The largest difference between the two networks' logits.
    """
    program = _torch_network(program_file)
    state = {name: tensor.detach().numpy() for name, tensor in program.state_dict.items()}
    network = keras_network.build(shapes.SIZE, len(shapes.LABELS))
    for name, arrays in carry.carried(state).items():
        network.get_layer(name).set_weights(arrays)
    floats = shapes.tensor(shapes.images(SEED, COUNT), recipe.MEAN, recipe.SCALE)
    logits = network.predict(floats, verbose=0)
    apart = float(np.abs(logits - _torch_logits(program, floats)).max())
    if not apart <= MOST_APART:
        sys.exit(f"the two networks' logits are {apart:.2g} apart: their layers differ")
    network.save(folder / FILE)
    return apart


def main() -> None:
    """Write the file, and say how far the two networks are apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="where the file goes")
    parser.add_argument(
        "--program", type=Path, default=recipe.MINI / f"{recipe.ID}_pytorch.pt2", help="the source"
    )
    chosen = parser.parse_args()
    apart = make(chosen.program, chosen.folder)
    print(f"written: {chosen.folder / FILE}; logits of {COUNT} pictures at most {apart:.2g} apart")


if __name__ == "__main__":
    main()
