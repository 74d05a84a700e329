from pathlib import Path

import pytest

from ibd_mobile.machine.thermal_service import is_plausible_c, parse_thermal_service

DATA = Path(__file__).parents[1] / "data" / "machine"


def test_live_temperatures_are_read_and_cached_ones_are_not() -> None:
    found = parse_thermal_service((DATA / "dumpsys_thermalservice.pixel_3.txt").read_text())
    assert found == {
        "cpu": pytest.approx(32.3, abs=0.01),
        "gpu": pytest.approx(31.4, abs=0.01),
        "battery": pytest.approx(25.9, abs=0.01),
        "skin": pytest.approx(28.348, abs=0.01),
        "usb port": pytest.approx(26.926),
    }


@pytest.mark.parametrize(
    "text",
    ["", "Can't find service: thermalservice\n", "HAL Ready: false\nCached temperatures:\n"],
)
def test_a_phone_without_the_service_tells_nothing(text: str) -> None:
    assert parse_thermal_service(text) == {}


def test_a_sensor_that_is_not_there_is_no_temperature() -> None:
    text = (
        "Current temperatures from HAL:\n"
        "\tTemperature{mValue=-40.0, mType=3, mName=quiet-therm, mStatus=0}\n"
        "\tTemperature{mValue=31.0, mType=3, mName=skin, mStatus=0}\n"
        "\tTemperature{mValue=72.0, mType=8, mName=soc, mStatus=0}\n"
    )
    assert parse_thermal_service(text) == {"skin": 31.0}


@pytest.mark.parametrize(("value_c", "is_one"), [(-274, 0), (-40, 0), (-20, 1), (60, 1), (125, 0)])
def test_odd_values_are_told_from_temperatures(value_c: float, is_one: int) -> None:
    assert is_plausible_c(value_c) is bool(is_one)
