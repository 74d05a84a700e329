"""The ten networks of the paper, as data."""

from collections import Counter
from pathlib import Path

import pytest

from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.core.model import Model

ZOO = Path(__file__).parents[2] / "models" / "zoo"
MODELS = {path.stem: read_toml(path, Model) for path in sorted(ZOO.glob("*.toml"))}
DETECTORS = sorted(m.id for m in MODELS.values() if m.boxes is not None)


def test_the_ten_networks_of_three_applications_are_there() -> None:
    assert {m.id for m in MODELS.values()} == set(MODELS)
    assert Counter(m.application for m in MODELS.values()) == {
        "classification": 7,
        "detection": 2,
        "super_resolution": 1,
    }


@pytest.mark.parametrize("id", sorted(MODELS))
def test_each_network_can_be_built_from_tensorflow_and_pytorch(id: str) -> None:
    definitions = {v.training_framework: v.definition for v in MODELS[id].variants}
    assert {"tensorflow", "pytorch"} <= set(definitions)
    assert None not in definitions.values()


@pytest.mark.parametrize("id", sorted(MODELS))
def test_the_own_size_of_a_network_is_one_of_its_sizes(id: str) -> None:
    for variant in MODELS[id].variants:
        sizes, own = variant.input.sizes, variant.input.height
        assert own == variant.input.width
        if sizes is not None:
            assert (sizes.least, sizes.most) == (128, 1024)
            assert own in range(sizes.least, sizes.most + 1, sizes.step)


def test_networks_whose_weights_or_anchors_belong_to_one_size_have_one() -> None:
    fixed = {m.id for m in MODELS.values() if all(v.input.sizes is None for v in m.variants)}
    assert fixed == {"vgg16", "ssd_mobilenet_v1", "ssd_mobilenet_v2"}


@pytest.mark.parametrize("id", sorted(MODELS))
def test_a_source_says_who_knows_of_it_and_that_nobody_tried(id: str) -> None:
    sources = [v.source for v in MODELS[id].variants if v.source is not None]
    for source in sources:
        assert "untested" in source.origin
        for file in source.files:
            assert file.url.startswith("https://")
    assert sources or id == "vdsr"


def test_what_has_a_reference_accuracy_has_a_source() -> None:
    for model in MODELS.values():
        for variant in model.variants:
            assert variant.source is not None or not variant.reference
            for one in variant.reference:
                assert 0.2 < one.value < 1


@pytest.mark.parametrize("id", DETECTORS)
def test_the_anchors_of_an_ssd_are_those_of_its_maps(id: str) -> None:
    boxes = MODELS[id].boxes
    assert boxes is not None
    assert [a.rows for a in boxes.anchors] == [19, 10, 5, 3, 2, 1]
    assert sum(a.rows * a.columns * len(a.boxes) for a in boxes.anchors) == 1917


@pytest.mark.parametrize("id", DETECTORS)
def test_anchors_grow_from_map_to_map_and_have_the_area_of_their_scale(id: str) -> None:
    boxes = MODELS[id].boxes
    assert boxes is not None
    # scales from 0.2 to 0.95 in six steps, and one box between each and the next (Liu et al. 2016)
    for k, layer in enumerate(boxes.anchors):
        scale, following = 0.2 + 0.15 * k, 0.2 + 0.15 * (k + 1) if k < 5 else 1.0
        areas = [height * width for height, width in layer.boxes]
        expected = [0.01, 0.04, 0.04] if k == 0 else [scale**2] * 5 + [scale * following]
        assert areas == pytest.approx(expected, rel=1e-3)
    ratios = [width / height for height, width in boxes.anchors[1].boxes]
    assert ratios == pytest.approx([1, 2, 1 / 2, 3, 1 / 3, 1], rel=1e-3)
