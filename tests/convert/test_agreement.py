"""Our counts of the zoo's networks beside what is published about them.

The graphs are those of the zoo's definitions without their weights: tests/data/graphs.
"""

from pathlib import Path

import onnx
import pytest

from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.convert import cost_tflite
from ibd_mobile.convert.agreement import Agreement, published_agreement
from ibd_mobile.convert.steps import cost_onnx
from ibd_mobile.core.model import Cost, Model

ROOT = Path(__file__).parents[2]
GRAPHS = ROOT / "tests" / "data" / "graphs"
ZOO = ROOT / "models" / "zoo"


def model(id: str) -> Model:
    return read_toml(ZOO / f"{id}.toml", Model)


def counted(path: Path) -> Cost:
    if path.suffix == ".tflite":
        return cost_tflite.count(path)
    macs_count, parameters_count = cost_onnx.count(onnx.load(path))
    return Cost(macs_count=macs_count, parameters_count=parameters_count, counter=cost_onnx.COUNTER)


def graphs() -> list[Path]:
    return sorted(p for p in GRAPHS.iterdir() if p.suffix in (".tflite", ".onnx"))


def agreements(path: Path) -> list[Agreement]:
    id, _, framework = path.stem.rpartition("_")
    return published_agreement(counted(path), model(id), framework)


@pytest.mark.parametrize("path", graphs(), ids=lambda p: p.name)
def test_our_count_differs_from_each_published_one_by_what_the_conventions_explain(
    path: Path,
) -> None:
    found = agreements(path)
    assert found
    for one in found:
        told = f"{one.difference_pct:+.2f} % of {one.published.counter}: {one.expected}"
        assert one.is_within, told


def test_every_network_of_the_paper_was_counted_in_both_formats() -> None:
    ids = {p.stem for p in ZOO.glob("*.toml")}
    assert len(ids) == 10
    for suffix, framework in ((".tflite", "tensorflow"), (".onnx", "pytorch")):
        found = {p.stem.removesuffix(f"_{framework}") for p in graphs() if p.suffix == suffix}
        assert found == ids


#: architectures that are the same in both libraries to the last multiply-add
@pytest.mark.parametrize("id", ["vgg16", "ssd_mobilenet_v1", "ssd_mobilenet_v2", "vdsr"])
def test_two_counters_of_two_formats_agree_on_one_architecture(id: str) -> None:
    keras = counted(GRAPHS / f"{id}_tensorflow.tflite")
    pytorch = counted(GRAPHS / f"{id}_pytorch.onnx")
    assert keras.macs_count == pytorch.macs_count


def test_a_difference_that_nothing_explains_is_told() -> None:
    published = model("vgg16").published[0]
    ours = Cost(macs_count=published.macs_count // 2, parameters_count=1, counter="ours")
    first = published_agreement(ours, model("vgg16"), "pytorch")[0]
    assert not first.is_within
    assert first.difference_pct == pytest.approx(-50, abs=0.01)


def test_what_was_not_counted_is_compared_with_nothing() -> None:
    uncounted = Cost(macs_count=0, parameters_count=0, counter="not counted in this format")
    assert published_agreement(uncounted, model("vgg16"), "pytorch") == []
