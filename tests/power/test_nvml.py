import numpy as np
import pytest

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.trace import SensorTrace
from ibd_mobile.power import nvml

S = 1_000_000_000
ENERGY = Sensor(
    id="gpu_energy", quantity="energy", site="gpu", node="/e", unit="mJ", gain_error_pct=2.9,
    status="confirmed", source="test",
)  # fmt: skip
POWER = Sensor(
    id="gpu_power", quantity="power", site="gpu", node="/p", unit="mW", period_s=0.1,
    mean_window_s=1.0, gain_error_pct=2.9, status="confirmed", source="test",
)  # fmt: skip
T_NS = np.arange(0, 4 * S, S // 100)


def energy(watts: float) -> SensorTrace:
    renewed_s = T_NS // (S // 10) / 10
    return SensorTrace("gpu_energy", "energy", "gpu", T_NS, watts * renewed_s)


def power(watts: float) -> SensorTrace:
    wobble = (T_NS // (S // 10) % 7) * 0.01
    return SensorTrace("gpu_power", "power", "gpu", T_NS, watts + wobble)


def test_the_counter_goes_before_the_gauge() -> None:
    assert nvml.sensors([POWER, ENERGY]) == [ENERGY]
    assert nvml.sensors([POWER]) == [POWER]
    assert nvml.sensors([]) == []
    found = nvml.parse([power(10), energy(70)], [POWER, ENERGY])
    assert found is not None
    assert found.power_w.mean() == pytest.approx(70, rel=0.02)


def test_a_card_without_a_counter_is_sampled_with_its_known_mean() -> None:
    found = nvml.parse([power(70)], [POWER])
    assert found is not None
    assert found.power_w.mean() == pytest.approx(70, rel=0.01)
    assert found.period_s == pytest.approx(0.1, rel=0.1)
    assert len(found.t_ns) == pytest.approx(40, abs=2)
    assert (found.mean_window_s, found.gain_error_pct) == (1.0, 2.9)


def test_a_card_that_tells_nothing_has_no_power() -> None:
    assert nvml.parse([], [ENERGY]) is None
    assert nvml.parse([], []) is None
