"""The layers of shapes_classifier in PyTorch."""

import recipe
import torch
from torch import nn


def build(class_count: int) -> nn.Module:
    """Build the network that `keras_network` builds, from (n, 3, height, width) to logits.

    Args:
        class_count: logits.
    """
    layers: dict[str, nn.Module] = _convolved("stem", 3, recipe.STEM, 3, stride=2)
    channels = recipe.STEM
    for index, (filters_count, stride) in enumerate(recipe.BLOCKS):
        layers |= _convolved(
            f"depthwise_{index}", channels, channels, 3, stride=stride, groups=channels
        )
        layers |= _convolved(f"pointwise_{index}", channels, filters_count, 1)
        channels = filters_count
    return Classifier(layers, channels, class_count)


def _convolved(name: str, *sizes: int, stride: int = 1, groups: int = 1) -> dict[str, nn.Module]:
    channels_in, channels_out, side = sizes
    return {
        name: nn.Conv2d(
            channels_in, channels_out, side, stride, side // 2, groups=groups, bias=False
        ),
        f"{name}_norm": nn.BatchNorm2d(channels_out, eps=recipe.EPSILON, momentum=0.05),
        f"{name}_relu": nn.ReLU(),
    }


class Classifier(nn.Module):
    """Convolutions, the mean of each channel, and a dense layer."""

    def __init__(self, layers: dict[str, nn.Module], channels: int, class_count: int) -> None:
        super().__init__()
        self.features = nn.Sequential()
        for name, layer in layers.items():
            self.features.add_module(name, layer)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.logits = nn.Linear(channels, class_count)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits, (n, classes), of pictures in 0…1, (n, 3, height, width)."""
        x: torch.Tensor = self.logits(torch.flatten(self.pool(self.features(image)), 1))
        return x
