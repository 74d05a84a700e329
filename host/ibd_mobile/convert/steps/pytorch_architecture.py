"""Our own architectures as PyTorch networks, and random weights for any PyTorch network."""

from collections.abc import Callable
from typing import Any

from ibd_mobile.convert.steps import spread
from ibd_mobile.convert.steps.architecture import NORM_EPSILON, Architecture, Layer


def network(architecture: Architecture) -> Any:
    """Build a PyTorch network, NCHW, padded alike on both sides as PyTorch pads."""
    import torch
    from torch import nn

    class Network(nn.Module):
        """Computes the layers of an architecture one by one."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = nn.ModuleDict()
            for layer in architecture.layers:
                module = _module(layer)
                if module is not None:
                    self.steps[layer.name] = module

        def forward(self, image: Any) -> Any:
            values = {"image": image}
            for layer in architecture.layers:
                inputs = [values[name] for name in layer.inputs]
                if layer.kind == "add":
                    value = inputs[0] + inputs[1]
                elif layer.kind == "boxes":
                    # rows in the order of places, as in NHWC
                    value = inputs[0].permute(0, 2, 3, 1).flatten(1)
                    value = value.unflatten(1, (-1, layer.out_channels))
                elif layer.kind == "join":
                    value = torch.cat(inputs, 1)
                else:
                    value = self.steps[layer.name](inputs[0])
                values[layer.name] = value
            outputs = tuple(values[name] for name in architecture.outputs)
            return outputs if len(outputs) > 1 else outputs[0]

    return Network()


def _module(layer: Layer) -> Any:
    from torch import nn

    if layer.kind in ("conv", "depthwise"):
        groups = layer.in_channels if layer.kind == "depthwise" else 1
        return nn.Conv2d(
            layer.in_channels, layer.out_channels, layer.kernel, layer.stride,
            padding=layer.kernel // 2, groups=groups, bias=layer.is_biased,
        )  # fmt: skip
    if layer.kind == "norm":
        return nn.BatchNorm2d(layer.in_channels, NORM_EPSILON)
    if layer.kind == "relu":
        return nn.ReLU()
    if layer.kind == "relu6":
        return nn.ReLU6()
    return None


def spread_weights(network: Any, seed: int, pictures: Any, last_spread: float = 1.0) -> None:
    """Give a network seeded random weights, as `spread` says.

    Each layer is set when the pictures come by, so one pass is enough.

    Args:
        network: each of its convolutions and dense layers used once.
        seed: of the weights.
        pictures: (n, channels, height, width) float32 tensor, as the network takes them.
        last_spread: standard deviation of what the last layer gives.
    """
    import torch
    from torch import nn

    network.eval()
    with torch.no_grad():
        drawn = _in_order(network, pictures[:1])
        has_norms = any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
        hooks = [
            m.register_forward_pre_hook(_set_norm)
            for m in network.modules()
            if isinstance(m, nn.BatchNorm2d)
        ]
        for index, module in enumerate(drawn):
            fan_in = module.weight[0].numel()
            kernel = spread.kernel(seed, index, tuple(module.weight.shape), fan_in)
            module.weight.copy_(torch.from_numpy(kernel))
            is_last = module is drawn[-1]
            level = 0.0 if has_norms or is_last else spread.LEVEL
            hook = _kernel_hook(level, last_spread if is_last else 1.0, is_last)
            hooks.append(module.register_forward_hook(hook))
        network(pictures)
        for handle in hooks:
            handle.remove()


def _in_order(network: Any, pictures: Any) -> list[Any]:
    """Return convolutions and dense layers in the order of computation."""
    from torch import nn

    found: list[Any] = []
    hooks = [
        m.register_forward_hook(lambda module, _inputs, _outputs: found.append(module))
        for m in network.modules()
        if isinstance(m, (nn.Conv2d, nn.Linear))
    ]
    network(pictures)
    for handle in hooks:
        handle.remove()
    return found


def _set_norm(module: Any, inputs: tuple[Any, ...]) -> None:
    (values,) = inputs
    module.running_mean.copy_(values.mean((0, 2, 3)))
    module.running_var.copy_(values.var((0, 2, 3), correction=0))
    module.bias.fill_(spread.LEVEL)


def _kernel_hook(level: float, wanted: float, is_last: bool) -> Callable[..., Any]:
    """Return what scales and shifts a layer by what it gives, and gives what it then would."""

    def set_kernel(module: Any, inputs: tuple[Any, ...], outputs: Any) -> Any:
        import torch

        if module.bias is None:
            if is_last and outputs.shape[2:].numel() == 1:
                _forget_mean(module, inputs[0])
                outputs = module.forward(inputs[0])
            ratio = wanted / outputs.std(correction=0).clamp_min(1e-12)
            module.weight.mul_(ratio)
            return outputs * ratio
        axes = [a for a in range(outputs.ndim) if a != 1]
        across = [-1 if a == 1 else 1 for a in range(outputs.ndim)]
        mean = outputs.mean(axes)
        floored = spread.floor(outputs.std(axes, correction=0).numpy())
        ratio = wanted / torch.from_numpy(floored)
        module.weight.mul_(ratio.view(-1, *[1] * (module.weight.ndim - 1)))
        module.bias.copy_(level - mean * ratio)
        return (outputs - mean.view(across)) * ratio.view(across) + level

    return set_kernel


def _forget_mean(module: Any, inputs: Any) -> None:
    """Take from a 1×1 layer without biases its answer to the mean input."""
    mean = inputs.mean((0, 2, 3))
    kernel = module.weight.flatten(1)
    kernel.sub_((kernel @ mean)[:, None] * mean / (mean @ mean))
