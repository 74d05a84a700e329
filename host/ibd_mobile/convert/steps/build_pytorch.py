# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["torch==2.13.0", "pytorchcv==0.0.74", "numpy", "safetensors==0.8.0"]
#
# [tool.uv]
# override-dependencies = ["torchvision; sys_platform == 'never'"]
# ///
"""Definition → torch.export program: an architecture with seeded random or with given weights.

Options of the request: `library` ("pytorchcv" or "ibd"), `name`, `seed`, `input_size`,
`outputs_count`; `input_low` and `input_high`, the values of black and white as the network takes
them (-1 and 1 where they are left out). Classifiers end in logits. Weights, if any, come as
`source["weights"]`: a state dict of the definition, .pth or .pt (read without running any of its
code), .safetensors or .npz.

pytorchcv asks for torchvision, which none of the networks here needs: it is left out.
"""

import importlib
import sys
from pathlib import Path
from typing import Any, Final

from ibd_mobile.convert.steps import picture, spread, step
from ibd_mobile.convert.steps.architecture import ARCHITECTURES

#: of pytorchcv: name -> the module that holds it; its `model_provider` would load torchvision
CLASSIFIERS: Final = {
    "mobilenet_w1": "mobilenet",
    "mobilenetv2b_w1": "mobilenetv2",
    "inceptionv3": "inceptionv3",
    "resnet50": "resnet",
    "resnet50b": "resnet",
    "resnet101b": "resnet",
    "resnet152b": "resnet",
    "vgg16": "vgg",
}


def build(request: step.Request) -> step.Made:
    """Build the network that the options name, and save it as a program with an open batch.

    Raises:
        Refused: no such definition, or weights that do not belong to it.
    """
    import torch

    torch.set_num_threads(1)  # sums are made in one order, so the same seed gives the same weights
    network = definition(request.options).eval()
    if request.source:
        _load(network, Path(request.source["weights"]))
    else:
        randomise(network, request.options)
    size, channels = int(request.options["input_size"]), _channels(request.options)
    program = torch.export.export(
        network,
        (torch.zeros(2, channels, size, size),),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
    )
    for node in program.graph.nodes:  # where this program lies is nobody's business
        node.meta.pop("stack_trace", None)
    torch.export.save(program, request.target)
    with torch.no_grad():
        made = network(torch.zeros(1, channels, size, size))
    outputs = made if isinstance(made, tuple) else (made,)
    signature = program.graph_signature
    image = step.TensorInfo(signature.user_inputs[0], "float32", [-1, channels, size, size])
    return step.Made(
        inputs=[image],
        outputs=[
            step.TensorInfo(str(name), "float32", [-1, *value.shape[1:]])
            for name, value in zip(signature.user_outputs, outputs, strict=True)
        ],
        layout="NCHW",
        batch=-1,
    )


def definition(options: dict[str, Any]) -> Any:
    """Return a network without meaningful weights yet.

    Raises:
        Refused: no such definition.
    """
    library, name = options["library"], options["name"]
    size, outputs_count = int(options["input_size"]), int(options["outputs_count"])
    if library == "ibd" and name in ARCHITECTURES:
        from ibd_mobile.convert.steps import pytorch_architecture

        return pytorch_architecture.network(ARCHITECTURES[name](outputs_count))
    if library == "pytorchcv" and name in CLASSIFIERS:
        return _classifier(name, size, outputs_count)
    raise step.Refused(
        f"there is no definition '{name}' of {library} for PyTorch",
        f"Take one of {', '.join((*CLASSIFIERS, *ARCHITECTURES))}.",
    )


def randomise(network: Any, options: dict[str, Any]) -> None:
    """Give a network seeded random weights that make it usable."""
    import torch

    from ibd_mobile.convert.steps import pytorch_architecture

    name, seed = str(options["name"]), int(options["seed"])
    size = spread.picture_size(name, int(options["input_size"]))
    low, high = float(options.get("input_low", -1.0)), float(options.get("input_high", 1.0))
    shape = (size, size, _channels(options))
    pictures = picture.pictures(seed, spread.pictures_count(size), shape, low, high)
    as_taken = torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())
    pytorch_architecture.spread_weights(network, seed, as_taken, spread.last_spread(name))


def _classifier(name: str, size: int, outputs_count: int) -> Any:
    from torch import nn

    module = importlib.import_module(f"pytorchcv.models.{CLASSIFIERS[name]}")
    network = getattr(module, name)(num_classes=outputs_count, in_size=(size, size))
    if hasattr(network.features, "final_pool"):
        # of the last map's size, which the library fixes at 7×7 or 8×8: the same at its own size
        network.features.final_pool = nn.AdaptiveAvgPool2d(1)
    return network


def _channels(options: dict[str, Any]) -> int:
    return int(options["outputs_count"]) if options["name"] == "vdsr" else 3


def _load(network: Any, path: Path) -> None:
    import torch

    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        state = load_file(path)
    elif path.suffix == ".npz":
        import numpy as np

        with np.load(path, allow_pickle=False) as arrays:
            state = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    else:
        state = _pickled(path)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        raise step.Refused(
            f"the weights do not belong to this definition: {' '.join(str(error).split())[:300]}",
            "Name the definition that they were made with, and its options.",
        ) from error


def _pickled(path: Path) -> Any:
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise step.Refused(
            f"the weights cannot be read as tensors alone: {str(error).splitlines()[0][:200]}",
            "Save them as safetensors, or fetch the file again.",
        ) from error


if __name__ == "__main__":
    sys.exit(step.main(build, ["torch", "pytorchcv", "numpy"]))
