"""Cards over a stand-in of NVML with NVIDIA's signatures; with a driver it has not been run."""

import time
from pathlib import Path

import pytest

from ibd_mobile.core.errors import HostError
from ibd_mobile.machine.host_gpu import Card, cards, recording
from tests import nvml


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml.build(tmp_path_factory.mktemp("nvml"))


def test_a_computer_without_a_driver_has_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBD_NVML_LIBRARY", "/nowhere/libnvidia-ml.so")
    assert cards() == []


def test_a_driver_that_is_not_loaded_gives_no_cards(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(library, monkeypatch)
    monkeypatch.delenv("NVML_CARDS")
    assert cards() == []


def test_cards_are_told_in_nvmls_order(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(library, monkeypatch, nvml.H100, nvml.T4)
    assert cards() == [
        Card(0, "NVIDIA H100 80GB HBM3", "GPU-h100", 9),
        Card(1, "Tesla T4", "GPU-t4", 6),
    ]
    assert [card.power_mean_s for card in cards()] == [1.0, 0.0]


def test_a_recorder_keeps_files_up_to_date_until_it_is_told_to_stop(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nvml.install(library, monkeypatch, nvml.H100, nvml.T4)
    folder = tmp_path / "card"
    with recording(cards()[1], folder) as files:
        assert {id: path.read_text().strip() for id, path in files.items()} | {
            "gpu_energy": ""
        } == {
            "gpu_energy": "",
            "gpu_power": "70000",
            "gpu_power_limit": "72000",
            "gpu_temperature": "61",
            "gpu_clock": "1590",
            "gpu_memory_clock": "5000",
            "gpu_throttle": "4",
            "gpu_load": "98",
        }
        first_mj = int(files["gpu_energy"].read_text())
        time.sleep(0.5)
        grown_mj = int(files["gpu_energy"].read_text()) - first_mj
        assert 70e3 * 0.3 < grown_mj < 70e3 * 2
    time.sleep(0.2)
    last = files["gpu_energy"].read_text()
    time.sleep(0.2)
    assert files["gpu_energy"].read_text() == last


def test_what_a_card_does_not_tell_has_no_file(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nvml.install(library, monkeypatch, nvml.T4)
    monkeypatch.setenv("NVML_MUTE", "nvmlDeviceGetTotalEnergyConsumption")
    with recording(cards()[0], tmp_path / "card") as files:
        assert "gpu_energy" not in files
        assert "gpu_power" in files


def test_a_card_that_left_is_told(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nvml.install(library, monkeypatch, nvml.T4)
    gone = Card(0, "Tesla T4", "GPU-gone", 6)
    with (
        pytest.raises(HostError, match="cannot be recorded: no card has the UUID GPU-gone"),
        recording(gone, tmp_path / "card"),
    ):
        pass
