from pathlib import Path

import msgspec
import pytest

from ibd_mobile.bench.plan import plan
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Identity
from ibd_mobile.core.device import Slot
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.study import Study
from ibd_mobile.machine.local import LocalLink


@pytest.fixture(scope="module")
def stock() -> Stock:
    return Stock.read()


def target(stock: Stock, device: str, platform: str, tmp_path: Path) -> Target:
    return Target(
        slot=Slot(id=device),
        link=LocalLink(tmp_path),
        device=stock.devices[device],
        phone=None,
        identity=Identity(
            serial="s",
            platform=platform,
            device=device,
            phone="",
            boot_id="b",
            is_simulated=False,
            is_root=False,
            properties={},
        ),
    )


def study(stock: Stock, **changes: object) -> Study:
    return msgspec.structs.replace(stock.studies["shapes"], **changes)


def test_the_plan_is_the_product_of_the_axes(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    found = plan(study(stock, threads=[1, 2]), [host], stock.models)
    assert len(found.jobs) == 2 * 2 * 2
    assert len({job.id for job in found.jobs}) == len(found.jobs)
    assert not found.skips


def test_the_same_study_has_the_same_jobs(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    one, two = (plan(study(stock), [host], stock.models) for _ in range(2))
    assert [j.id for j in one.jobs] == [j.id for j in two.jobs]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"processors": ["cpu", "gpu"]}, "has no gpu"),
        ({"precisions": ["int8", "bfloat16"]}, "has no bfloat16 file from tensorflow"),
    ],
)
def test_a_cell_that_cannot_be_run_is_listed_with_its_reason(
    stock: Stock, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    found = plan(study(stock, **changes), [host], stock.models)
    assert found.jobs
    assert any(reason in skip.reason for skip in found.skips)


def test_a_framework_that_lacks_its_library_for_a_phone_is_said_so(
    stock: Stock, tmp_path: Path
) -> None:
    phone = target(stock, "sd855", "android-arm64", tmp_path)
    with pytest.raises(InputError, match="no job can be run here: ibd_bench for Android must be"):
        plan(study(stock), [phone], stock.models)


def test_an_accuracy_job_has_one_sample_per_inference(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    found = plan(study(stock, batches=[4]), [host], stock.models)
    assert {(j.kind, j.batch) for j in found.jobs} == {("measure", 4), ("accuracy", 1)}


def test_two_batches_do_not_repeat_the_accuracy_job(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    found = plan(study(stock, batches=[1, 4]), [host], stock.models)
    assert [j.kind for j in found.jobs].count("accuracy") == 2
