import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.bench.plan import plan
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.context import Identity
from ibd_mobile.core.device import Slot
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.job import Job
from ibd_mobile.core.study import Study, Variable
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


def order(jobs: list[Job], variable: str) -> list[tuple[int, object]]:
    return [(job.seed, getattr(job, variable)) for job in jobs if job.kind == "measure"]


def test_every_second_repetition_goes_backwards(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    found = plan(study(stock, threads=[1, 2, 4], precisions=["int8"], repeats=3), [host],
                 stock.models)  # fmt: skip
    forth, back = [1, 2, 4], [4, 2, 1]
    expected = [(seed, t) for seed, row in ((1, forth), (2, back), (3, forth)) for t in row]
    assert order(found.jobs, "threads") == expected


def test_one_repetition_has_the_jobs_that_there_always_were(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    once, twice = (plan(study(stock, repeats=count), [host], stock.models).jobs for count in (1, 2))
    assert {job.id for job in once} < {job.id for job in twice}
    assert {job.seed for job in once} == {1}


def test_accuracy_is_measured_once_when_nothing_timed_is_left(stock: Stock, tmp_path: Path) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    kinds = [job.kind for job in plan(study(stock, repeats=2), [host], stock.models).jobs]
    assert kinds == ["measure"] * 4 + ["accuracy"] * 2


@pytest.mark.parametrize("variable", ["precision", "threads", "batch", "framework"])
def test_neighbours_differ_in_what_is_studied(
    variable: Variable, stock: Stock, tmp_path: Path
) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path)
    axes: dict[str, object] = {
        "variable": variable, "kinds": ["measure"], "precisions": ["float32", "int8"],
        "threads": [1, 2], "batches": [1, 2], "frameworks": ["litert", "onnxruntime"],
    }  # fmt: skip
    jobs = plan(study(stock, **axes), [host], stock.models).jobs
    assert len(jobs) == 16
    values = [getattr(job, variable) for job in jobs]
    assert all(a != b for a, b in itertools.pairwise(values))


@given(cells=st.integers(1, 4), repeats=st.integers(1, 3).map(lambda n: 2 * n))
def test_in_an_even_number_of_repetitions_all_cells_have_one_mean_place(
    cells: int, repeats: int, stock: Stock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    host = target(stock, "host_cpu", "linux-x86_64", tmp_path_factory.getbasetemp())
    axes = {"threads": list(range(1, cells + 1)), "precisions": ["int8"], "kinds": ["measure"]}
    jobs = plan(study(stock, repeats=repeats, **axes), [host], stock.models).jobs
    places: dict[int, int] = {}
    for place, job in enumerate(jobs):
        places[job.threads] = places.get(job.threads, 0) + place
    assert len(set(places.values())) == 1
