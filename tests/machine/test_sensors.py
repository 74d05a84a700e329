from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.device import Quantity, Sensor
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.sensors import read_battery, read_temperatures_c, resolve

from .conftest import Handset

Start = Callable[..., Handset]


@pytest.fixture
def link(tmp_path: Path) -> LocalLink:
    return LocalLink(tmp_path / "root")


def sensor(
    id: str, node: Path | str, quantity: Quantity, unit: str, site: str = "battery"
) -> Sensor:
    return Sensor(
        id=id, quantity=quantity, site=site, node=str(node), unit=unit,
        status="measured", source="a test",
    )  # fmt: skip


def node(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content)
    return folder / name


def test_sensors_that_can_be_read_are_told_from_those_that_cannot(
    link: LocalLink, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    good = sensor("good", node(tmp_path, "good", "-1500000\n"), "current", "uA")
    endless = sensor("no line end", node(tmp_path, "endless", "4.1"), "voltage", "V")
    found, unread = resolve(
        link,
        [
            good,
            endless,
            sensor("missing", tmp_path / "none", "current", "uA"),
            sensor("empty", node(tmp_path, "empty", ""), "current", "uA"),
            sensor("words", node(tmp_path, "words", "Unknown\n"), "current", "uA"),
            sensor("not fitted", node(tmp_path, "nf", "-40000\n"), "temperature", "mdegC"),
            sensor("folder", tmp_path / "folder", "current", "uA"),
            Sensor(
                id="zone",
                quantity="temperature",
                site="skin",
                zone="no-such-zone",
                unit="mdegC",
                status="measured",
                source="a test",
            ),
        ],
    )
    assert found == [good, endless]
    assert unread == {
        "missing": "no such file or directory",
        "empty": "its node is empty",
        "words": "its node says 'Unknown', which is no number",
        "not fitted": "its node says -40 °C: no sensor behind it",
        "folder": "is a directory",
        "zone": "no thermal zone has the type 'no-such-zone'",
    }


def test_no_sensors_are_no_readings(link: LocalLink) -> None:
    assert resolve(link, []) == ([], {})


def test_a_value_with_odd_letters_is_kept(link: LocalLink, tmp_path: Path) -> None:
    odd = "a\\n$(b) ‘c’"
    status = sensor("status", node(tmp_path, "s", odd + "\nsecond line\n"), "status", "text")
    assert read_battery(link, [status]).raw["status"] == odd


def test_a_battery_that_the_kernel_tells_alone(link: LocalLink, tmp_path: Path) -> None:
    state = read_battery(
        link,
        [
            sensor("level", node(tmp_path, "capacity", "76\n"), "level", "pct"),
            sensor("status", node(tmp_path, "status", "Not charging\n"), "status", "text"),
            sensor("usb", node(tmp_path, "online", "1\n"), "plugged", "count", "usb"),
            sensor("heat", node(tmp_path, "temp", "322\n"), "temperature", "ddegC"),
            sensor("cpu", node(tmp_path, "cpu", "99000\n"), "temperature", "mdegC", "cpu"),
            sensor("current", node(tmp_path, "current_now", "1\n"), "current", "uA"),
        ],
    )
    assert state.kernel_pct == 76
    assert state.framework_pct is None
    assert state.status == "not charging"
    assert state.is_plugged is True
    assert state.temperature_c == pytest.approx(32.2)
    assert not state.is_framework_frozen
    assert state.raw == {"level": "76", "status": "Not charging", "usb": "1", "heat": "322"}


def test_a_machine_without_a_battery_says_nothing_of_one(link: LocalLink) -> None:
    state = read_battery(link, [])
    assert (state.kernel_pct, state.framework_pct, state.is_plugged) == (None, None, None)
    assert state.status == ""


def test_the_hottest_sensor_of_a_site_counts(link: LocalLink, tmp_path: Path) -> None:
    found = read_temperatures_c(
        link,
        [
            sensor("a", node(tmp_path, "a", "41000\n"), "temperature", "mdegC", "skin"),
            sensor("b", node(tmp_path, "b", "43\n"), "temperature", "degC", "skin"),
            sensor("c", node(tmp_path, "c", "300\n"), "temperature", "ddegC"),
            sensor("d", node(tmp_path, "d", "-40000\n"), "temperature", "mdegC", "quiet"),
        ],
    )
    assert found == {"skin": 43.0, "battery": 30.0}


def catalog_sensors() -> list[Sensor]:
    return library.phones()["pixel_4"].sensors


def test_a_phones_zones_are_found_by_type(handset: Handset) -> None:
    found, unread = resolve(handset.link, catalog_sensors())
    assert unread == {}
    assert [s.id for s in found] == [s.id for s in catalog_sensors()]
    for resolved in found:
        if resolved.zone:
            kind = resolved.node.removesuffix("temp") + "type"
            said = handset.link.run(["cat", kind], timeout_s=20).output.strip()
            assert said == resolved.zone


def test_a_phones_battery_is_read_from_kernel_and_framework(start: Start) -> None:
    handset = start(battery_pct=75.0, framework_level_offset=-17, plugged=True)
    state = read_battery(handset.link, catalog_sensors())
    truly_c = handset.phone.state()["temperature_c"]["battery"]
    assert state.kernel_pct == 75
    assert state.framework_pct == 58
    assert state.status == "charging"
    assert state.is_plugged is True
    assert state.temperature_c == pytest.approx(truly_c, abs=1.5)
    assert (state.raw["battery_level"], state.raw["dumpsys level"]) == ("75", "58")


def test_frozen_values_of_the_framework_are_noticed(handset: Handset) -> None:
    handset.link.run(["dumpsys", "battery", "set", "level", "5"], timeout_s=20)
    state = read_battery(handset.link, catalog_sensors())
    assert state.is_framework_frozen
    assert (state.kernel_pct, state.framework_pct) == (92, 5)
    handset.link.run(["dumpsys", "battery", "reset"], timeout_s=20)
    assert not read_battery(handset.link, catalog_sensors()).is_framework_frozen


def test_a_phone_that_closes_its_nodes_is_read_through_its_services(start: Start) -> None:
    handset = start(sysfs_readable=False)
    found, unread = resolve(handset.link, catalog_sensors())
    assert unread["battery_current"] == "permission denied"
    assert "battery_current" not in {s.id for s in found}
    state = read_battery(handset.link, catalog_sensors())
    assert state.kernel_pct is None
    assert state.framework_pct == 92
    assert state.raw["battery_level"] == "unread: permission denied"
    heat = read_temperatures_c(handset.link, catalog_sensors())
    assert 10 < heat["skin"] < 60
    assert 10 < heat["battery"] < 60
