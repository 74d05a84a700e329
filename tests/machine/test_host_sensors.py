from pathlib import Path

import pytest

from ibd_mobile.machine.host_sensors import card_sensors, package_sensors


@pytest.fixture
def powercap(tmp_path: Path) -> Path:
    """Zones as on a laptop: one package with parts, and one zone that holds all."""
    zones = {
        "intel-rapl": None,
        "intel-rapl:0": "package-0",
        "intel-rapl:0:0": "core",
        "intel-rapl:0:1": "uncore",
        "intel-rapl:1": "psys",
    }
    for zone, name in zones.items():
        (tmp_path / zone).mkdir()
        if name is not None:
            (tmp_path / zone / "name").write_text(f"{name}\n")
            (tmp_path / zone / "energy_uj").write_text("123\n")
    return tmp_path


def test_packages_alone_are_counted(powercap: Path) -> None:
    (sensor,) = package_sensors(powercap)
    assert (sensor.id, sensor.quantity, sensor.unit) == ("rapl_package_0", "energy", "uJ")
    assert sensor.node == str(powercap / "intel-rapl:0" / "energy_uj")


def test_every_socket_has_its_counter(powercap: Path) -> None:
    (powercap / "intel-rapl:1" / "name").write_text("package-1\n")
    assert [s.id for s in package_sensors(powercap)] == ["rapl_package_0", "rapl_package_1"]


def test_where_there_is_no_powercap_there_is_no_counter(tmp_path: Path) -> None:
    assert package_sensors(tmp_path / "nowhere") == []


def test_a_card_has_the_sensors_that_its_recorder_has_files_of() -> None:
    files = {"gpu_power": Path("/run/gpu_power"), "gpu_power_limit": Path("/run/limit")}
    power, limit = card_sensors(files, 1.0)
    assert (limit.site, limit.node) == ("gpu_limit", "/run/limit")
    assert (power.id, power.node, power.unit) == ("gpu_power", "/run/gpu_power", "mW")
    assert power.mean_window_s == 1.0
    assert power.gain_error_pct > 0
