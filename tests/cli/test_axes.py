from pathlib import Path

import pytest

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.cli.axes import Axes, narrow
from ibd_mobile.core.errors import InputError

from .conftest import STUDY


@pytest.fixture
def stock() -> Stock:
    return Stock.read()


def test_without_axes_a_study_is_itself(stock: Stock) -> None:
    assert narrow(stock, "shapes", Axes()) == stock.studies["shapes"]


def test_what_is_named_replaces_the_studys_own(stock: Stock) -> None:
    axes = Axes(precisions=["int8"], threads=[4, 1, 4], batches=[8, 2], protocol="quick", repeats=4)
    found = narrow(stock, "shapes", axes)
    assert found.precisions == ["int8"]
    assert found.threads == [1, 4]
    assert found.batches == [2, 8]
    assert found.protocol == "quick"
    assert found.repeats == 4
    assert found.models == stock.studies["shapes"].models


def test_a_value_that_is_named_twice_counts_once(stock: Stock) -> None:
    axes = Axes(precisions=["int8", "float32", "int8"])
    assert narrow(stock, "shapes", axes).precisions == ["int8", "float32"]


def test_a_study_can_be_a_file(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(STUDY.replace("small", "mine"))
    assert narrow(stock, str(path), Axes()).id == "mine"


@pytest.mark.parametrize(
    ("axes", "text", "near"),
    [
        (Axes(models=["shape_classifier"]), "model 'shape_classifier'", "shapes_classifier"),
        (Axes(precisions=["float23"]), "precision 'float23'", "float32"),
        (Axes(frameworks=["litret"]), "framework 'litret'", "litert"),
        (Axes(processors=["gpus"]), "processor 'gpus'", "gpu"),
        (Axes(protocol="idb"), "protocol 'idb'", "ibd"),
    ],
)
def test_an_unknown_name_offers_the_nearest(stock: Stock, axes: Axes, text: str, near: str) -> None:
    with pytest.raises(InputError, match=f"{text}: does not exist") as caught:
        narrow(stock, "shapes", axes)
    assert f"Did you mean '{near}'?" in caught.value.remedy


@pytest.mark.parametrize(("study", "problem"), [("shape", "does not exist"), ("x.toml", "x.toml")])
def test_an_unknown_study_is_named(stock: Stock, study: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        narrow(stock, study, Axes())


def test_a_wrong_name_inside_a_study_file_is_found_too(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(STUDY.replace("litert", "litret"))
    with pytest.raises(InputError, match="framework 'litret'"):
        narrow(stock, str(path), Axes())
