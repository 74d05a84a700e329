from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.machine.battery import framework_battery, parse_dumpsys

DATA = Path(__file__).parents[1] / "data" / "machine"

EXPECTED = {
    "generic_aosp": (100.0, "full", True, 27.4, False),
    "oneplus_7": (77.0, "discharging", False, 29.4, False),
    "samsung_2018": (84.0, "charging", True, 32.6, False),
    "mah_counter": (15.0, "charging", True, 34.0, False),
    "event_log": (72.0, "discharging", True, 30.1, True),
}


def recorded(name: str) -> str:
    return (DATA / f"dumpsys_battery.{name}.txt").read_text()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_dump_is_read(name: str) -> None:
    level, status, plugged, celsius, frozen = EXPECTED[name]
    battery = framework_battery(parse_dumpsys(recorded(name)))
    assert battery.level_pct == level
    assert battery.status == status
    assert battery.is_plugged is plugged
    assert battery.temperature_c == pytest.approx(celsius)
    assert battery.is_frozen is frozen


def test_every_recorded_dump_has_an_expectation() -> None:
    found = {p.name.split(".")[1] for p in DATA.glob("dumpsys_battery.*.txt")}
    assert found == set(EXPECTED)


def test_keys_that_differ_in_case_only_are_kept_apart() -> None:
    found = parse_dumpsys(recorded("samsung_2018"))
    assert (found["Charge counter"], found["charge counter"]) == ("0", "0")
    assert found["current now"] == "321"
    assert "mSavedBatteryAsoc" not in found, "it comes after the first line without indent"


def test_lines_with_another_indent_are_not_the_frameworks() -> None:
    found = parse_dumpsys(recorded("event_log"))
    assert found["level"] == "72"
    assert "battery service" not in found


@pytest.mark.parametrize("text", ["", "sh: dumpsys: not found\n", "Can't find service: battery\n"])
def test_a_machine_without_a_battery_service_tells_nothing(text: str) -> None:
    battery = framework_battery(parse_dumpsys(text))
    assert battery.level_pct is None
    assert battery.is_plugged is None
    assert battery.temperature_c is None
    assert battery.status == ""
    assert not battery.is_frozen


def test_a_scale_of_zero_is_no_level() -> None:
    assert framework_battery({"level": "5", "scale": "0"}).level_pct is None


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    framework_battery(parse_dumpsys("Current Battery Service state:\n" + text))


@given(st.sampled_from(sorted(EXPECTED)), st.text(alphabet=st.characters(exclude_categories=["C"])))
def test_what_vendors_append_changes_nothing(name: str, tail: str) -> None:
    text = recorded(name)
    assert parse_dumpsys(text + "Vendor\n  level: 1\n  " + tail) == parse_dumpsys(text)
