import pytest

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job


def job(stock: Stock, sha256: str) -> Job:
    return Job(
        kind="measure",
        device="sd855",
        slot="s",
        model="shapes_classifier",
        training_framework="tensorflow",
        input_size=64,
        artifact_sha256=sha256,
        precision="float32",
        framework="litert",
        processor="cpu",
        threads=1,
        batch=1,
        protocol="ibd",
        seed=1,
    )


def test_the_stock_holds_every_family() -> None:
    stock = Stock.read()
    for family in (stock.devices, stock.phones, stock.protocols, stock.studies, stock.models):
        assert all(noun.id == id for id, noun in family.items())
        assert family
    assert not stock.slots


def test_a_job_finds_its_artifact_by_hash_and_its_file_on_disk() -> None:
    stock = Stock.read()
    for artifact in stock.models["shapes_classifier"].variants[0].artifacts:
        planned = job(stock, artifact.sha256)
        assert stock.artifact(planned) == artifact
        assert stock.artifact_file(planned).name == artifact.file


def test_a_job_whose_artifact_has_changed_since_is_refused() -> None:
    stock = Stock.read()
    planned = job(stock, "0" * 64)
    with pytest.raises(InputError, match="has no file with sha256 000000000000… any more"):
        stock.artifact(planned)
