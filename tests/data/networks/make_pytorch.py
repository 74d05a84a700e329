# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "numpy==2.4.6"]
# ///
"""Make the PyTorch networks of this folder."""

import torch
from torch import nn


class Classifier(nn.Module):
    """Takes (batch, 3, 16, 16)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.deep = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.wide = nn.Conv2d(8, 8, 1)
        self.logits = nn.Linear(8 * 8 * 8, 10)

    def forward(self, picture):
        stem = torch.clamp(self.norm(self.stem(picture)), 0, 6)
        wide = torch.relu(self.wide(stem + self.deep(stem)))
        return wide, self.logits(wide.view(wide.size(0), -1))


class Only(nn.Module):
    """Gives the last output alone."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, picture):
        return self.network(picture)[-1]


class Erfinv(nn.Module):
    """Has an op that no format here knows."""

    def forward(self, picture):
        return torch.special.erfinv(torch.tanh(picture.flatten(1)))


torch.manual_seed(1)
classifier = Classifier().eval()
for name, network in (("classifier", Only(classifier)), ("two", classifier), ("erfinv", Erfinv())):
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(
        network.eval(), (torch.zeros(2, 3, 16, 16),), dynamic_shapes=({0: batch},)
    )
    for node in program.graph.nodes:  # where this program lies is nobody's business
        node.meta.pop("stack_trace", None)
    torch.export.save(program, f"{name}.pt2")
