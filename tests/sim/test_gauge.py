import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.gauge import CurrentGauge
from ibd_mobile.sim.profile import Gauge

MAXIM = profile.read("sd855").gauge
EXACT = msgspec.structs.replace(MAXIM, noise=0.0)


def gauge(spec: Gauge, gain: float = 1.0) -> CurrentGauge:
    return CurrentGauge(spec, random.Random(0), gain)


@given(st.floats(-3, 3))
def test_a_steady_current_is_shown_within_half_a_step(current_a: float) -> None:
    meter = gauge(EXACT)
    for index in range(20):
        meter.feed(index * 0.05, 0.05, current_a, is_screen_on=True)
    assert abs(meter.value - current_a * 1e6) <= 156.25 / 2 + 1


def test_units_and_signs_are_the_drivers() -> None:
    kirin = Gauge(unit="mA", positive="charging", quantum=1, renewal_s=0)
    meter = gauge(kirin)
    meter.feed(0, 0.1, 0.5, is_screen_on=True)
    assert meter.value == -500


def test_values_are_renewed_at_the_gauges_pace() -> None:
    meter = gauge(EXACT)
    renewals = sum(
        meter.feed(index * 0.025, 0.025, 0.1, is_screen_on=True) for index in range(4000)
    )
    assert renewals == pytest.approx(100 / 0.1758, rel=0.01)


def test_a_mean_gauge_misses_no_energy() -> None:
    meter = gauge(msgspec.structs.replace(EXACT, renewal_s=1.0, mean_window_s=1.0))
    shown = []
    for index in range(1, 1001):
        current_a = 2.0 if index % 10 == 0 else 0.0
        if meter.feed(index * 0.1, 0.1, current_a, is_screen_on=True):
            shown.append(meter.value / 1e6)
    assert sum(shown[1:]) / len(shown[1:]) == pytest.approx(0.2, rel=0.02)


def test_some_gauges_are_slower_in_the_dark() -> None:
    spec = Gauge(
        unit="uA", positive="discharging", quantum=1, renewal_s=12, renewal_screen_off_s=120
    )
    lit, dark = gauge(spec), gauge(spec)
    assert sum(lit.feed(s, 1, 0.1, is_screen_on=True) for s in range(240)) == 20
    assert sum(dark.feed(s, 1, 0.1, is_screen_on=False) for s in range(240)) == 2


def test_a_unit_has_a_gain_of_its_own() -> None:
    meter = gauge(EXACT, gain=1.02)
    meter.feed(0, 0.1, 1.0, is_screen_on=True)
    assert meter.value == pytest.approx(1.02e6, rel=1e-3)


def test_a_gauge_goes_on_after_a_reboot() -> None:
    meter = gauge(EXACT)
    meter.feed(500, 0.1, 1.0, is_screen_on=True)
    assert meter.feed(20, 0.1, 0.5, is_screen_on=True)
    assert meter.value == pytest.approx(0.5e6, rel=1e-3)
