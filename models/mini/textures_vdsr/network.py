"""The layers of textures_vdsr (Kim et al., VDSR, 2016: 20 layers of 64 there)."""

import itertools

import torch
from torch import nn

LAYERS_COUNT, CHANNELS = 8, 16


class Vdsr(nn.Module):
    """Learns what is missing from an enlarged picture, and adds it."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [1, *[CHANNELS] * (LAYERS_COUNT - 1), 1]
        layers: list[nn.Module] = []
        for channels_in, channels_out in itertools.pairwise(sizes):
            layers += [nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.ReLU()]
        self.missing = nn.Sequential(*layers[:-1])
        for layer in self.missing:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.missing[-1].weight, std=1e-3)  # begins as what it was given

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the picture with more detail, (n, 1, height, width), values in 0…1."""
        x: torch.Tensor = image + self.missing(image)
        return x
