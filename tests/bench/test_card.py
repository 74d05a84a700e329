"""A session on a card, over a stand-in of NVML: recognised, recorded, judged."""

import dataclasses
from pathlib import Path

import msgspec
import pytest

import ibd_mobile.frameworks
from ibd_mobile.bench import measure
from ibd_mobile.bench.target import open_target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.device import Slot
from ibd_mobile.core.errors import PhoneNotReady
from ibd_mobile.core.record import Record
from tests import nvml

from .conftest import bench_of


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml.build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def stock(small: Stock, monkeypatch: pytest.MonkeyPatch) -> Stock:
    """A catalog whose T4 runs the framework of these tests."""
    path = [*ibd_mobile.frameworks.__path__, str(Path(__file__).parent / "frameworks")]
    monkeypatch.setattr(ibd_mobile.frameworks, "__path__", path)
    t4 = small.devices["t4"]
    gpu = msgspec.structs.replace(t4.processors[0], accelerators={"carded": "cpu"})
    t4 = msgspec.structs.replace(t4, processors=[gpu])
    brief = msgspec.structs.replace(
        small.protocols["quick"], id="brief", power_window_s=2.0, idle_s=1.0
    )
    return dataclasses.replace(
        small,
        devices={**small.devices, "t4": t4},
        protocols={**small.protocols, "brief": brief},
    )


def test_a_card_is_recognised_among_others_and_handed_to_the_worker(
    stock: Stock, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(library, monkeypatch, nvml.H100, nvml.T4)
    target = open_target(Slot(id="t4"), stock)
    assert target.card is not None
    assert target.card.uuid == "GPU-t4"
    assert target.identity.device == "t4"
    assert target.identity.properties["host.gpu"] == "Tesla T4"
    assert open_target(Slot(id="h100"), stock).identity.properties["host.gpu_uuid"] == "GPU-h100"
    assert open_target(Slot(id="host_cpu"), stock).card is None


def test_a_card_that_is_not_there_is_told_with_those_that_are(
    stock: Stock, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(library, monkeypatch, nvml.H100)
    with pytest.raises(PhoneNotReady, match=r"has no NVIDIA T4 .*NVIDIA H100 80GB HBM3"):
        open_target(Slot(id="t4"), stock)


@pytest.fixture
def record(stock: Stock, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Record:
    nvml.install(library, monkeypatch, nvml.T4)
    target = open_target(Slot(id="t4"), stock)
    bench = bench_of(
        stock,
        [target],
        tmp_path / "runs",
        frameworks=["carded"],
        processors=["gpu"],
        protocol="brief",
    )
    with bench.session() as session:
        record = session.measure(bench.run.info.jobs[0])
    assert measure.reparse_job(bench.run, record.job_id) == []
    bench.run.close()
    return record


def test_its_energy_and_its_throttling_are_in_the_record(record: Record) -> None:
    metrics = {m.name: m for m in record.metrics}
    gross = metrics["power_gross_w"]
    assert gross.value == pytest.approx(70, rel=0.05)
    assert metrics["power_idle_w"].value == pytest.approx(70, rel=0.1)
    assert metrics["utilization_ratio"].value is not None
    findings = {f.id: f for f in record.findings}
    assert findings["THROTTLED"].measured.endswith("power cap")
    assert "FALLBACK" not in findings
    assert record.hardware.processor_name == "NVIDIA T4"
    (gate,) = record.conditions.gates
    assert (gate.gate, gate.measured, gate.is_passed) == ("gpu temperature", "61.0 °C", True)
