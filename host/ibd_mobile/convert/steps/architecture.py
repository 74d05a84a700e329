"""Architectures that no kept library defines, as plain lists of layers for any framework to build.

SSD with MobileNet v1 and v2 for 300×300 pixels (Liu et al. 2016; Howard et al. 2017; Sandler et al.
2018; feature maps and head as TensorFlow's object detection configured them), and VDSR (Kim et al.
2016).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["conv", "depthwise", "norm", "relu", "relu6", "add", "boxes", "join"]

NORM_EPSILON: Final = 1e-3
#: filters and stride of each depthwise-separable block of MobileNet v1
_V1_BLOCKS: Final = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip
#: expansion, filters, repetitions and first stride of each stage of MobileNet v2
_V2_STAGES: Final = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
#: filters of the 1×1 and of the 3×3 layer, stride 2, that make each further feature map
_EXTRA_MAPS: Final = ((256, 512), (128, 256), (128, 256), (64, 128))
_BOXES_PER_PLACE: Final = (3, 6, 6, 6, 6, 6)
_VDSR_LAYERS: Final = 20
_VDSR_WIDTH: Final = 64


@dataclass(frozen=True)
class Layer:
    """One layer; its name is also the name of what it gives."""

    name: str
    kind: Kind
    inputs: tuple[str, ...]
    in_channels: int = 0  #: of conv, depthwise, norm
    out_channels: int = 0  #: of conv; width of a row of `boxes`
    kernel: int = 1
    stride: int = 1
    is_biased: bool = False


@dataclass
class Architecture:
    """Layers in an order in which they can be computed; "image" is what goes in."""

    channels: int
    layers: list[Layer] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def add(self, layer: Layer) -> str:
        """Append a layer and return its name."""
        self.layers.append(layer)
        return layer.name


@dataclass
class _Place:
    """Where a chain of layers has got to."""

    net: Architecture
    name: str
    channels: int

    def conv(self, name: str, filters: int, kernel: int = 1, stride: int = 1) -> "_Place":
        """Add a convolution, its normalisation and ReLU6."""
        conv = Layer(f"{name}_conv", "conv", (self.name,), self.channels, filters, kernel, stride)
        return _Place(self.net, self.net.add(conv), filters)._normalised(name)._relu6(name)

    def depthwise(self, name: str, stride: int) -> "_Place":
        """Add a 3×3 depthwise convolution, its normalisation and ReLU6."""
        layer = Layer(
            f"{name}_conv", "depthwise", (self.name,), self.channels, self.channels, 3, stride
        )
        return _Place(self.net, self.net.add(layer), self.channels)._normalised(name)._relu6(name)

    def project(self, name: str, filters: int) -> "_Place":
        """Add a 1×1 convolution and its normalisation, without an activation."""
        conv = Layer(f"{name}_conv", "conv", (self.name,), self.channels, filters)
        return _Place(self.net, self.net.add(conv), filters)._normalised(name)

    def plus(self, name: str, other: "_Place") -> "_Place":
        """Add another place's numbers to these."""
        layer = Layer(name, "add", (other.name, self.name))
        return _Place(self.net, self.net.add(layer), self.channels)

    def _normalised(self, name: str) -> "_Place":
        norm = Layer(f"{name}_norm", "norm", (self.name,), self.channels)
        return _Place(self.net, self.net.add(norm), self.channels)

    def _relu6(self, name: str) -> "_Place":
        layer = Layer(name, "relu6", (self.name,))
        return _Place(self.net, self.net.add(layer), self.channels)


def ssd_mobilenet_v1(classes_count: int) -> Architecture:
    """Build SSD on MobileNet v1: plain further maps, heads of 1×1 convolutions.

    Args:
        classes_count: scores per box, the background's among them.
    """
    net = Architecture(3)
    place = _Place(net, "image", 3).conv("stem", 32, 3, 2)
    maps = []
    for k, (filters, stride) in enumerate(_V1_BLOCKS, 1):
        place = place.depthwise(f"block_{k}_depthwise", stride).conv(
            f"block_{k}_pointwise", filters
        )
        if k in (11, 13):
            maps.append(place)
    for k, (narrow, wide) in enumerate(_EXTRA_MAPS, 1):
        place = place.conv(f"extra_{k}_narrow", narrow).conv(f"extra_{k}_wide", wide, 3, 2)
        maps.append(place)
    return _with_heads(net, maps, classes_count, head_kernel=1)


def ssd_mobilenet_v2(classes_count: int) -> Architecture:
    """Build SSD on MobileNet v2: depthwise-separable further maps, heads of 3×3 convolutions.

    Args:
        classes_count: scores per box, the background's among them.
    """
    net = Architecture(3)
    place = _Place(net, "image", 3).conv("stem", 32, 3, 2)
    maps = []
    k = 0
    for expansion, filters, repetitions, first_stride in _V2_STAGES:
        for r in range(repetitions):
            k += 1
            stride = first_stride if r == 0 else 1
            wide, place = _inverted_residual(place, f"block_{k}", expansion, filters, stride)
            if filters == 160 and r == 0:
                maps.append(wide)
    place = place.conv("last", 1280)
    maps.append(place)
    for k, (narrow, wide_count) in enumerate(_EXTRA_MAPS, 1):
        place = place.conv(f"extra_{k}_narrow", narrow)
        place = place.depthwise(f"extra_{k}_depthwise", 2).conv(f"extra_{k}_wide", wide_count)
        maps.append(place)
    return _with_heads(net, maps, classes_count, head_kernel=3)


def vdsr(channels: int = 1) -> Architecture:
    """Build VDSR: what 20 convolutions without biases say is added to the enlarged picture.

    Args:
        channels: 1 for the luminance alone.
    """
    net = Architecture(channels)
    name, width = "image", channels
    for k in range(1, _VDSR_LAYERS + 1):
        filters = _VDSR_WIDTH if k < _VDSR_LAYERS else channels
        name = net.add(Layer(f"layer_{k}_conv", "conv", (name,), width, filters, 3))
        if k < _VDSR_LAYERS:
            name = net.add(Layer(f"layer_{k}", "relu", (name,)))
        width = filters
    net.outputs = [net.add(Layer("picture", "add", ("image", name)))]
    return net


def _inverted_residual(
    place: _Place, name: str, expansion: int, filters: int, stride: int
) -> tuple[_Place, _Place]:
    """Return the expanded features and the block's output."""
    wide = place
    if expansion > 1:
        wide = place.conv(f"{name}_expand", place.channels * expansion)
    out = wide.depthwise(f"{name}_depthwise", stride).project(f"{name}_project", filters)
    if stride == 1 and place.channels == filters:
        out = out.plus(f"{name}_add", place)
    return wide, out


def _with_heads(
    net: Architecture, maps: list[_Place], classes_count: int, head_kernel: int
) -> Architecture:
    for output, width in (("boxes", 4), ("scores", classes_count)):
        rows = []
        for k, (place, boxes_count) in enumerate(zip(maps, _BOXES_PER_PLACE, strict=True), 1):
            name = f"{output}_{k}"
            filters = boxes_count * width
            head = Layer(
                f"{name}_conv", "conv", (place.name,), place.channels, filters, head_kernel,
                is_biased=True,
            )  # fmt: skip
            rows.append(net.add(Layer(name, "boxes", (net.add(head),), out_channels=width)))
        net.outputs.append(net.add(Layer(output, "join", tuple(rows))))
    return net


#: our own definitions: name -> what builds it from the number of classes or channels
ARCHITECTURES: Final[dict[str, Callable[[int], Architecture]]] = {
    "ssd_mobilenet_v1": ssd_mobilenet_v1,
    "ssd_mobilenet_v2": ssd_mobilenet_v2,
    "vdsr": vdsr,
}
