# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "numpy==2.4.6"]
# ///
"""Train shapes_classifier in PyTorch and write its source, a program of torch.export.

Its weights begin with a seed of their own: it is not the network that TensorFlow trained. Seeds are
fixed, but other processors round differently: there the file's bytes differ, its accuracy hardly.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_network
import recipe
import shapes
import torch
from ibd_remaking import program

WEIGHTS_SEED, EPOCHS_COUNT = 5, 11
FILE = f"{recipe.ID}_pytorch.pt2"


def _fed(pictures: Any) -> torch.Tensor:
    floats = shapes.tensor(pictures, recipe.MEAN, recipe.SCALE)
    # In PyTorch's usual order: depthwise gradients take five times as long in channels-last.
    return torch.from_numpy(np.ascontiguousarray(floats.transpose(0, 3, 1, 2)))


def _epoch(
    classifier: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    lesson: tuple[Any, Any],
) -> float:
    """Learn from all pictures once, in random order; return the share that was right."""
    pictures, labels = lesson
    order = torch.randperm(len(pictures)).numpy()
    step, right = epoch * -(-len(order) // recipe.BATCH), 0
    for start in range(0, len(order), recipe.BATCH):
        chosen = order[start : start + recipe.BATCH]
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate(step, EPOCHS_COUNT)
        truth = torch.from_numpy(labels[chosen].astype(np.int64))
        logits = classifier(_fed(pictures[chosen]))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, truth).backward()
        optimizer.step()
        step, right = step + 1, right + int((logits.argmax(1) == truth).sum())
    return right / len(order)


def _validated(classifier: torch.nn.Module, pictures: Any, labels: Any) -> float:
    classifier.eval()
    with torch.no_grad():
        found = [classifier(_fed(part)).argmax(1).numpy() for part in np.split(pictures, 10)]
    classifier.train()
    return float((np.concatenate(found) == labels).mean())


def _trained() -> torch.nn.Module:
    torch.set_num_threads(1)  # other counts add in another order, and wait for each other
    torch.manual_seed(WEIGHTS_SEED)
    torch.use_deterministic_algorithms(True)
    classifier = pytorch_network.build(len(shapes.LABELS))
    # Keras' AdamW decays by rate × decay too, and likewise all weights.
    optimizer = torch.optim.AdamW(
        classifier.parameters(), recipe.RATE, weight_decay=recipe.WEIGHT_DECAY, eps=1e-7
    )
    pictures, labels = recipe.taught()
    seen, rng = recipe.validated(), np.random.default_rng(WEIGHTS_SEED)
    for epoch in range(EPOCHS_COUNT):
        start_s = time.monotonic()
        learned = _epoch(classifier, optimizer, epoch, (recipe.turned(pictures, rng), labels))
        print(
            f"epoch {epoch + 1}/{EPOCHS_COUNT}: learned {learned:.4f},"
            f" validated {_validated(classifier, *seen):.4f}, {time.monotonic() - start_s:.0f} s",
            flush=True,
        )
    return classifier


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=recipe.MINI, help="where the file goes")
    folder = parser.parse_args().folder
    program.write(_trained(), (3, shapes.SIZE, shapes.SIZE), folder / FILE)
    print("written:", folder / FILE)


if __name__ == "__main__":
    main()
