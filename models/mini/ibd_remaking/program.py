"""Writing a trained PyTorch network as a program of torch.export."""

from pathlib import Path

import torch

from ibd_remaking import packing


def write(network: torch.nn.Module, shape: tuple[int, ...], path: Path) -> None:
    """Export a network with an open batch, and write the program alone.

    Torch would also write the example inputs, and for each operation the lines of source that led
    to it, with the paths of the machine that exported.

    Args:
        network: takes one argument, `image`.
        shape: of one sample, (channels, height, width).
        path: of the file.
    """
    batch = {"image": {0: torch.export.Dim("batch", min=1)}}
    program = torch.export.export(network.eval(), (torch.zeros(2, *shape),), dynamic_shapes=batch)
    save(program, path)


def save(program: torch.export.ExportedProgram, path: Path) -> None:
    """Write a program without what does not belong to the network; its descriptions packed."""
    bare(program)
    torch.export.save(program, path)
    packing.pack(path, stored=("/data/weights/weight_",))


def bare(program: torch.export.ExportedProgram) -> None:
    """Take out of a program, in place, what does not belong to the network."""
    program.example_inputs = None
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
