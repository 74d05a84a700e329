import numpy as np
import pytest

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.trace import SensorTrace
from ibd_mobile.power import rapl

S = 1_000_000_000


def package(number: int) -> Sensor:
    return Sensor(
        id=f"rapl_package_{number}", quantity="energy", site="package", node=f"/p{number}",
        unit="uJ", gain_error_pct=3.0, status="confirmed", source="test",
    )  # fmt: skip


def reading(number: int, watts: float) -> SensorTrace:
    t_ns = np.arange(0, 2 * S, S // 100)
    return SensorTrace(f"rapl_package_{number}", "energy", "package", t_ns, watts * t_ns / S)


def test_only_packages_are_picked() -> None:
    other = Sensor(
        id="b", quantity="energy", site="gpu", node="/e", unit="mJ", status="confirmed", source="t"
    )
    assert rapl.sensors([other, package(0), package(1)]) == [package(0), package(1)]
    assert rapl.sensors([other]) == []


def test_the_power_of_all_packages_is_one() -> None:
    found = rapl.parse([reading(1, 30), reading(0, 20)], [package(0), package(1)])
    assert found is not None
    assert found.site == "package"
    assert found.power_w.mean() == pytest.approx(50, rel=1e-3)
    assert found.gain_error_pct == 3.0


def test_a_part_of_the_power_is_not_given_for_all() -> None:
    assert rapl.parse([reading(0, 20)], [package(0), package(1)]) is None
    stuck = reading(1, 0)
    assert rapl.parse([reading(0, 20), stuck], [package(0), package(1)]) is None


def test_without_a_package_there_is_no_power() -> None:
    assert rapl.parse([], []) is None
