"""What a run lacks is made before anything is measured."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.bench.plan import plan
from ibd_mobile.bench.provision import provision
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.core.model import SourceFile
from ibd_mobile.core.study import Study
from ibd_mobile.machine.local import LocalLink
from tests.small_network import model_of, network

from .conftest import host


@pytest.fixture
def target(small: Stock, tmp_path: Path) -> Target:
    return host(small, LocalLink(tmp_path / "host"))


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network as Caffe2 gives it: two nets."""
    folder = tmp_path_factory.mktemp("nets")
    model = model_of(network(folder / "small.onnx"))
    kept = Maker(shelf=Shelf(folder)).make(model, model.variants[0], Wish(format="caffe2"))[-1]
    for role, path in kept.files.items():
        (folder / f"{role}.pb").write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def stock(small: Stock, nets: Path) -> Stock:
    model = model_of(nets / "small.onnx")
    variant = model.variants[0]
    files = [
        SourceFile(role=role, url=(nets / f"{role}.pb").as_uri())  # type: ignore[arg-type]
        for role in ("init", "predict")
    ]
    source = msgspec.structs.replace(variant.source, format="caffe2", files=files)
    model = msgspec.structs.replace(
        model, variants=[msgspec.structs.replace(variant, source=source)]
    )
    return replace(small, models={**small.models, "small": model})


def study(stock: Stock, **changes: object) -> Study:
    facts: dict[str, object] = {
        "models": ["small"], "training_frameworks": ["caffe2"], "frameworks": ["onnxruntime"],
        "precisions": ["float32"], "kinds": ["measure"],
    }  # fmt: skip
    return msgspec.structs.replace(stock.studies["shapes"], **{**facts, **changes})


def test_a_file_that_nobody_made_yet_is_made_and_planned_with(
    stock: Stock, target: Target, tmp_path: Path
) -> None:
    said: list[str] = []
    maker = Maker(shelf=Shelf(tmp_path / "shelf"), say=said.append)
    asked = study(stock)
    grown, reasons = provision(asked, [target], stock, maker)
    assert said == ["small (caffe2) → float32 onnx, step caffe2_to_onnx"]
    assert not reasons
    (job,) = plan(asked, [target], grown.models, reasons).jobs
    assert job.input_size == 8
    assert grown.artifact_file(job).is_file()
    assert grown.artifact(job).format == "onnx"


def test_cells_that_want_the_same_file_share_it(
    stock: Stock, target: Target, tmp_path: Path
) -> None:
    said: list[str] = []
    maker = Maker(shelf=Shelf(tmp_path / "shelf"), say=said.append)
    asked = study(stock, threads=[1, 2], batches=[1, 4])
    grown, reasons = provision(asked, [target], stock, maker)
    jobs = plan(asked, [target], grown.models, reasons).jobs
    assert len(jobs) == 4
    assert len({job.artifact_sha256 for job in jobs}) == 1
    assert len(said) == 1


def test_a_network_that_cannot_be_converted_costs_its_own_cells_alone(
    stock: Stock, target: Target, tmp_path: Path
) -> None:
    maker = Maker(shelf=Shelf(tmp_path / "shelf"))
    asked = study(stock, precisions=["float32", "int8"])
    grown, reasons = provision(asked, [target], stock, maker)
    found = plan(asked, [target], grown.models, reasons)
    assert [job.precision for job in found.jobs] == ["float32"]
    (skip,) = found.skips
    assert "is trained, and int8 needs pictures like those it knows" in skip.reason


def test_nothing_is_made_for_a_cell_that_could_not_run_anyhow(
    stock: Stock, target: Target, tmp_path: Path
) -> None:
    said: list[str] = []
    maker = Maker(shelf=Shelf(tmp_path / "shelf"), say=said.append)
    asked = study(stock, processors=["npu"])
    grown, reasons = provision(asked, [target], stock, maker)
    assert said == []
    assert not reasons
    assert grown is stock


def test_what_travels_with_the_package_is_not_made_anew(
    stock: Stock, target: Target, tmp_path: Path
) -> None:
    said: list[str] = []
    maker = Maker(shelf=Shelf(tmp_path / "shelf"), say=said.append)
    provision(stock.studies["shapes"], [target], stock, maker)
    assert said == []
