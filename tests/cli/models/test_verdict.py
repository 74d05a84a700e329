import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from ibd_mobile.bench.twins import Twins
from ibd_mobile.bench.verification import Accuracy, Conversion
from ibd_mobile.cli.models import verdict
from ibd_mobile.convert.agreement import Agreement, Expectation
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.model import Cost, ReferenceAccuracy
from ibd_mobile.core.record import Record
from tests.small_network import model_of, network

EXAMPLE = Path(__file__).parents[2] / "data" / "example_run.json"


@pytest.fixture
def printed() -> Callable[[Any], list[str]]:
    def of(table: Any) -> list[str]:
        screen = io.StringIO()
        Console(file=screen, width=200, color_system=None).print(table)
        return [line.strip() for line in screen.getvalue().splitlines()]

    return of


def test_a_conversion_is_a_row_with_what_it_took_and_its_verdict(
    printed: Callable[[Any], list[str]], tmp_path: Path
) -> None:
    model = model_of(network(tmp_path / "small.onnx"))
    wish = Wish(format="caffe2")
    stages = Maker(shelf=Shelf(tmp_path / "shelf")).make(model, model.variants[0], wish)
    good = Conversion("small", "caffe2", wish, stages, "")
    bad = Conversion("small", "caffe2", Wish(format="om"), [], "is not named anywhere")
    _, heading, first, second = printed(verdict.of_conversions([good, bad]))
    assert heading.split()[:3] == ["model", "from", "made"]
    assert first.split()[:4] == ["small", "caffe2", "float32", "caffe2"]
    assert first.split()[-2:] == ["100%", "same"]
    assert second.endswith("is not named anywhere")


@pytest.mark.parametrize(
    ("ours", "word"), [(100_000, "explained: rounded"), (150_000, "NOT explained")]
)
def test_a_count_says_why_it_differs_or_that_nothing_explains_it(
    printed: Callable[[Any], list[str]], ours: int, word: str
) -> None:
    one = Agreement(
        "m",
        "pytorch",
        Cost(macs_count=ours, parameters_count=1, counter="ours"),
        Cost(macs_count=100_100, parameters_count=1, counter="theirs", source="s"),
        Expectation(-0.2, 0.2, "rounded"),
    )
    row = printed(verdict.of_agreements([one]))[-1]
    assert row.endswith(word)
    assert f"{ours:,}" in row
    assert "100,100" in row


def test_an_accuracy_stands_beside_the_recorded_one(
    printed: Callable[[Any], list[str]],
) -> None:
    record = msgspec.convert(msgspec.json.decode(EXAMPLE.read_bytes())["records"][0], Record)
    metric = Metric(
        name="top1_ratio", group="accuracy", unit="ratio", value=0.9, low=0.88, high=0.92,
        n=1000, better="higher",
    )  # fmt: skip
    known = ReferenceAccuracy(metric="top1", value=0.91, n=1000, low=0.89, high=0.93, source="s")
    off = msgspec.structs.replace(known, low=0.95, high=0.97)
    rows = [Accuracy(record, metric, r) for r in (known, off, None)]
    *_, first, second, third = printed(verdict.of_accuracies(rows))
    assert "0.9 [0.88–0.92]  1000  [0.89–0.93]  within" in first
    assert second.endswith("OUTSIDE")
    assert third.endswith("1000  –            –")


def test_twins_are_told_in_one_sentence() -> None:
    same = Twins(1000, 1000, ("tensorflow", "pytorch", "caffe2"))
    assert verdict.of_twins(same) == (
        "One set of weights from tensorflow, pytorch, caffe2: the same top-1 in 1000 of 1000"
        " samples"
    )
    assert same.is_same
    assert not Twins(1000, 999, ("tensorflow", "pytorch")).is_same
    assert not Twins(1000, 1000, ("pytorch",)).is_same
