from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.bench import verification
from ibd_mobile.catalog import library
from ibd_mobile.convert.agreement import published_agreement
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.model import Cost, Model, ReferenceAccuracy, SourceFile
from tests.small_network import model_of, network

HEAD = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['numpy']\n# ///\n"
#: a step that says what its source says, or not
STEP = """
import sys
from ibd_mobile.convert.steps import step

def convert(request):
    request.target.write_bytes(b"made")
    taken = step.samples(request)
    step.write_compared(request, [taken], [taken * FACTOR])
    tensor = step.TensorInfo("x", "float32", [-1, 3, 8, 8])
    return step.Made([tensor], [tensor], "NCHW", -1)

sys.exit(step.main(convert, ["numpy"]))
"""


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """Makes ONNX well, and TFLite badly."""
    steps = tmp_path / "steps"
    steps.mkdir()
    for name, factor in (("caffe2_to_onnx", "1"), ("onnx_to_onnx", "1"), ("onnx_to_tflite", "3")):
        (steps / f"{name}.py").write_text(HEAD + STEP.replace("FACTOR", factor))
    return Maker(shelf=Shelf(tmp_path / "shelf"), steps=steps)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    file = network(tmp_path / "small.onnx")
    found = model_of(file)
    variant = found.variants[0]
    files = [SourceFile(role=r, url=file.as_uri()) for r in ("init", "predict")]  # type: ignore[arg-type]
    source = msgspec.structs.replace(variant.source, format="caffe2", files=files)
    return msgspec.structs.replace(
        found, variants=[msgspec.structs.replace(variant, source=source)]
    )


def test_every_way_there_is_is_gone_and_what_came_of_it_is_told(model: Model, maker: Maker) -> None:
    found = {(c.wish.format, c.wish.precision): c for c in verification.conversions([model], maker)}
    assert set(found) == {
        (format, precision)
        for format in ("tflite", "onnx")
        for precision in ("float32", "float16", "int8", "int8_dynamic")
    }
    assert found["onnx", "float32"].problem == ""
    assert [k.stage.step for k in found["onnx", "float16"].stages] == [
        "caffe2_to_onnx",
        "onnx_to_onnx",
    ]
    assert "departs by" in found["tflite", "float32"].problem
    assert "int8 needs pictures" in found["onnx", "int8"].problem


def test_what_no_way_leads_to_is_not_a_failure(maker: Maker) -> None:
    vdsr = library.models()["vdsr"]
    assert list(verification.conversions([vdsr], maker)) == []  # no weights are published


def test_counts_of_float32_files_are_set_beside_what_is_published(
    model: Model, maker: Maker
) -> None:
    published = [Cost(macs_count=100, parameters_count=1, counter="by hand", source="test")]
    model = msgspec.structs.replace(model, published=published)
    found = list(verification.conversions([model], maker))
    assert verification.agreements(model, found) == []  # b"made" cannot be counted
    cost = Cost(macs_count=100, parameters_count=1, counter="ours")
    (one,) = published_agreement(cost, model, "caffe2")
    assert one.is_within


@pytest.mark.parametrize(
    ("value", "low", "expected"),
    [(0.9, 0.88, True), (0.87, 0.88, False), (0.93, 0.88, False), (0.9, None, None)],
)
def test_an_accuracy_lies_in_the_recorded_interval_or_not(
    value: float, low: float | None, expected: bool | None
) -> None:
    metric = Metric(name="top1_ratio", group="accuracy", unit="ratio", value=value, better="higher")
    high = 0.92 if low is not None else None
    known = ReferenceAccuracy(metric="top1", value=0.9, n=10, low=low, high=high, source="s")
    record: Callable[[], None] = lambda: None  # noqa: E731 - not looked at
    assert verification.Accuracy(record, metric, known).is_within is expected  # type: ignore[arg-type]


def test_every_wish_is_of_a_format_that_a_framework_reads() -> None:
    assert Wish(format="tflite", precision="int8") in verification.WISHES
    assert len(set(verification.WISHES)) == len(verification.WISHES)
