from math import ceil

import pytest

from ibd_mobile.convert.steps.architecture import ARCHITECTURES, Architecture, Layer


def sizes(net: Architecture, input_size: int) -> dict[str, int]:
    """Height of what each layer gives, with "same" padding."""
    found = {"image": input_size}
    for layer in net.layers:
        found[layer.name] = ceil(found[layer.inputs[0]] / layer.stride)
    return found


def macs(net: Architecture, input_size: int) -> int:
    at = sizes(net, input_size)
    total = 0
    for layer in net.layers:
        if layer.kind in ("conv", "depthwise"):
            inputs = layer.in_channels if layer.kind == "conv" else 1
            total += at[layer.name] ** 2 * layer.out_channels * layer.kernel**2 * inputs
    return total


def parameters(net: Architecture) -> int:
    total = 0
    for layer in net.layers:
        if layer.kind in ("conv", "depthwise"):
            inputs = layer.in_channels if layer.kind == "conv" else 1
            total += layer.out_channels * (layer.kernel**2 * inputs + layer.is_biased)
        if layer.kind == "norm":
            total += 2 * layer.in_channels
    return total


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_layer_takes_what_an_earlier_one_gives(name: str) -> None:
    net = ARCHITECTURES[name](1 if name == "vdsr" else 91)
    known = {"image"}
    for layer in net.layers:
        assert known.issuperset(layer.inputs), layer.name
        assert layer.name not in known
        known.add(layer.name)
    assert known.issuperset(net.outputs)


@pytest.mark.parametrize("version", [1, 2])
def test_the_maps_of_an_ssd_have_the_sizes_of_its_anchors(version: int) -> None:
    net = ARCHITECTURES[f"ssd_mobilenet_v{version}"](91)
    at = sizes(net, 300)
    assert [at[f"scores_{k}_conv"] for k in range(1, 7)] == [19, 10, 5, 3, 2, 1]
    rows = {n.name: n for n in net.layers if n.kind == "boxes"}
    heads: dict[str, Layer] = {n.name: n for n in net.layers}
    for output, width in (("boxes", 4), ("scores", 91)):
        count = 0
        for k in range(1, 7):
            row = rows[f"{output}_{k}"]
            assert row.out_channels == width
            count += heads[row.inputs[0]].out_channels // width * at[row.inputs[0]] ** 2
        assert count == 1917


def test_ssd_mobilenet_v1_has_the_published_size_and_cost() -> None:
    net = ARCHITECTURES["ssd_mobilenet_v1"](91)
    assert parameters(net) / 1e6 == pytest.approx(6.807, abs=0.03)  # Open Model Zoo
    assert macs(net, 300) / 1e9 == pytest.approx(1.235, abs=0.02)  # TI SPRACZ2


def test_ssd_mobilenet_v2_has_the_published_size_and_cost() -> None:
    net = ARCHITECTURES["ssd_mobilenet_v2"](91)
    assert parameters(net) / 1e6 == pytest.approx(16.818, abs=0.05)  # Open Model Zoo
    assert 2 * macs(net, 300) / 1e9 == pytest.approx(3.775, abs=0.06)


def test_vdsr_has_twenty_layers_of_64_and_adds_to_its_picture() -> None:
    net = ARCHITECTURES["vdsr"](1)
    convs = [n for n in net.layers if n.kind == "conv"]
    assert len(convs) == 20
    assert {n.out_channels for n in convs[:-1]} == {64}
    assert not any(n.is_biased for n in convs)
    assert net.layers[-1].inputs[0] == "image"
    assert parameters(net) == 664_704
    assert macs(net, 256) == 664_704 * 256**2
