# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "numpy==2.4.6"]
# ///
"""Train textures_vdsr in PyTorch and write its source, a program of torch.export.

Seeds are fixed, but other processors round differently: there the file's bytes differ, and its
accuracy hardly.
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import network
import numpy as np
import torch

MINI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(MINI))
import textures  # noqa: E402  # in the folder above, where the product finds it
from ibd_remaking import program  # noqa: E402

WEIGHTS_SEED = 7
TRAIN_SEED, TRAIN_COUNT = 2, 2400
VALIDATION_SEED, VALIDATION_COUNT = 3, 200
EPOCHS_COUNT, BATCH = 20, 16
RATE, MOST_GRADIENT = 2e-3, 0.5
FILE = "textures_vdsr_pytorch.pt2"


def _fed(pictures: Any) -> torch.Tensor:
    return torch.from_numpy(pictures.astype(np.float32).transpose(0, 3, 1, 2) / np.float32(255))


def _psnr_db(vdsr: torch.nn.Module, given: torch.Tensor, drawn: torch.Tensor) -> float:
    """Return the mean over pictures of 10 log₁₀(1 / mean square error)."""
    with torch.no_grad():
        squares = (vdsr(given).clamp(0, 1) - drawn).square().mean(dim=(1, 2, 3))
    return float((-10 * squares.log10()).mean())


def _epoch(vdsr: torch.nn.Module, optimizer: Any, given: torch.Tensor, drawn: torch.Tensor) -> None:
    for chosen in torch.randperm(len(given)).split(BATCH):
        turn = [axis for axis in (2, 3) if torch.rand(()) < 0.5]
        made = vdsr(given[chosen].flip(turn))
        # Between square and absolute error: edges are not smoothed, small noise is.
        error = made - drawn[chosen].flip(turn)
        optimizer.zero_grad()
        (error.square() + 1e-6).sqrt().mean().backward()
        torch.nn.utils.clip_grad_norm_(vdsr.parameters(), MOST_GRADIENT)
        optimizer.step()


def _trained() -> torch.nn.Module:
    torch.set_num_threads(1)  # other counts add in another order, and wait for each other
    torch.manual_seed(WEIGHTS_SEED)
    torch.use_deterministic_algorithms(True)
    vdsr = network.Vdsr()
    optimizer = torch.optim.Adam(vdsr.parameters(), RATE)
    given, drawn = (
        _fed(make(TRAIN_SEED, TRAIN_COUNT)) for make in (textures.images, textures.truth)
    )
    seen = [
        _fed(make(VALIDATION_SEED, VALIDATION_COUNT)) for make in (textures.images, textures.truth)
    ]
    print(f"given: {_psnr_db(torch.nn.Identity(), *seen):.2f} dB", flush=True)
    for epoch in range(EPOCHS_COUNT):
        start_s = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * epoch / EPOCHS_COUNT))
        _epoch(vdsr, optimizer, given, drawn)
        print(
            f"epoch {epoch + 1}/{EPOCHS_COUNT}: validated {_psnr_db(vdsr, *seen):.2f} dB,"
            f" {time.monotonic() - start_s:.0f} s",
            flush=True,
        )
    return vdsr


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=MINI, help="where the file goes")
    folder = parser.parse_args().folder
    program.write(_trained(), (1, textures.SIZE, textures.SIZE), folder / FILE)
    print("written:", folder / FILE)


if __name__ == "__main__":
    main()
