import os
import platform
import sys
from pathlib import Path

import msgspec
import pytest

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.job import Job
from ibd_mobile.core.payload import payload
from ibd_mobile.core.seams import Order
from ibd_mobile.frameworks import litert
from ibd_mobile.frameworks._worker import LAUNCH

THIS = f"linux-{platform.machine()}"


@pytest.fixture(scope="module")
def order() -> Order:
    stock = Stock.read()
    artifact = stock.models["shapes_classifier"].variants[0].artifacts[1]
    job = Job(
        kind="measure",
        device="host_cpu",
        slot="host_cpu",
        model="shapes_classifier",
        training_framework="tensorflow",
        input_size=64,
        artifact_sha256=artifact.sha256,
        precision="int8",
        framework="litert",
        processor="cpu",
        threads=3,
        batch=2,
        protocol="ibd",
        seed=7,
    )
    return Order(
        job=job,
        model_file=stock.artifact_file(job),
        platform=THIS,
        deployment="desktop",
        warmup_runs=1,
        timed_runs=5,
        power_s=12.5,
    )


def changed(order: Order, **changes: object) -> Order:
    return msgspec.structs.replace(order, **changes)


def options(argv: list[str]) -> dict[str, str]:
    """The words after the program, as option -> value."""
    start = next(k for k, word in enumerate(argv) if word.startswith("--"))
    words = argv[start:]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_on_a_host_the_worker_is_started_with_what_the_job_says(order: Order) -> None:
    found = litert.invocation(order)
    assert found.argv[:4] == [sys.executable, "-P", str(LAUNCH), "litert"]
    cpus = options(found.argv[4:])["--cpus"].split(",")
    assert len(cpus) == min(3, len(os.sched_getaffinity(0)))
    assert options(found.argv[4:]) == {
        "--model": "{model}",
        "--model-sha256": order.job.artifact_sha256,
        "--journal": "{journal}",
        "--accelerator": "cpu",
        "--threads": "3",
        "--batch": "2",
        "--nonce": "{nonce}",
        "--outputs": "{folder}",
        "--warmup": "1",
        "--runs": "5",
        "--power-s": "12.5",
        "--seed": "7",
        "--cpus": ",".join(cpus),
        "--option": "precision=int8",
    }
    assert [(f.role, f.source) for f in found.files] == [("model", order.model_file)]
    assert found.framework_version.startswith("ai-edge-litert ")


def test_on_a_phone_the_native_program_is_brought_with_its_library(order: Order) -> None:
    found = litert.invocation(changed(order, deployment="mobile"))
    assert found.argv[0] == "{program}"
    assert options(found.argv)["--engine"] == "litert"
    assert options(found.argv)["--library"] == "{library}"
    files = {f.role: f.source for f in found.files}
    assert files["program"] == payload(THIS, "ibd_bench")
    assert files["library"].name == "libLiteRt.so"
    assert all(f.source.is_file() for f in found.files)


@pytest.mark.parametrize("deployment", ["desktop", "mobile"])
def test_an_accuracy_job_brings_its_data_set_and_times_nothing(
    order: Order, tmp_path: Path, deployment: str
) -> None:
    data = tmp_path / "set.bin"
    data.write_bytes(b"")
    asked = changed(order, deployment=deployment, dataset_file=data, dataset_count=40, power_s=0.0)
    found = litert.invocation(asked)
    words = options(found.argv[4:] if deployment == "desktop" else found.argv)
    assert (words["--dataset"], words["--count"]) == ("{dataset}", "40")
    assert not {"--runs", "--warmup", "--power-s", "--seed"} & words.keys()
    assert found.files[-1].role == "dataset"
    assert found.files[-1].source == data


def test_android_lacks_a_program_that_can_open_the_library() -> None:
    reason = litert.missing_reason("android-arm64", "mobile")
    assert reason.startswith("ibd_bench for Android must be built with the NDK")


def test_what_is_missing_is_not_started(order: Order) -> None:
    with pytest.raises(HostError, match="built with the NDK") as caught:
        litert.invocation(changed(order, platform="android-arm64", deployment="mobile"))
    assert "ibd-mobile doctor" in caught.value.remedy


def test_this_computer_has_all_it_needs() -> None:
    assert litert.missing_reason(THIS, "desktop") == ""
    assert litert.missing_reason(THIS, "mobile") == ""


def test_the_library_of_another_platform_is_the_labs_to_name(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "linux-aarch64" if THIS != "linux-aarch64" else "linux-x86_64"
    monkeypatch.delenv(litert.LIBRARY_VARIABLE, raising=False)
    reason = litert.missing_reason(other, "mobile")
    assert reason.startswith(f"no libLiteRt.so for {other} on this computer")
    assert litert.LIBRARY_VARIABLE in reason

    library = tmp_path / "libLiteRt.so"
    monkeypatch.setenv(litert.LIBRARY_VARIABLE, str(library))
    assert litert.missing_reason(other, "mobile") == reason, "it names a file that is not there"

    library.write_bytes(b"")
    assert litert.missing_reason(other, "mobile") == ""
    found = litert.invocation(changed(order, platform=other, deployment="mobile"))
    assert library in [f.source for f in found.files]


def test_the_labs_library_never_replaces_the_wheels_own(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libLiteRt.so").write_bytes(b"")
    monkeypatch.setenv(litert.LIBRARY_VARIABLE, str(tmp_path / "libLiteRt.so"))
    found = litert.invocation(changed(order, deployment="mobile"))
    assert tmp_path / "libLiteRt.so" not in [f.source for f in found.files]
