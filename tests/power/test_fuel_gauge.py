from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ibd_mobile.core import units
from ibd_mobile.core.device import Sensor
from ibd_mobile.core.registry import member, member_ids
from ibd_mobile.core.seams import PowerSource
from ibd_mobile.core.trace import PowerTrace, SensorTrace
from ibd_mobile.power import fuel_gauge

S = 1_000_000_000
READ_NS = 10_000_000


def sensor(quantity: Any, unit: str, **more: Any) -> Sensor:
    facts: dict[str, Any] = {"site": "battery", "status": "confirmed", "source": "test", **more}
    return Sensor(id=quantity, quantity=quantity, unit=unit, **facts)


def reads(seconds: float, offset_ns: int = 0) -> NDArray[np.int64]:
    return np.arange(offset_ns, int(seconds * S), READ_NS, dtype=np.int64)


def shown(t_ns: NDArray[np.int64], period_s: float, values: list[float]) -> NDArray[np.float64]:
    """What a gauge shows at each read that takes the next of `values` at each renewal."""
    which = (t_ns / S / period_s).astype(int)
    taken: NDArray[np.float64] = np.array(values)[which]
    return taken


def trace(quantity: str, t_ns: NDArray[np.int64], value: Any) -> SensorTrace:
    full = np.broadcast_to(np.asarray(value, float), t_ns.shape).copy()
    return SensorTrace(quantity, quantity, "battery", t_ns, full)


def parse(traces: list[SensorTrace], sensors: list[Sensor]) -> PowerTrace:
    power = fuel_gauge.parse(traces, sensors)
    assert power is not None
    assert (np.diff(power.t_ns) > 0).all()
    return power


def test_it_is_found_by_its_name_and_satisfies_its_seam() -> None:
    assert "fuel_gauge" in member_ids("ibd_mobile.power")
    source: PowerSource = member("ibd_mobile.power", "fuel_gauge")
    assert source.id == "fuel_gauge"
    assert source.sensors([]) == []
    assert source.parse([], []) is None


def test_current_and_voltage_are_preferred_to_the_gauges_own_power() -> None:
    current, voltage, power = (
        sensor("current", "uA"), sensor("voltage", "uV"), sensor("power", "uW"),
    )  # fmt: skip
    usb = sensor("current", "uA", site="usb")
    assert fuel_gauge.sensors([usb, power, voltage, current]) == [current, voltage]
    assert fuel_gauge.sensors([usb, power, voltage]) == [power]
    assert fuel_gauge.sensors([usb, voltage]) == []


@pytest.mark.parametrize("period_s", [0.1758, 1.0, 2.5, 12.0])
def test_repeats_are_dropped_and_each_renewal_kept(period_s: float) -> None:
    t_ns = reads(20 * period_s)
    values = [0.3 + 0.01 * (k * 7 % 20) for k in range(20)]
    current = sensor("current", "A", positive="discharging", period_s=period_s)
    power = parse(
        [trace("current", t_ns, shown(t_ns, period_s, values)), trace("voltage", t_ns, 4.0)],
        [current, sensor("voltage", "V")],
    )
    # the value that was there at the first read is of unknown age
    assert power.power_w.tolist() == pytest.approx([4 * v for v in values[1:]])
    due_ns = np.arange(1, 20) * period_s * S
    assert (power.t_ns - due_ns >= 0).all()
    assert (power.t_ns - due_ns < READ_NS).all()
    assert power.period_s == period_s
    assert power.site == "battery"


def test_a_value_renewed_to_the_same_number_is_placed_by_the_period() -> None:
    t_ns = reads(10, offset_ns=300_000)
    values = [1, 2, 2, 2, 3, 4, 4, 5, 6, 6]
    fresh = fuel_gauge.fresh_reads(t_ns, shown(t_ns, 1.0, [float(v) for v in values]), 1.0)
    assert (t_ns[fresh] // S).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_gauge_that_never_changes_is_laid_out_by_its_period() -> None:
    t_ns = reads(10)
    fresh = fuel_gauge.fresh_reads(t_ns, np.ones(len(t_ns)), 2.5)
    assert (t_ns[fresh] / S).tolist() == [0.0, 2.5, 5.0, 7.5]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 3.0))
def test_no_renewal_is_lost_or_made_up_where_some_repeat(seed: int, period_s: float) -> None:
    random = np.random.default_rng(seed)
    t_ns = reads(60 * period_s)
    values = np.cumsum(random.integers(0, 4, 61) != 0).astype(float)  # one in four repeats
    fresh = fuel_gauge.fresh_reads(t_ns, shown(t_ns, period_s, values.tolist()), period_s)
    assert abs(len(fresh) - 59) <= 1
    assert np.diff(t_ns[fresh]).min() > 0.8 * period_s * S


@pytest.mark.parametrize(
    ("declared_s", "true_s", "found_s"),
    [
        (1.0, 1.0, 1.0),
        (12.0, 12.0, 12.0),
        (0.1758, 1.0, 1.0),  # cached longer than the catalog knows
        (0.0, 0.5, 0.5),
        (2.5, 0.25, 0.25),  # the factory's firmware
        (0.0, 0.01, 0.0),
        (0.004, 0.01, 0.0),  # no read is ever stale
    ],
)
def test_the_changes_correct_a_wrong_period(
    declared_s: float, true_s: float, found_s: float
) -> None:
    t_ns = reads(30 * max(true_s, 0.1))
    count = int(t_ns[-1] / S / true_s) + 2
    values = np.random.default_rng(1).standard_normal(count)
    found = fuel_gauge.renewal_period_s(t_ns, shown(t_ns, true_s, values.tolist()), declared_s)
    assert found == pytest.approx(found_s, rel=0.05)


@pytest.mark.parametrize(
    ("unit", "positive", "reading"),
    [
        ("uA", "discharging", 500_000),
        ("uA", "charging", -500_000),
        ("mA", "charging", -500),
        ("mA", "discharging", 500),
        ("uA", "", 500_000),
        ("mA", "", -500),
    ],
)
def test_drawn_power_is_positive_whatever_unit_and_sign(
    unit: str, positive: Any, reading: float
) -> None:
    t_ns = reads(2)
    current = sensor("current", unit, positive=positive)
    ripple = reading + np.arange(len(t_ns)) % 2
    power = parse(
        [trace("current", t_ns, ripple * units.factor(unit)), trace("voltage", t_ns, 4.0)],
        [current, sensor("voltage", "uV")],
    )
    assert np.median(power.power_w) == pytest.approx(2.0, rel=0.01)


def test_a_recorded_phone_gives_its_power() -> None:
    # POWER_SUPPLY_CURRENT_NOW=-363006, VOLTAGE_NOW=4019059, STATUS=Discharging: a Qualcomm phone
    # whose custom firmware counts discharging as negative
    t_ns = reads(1)
    power = parse(
        [trace("current", t_ns, -363006e-6), trace("voltage", t_ns, 4019059e-6)],
        [sensor("current", "uA", positive="charging"), sensor("voltage", "uV")],
    )
    assert power.power_w.tolist() == pytest.approx([1.458943] * len(t_ns), abs=1e-6)


def test_charging_is_negative() -> None:
    t_ns = reads(1)
    power = parse(
        [trace("current", t_ns, 0.321), trace("voltage", t_ns, 4.0)],
        [sensor("current", "mA", positive="charging"), sensor("voltage", "uV")],
    )
    assert (power.power_w < 0).all()


def test_voltage_is_interpolated_onto_the_current() -> None:
    t_ns = reads(10)
    slow_ns = t_ns[::100]
    power = parse(
        [
            trace("current", t_ns, np.where(np.arange(len(t_ns)) % 2, 1.0, 1.1)),
            trace("voltage", slow_ns, 4.0 + slow_ns / S * 0.01),
        ],
        [sensor("current", "A", positive="discharging"), sensor("voltage", "V")],
    )
    at_5_s = int(np.searchsorted(power.t_ns, 5 * S + 500_000_000))
    current_a = 1.0 if at_5_s % 2 else 1.1
    assert power.power_w[at_5_s] == pytest.approx((4.0 + 0.055) * current_a, rel=1e-6)


def test_failed_reads_and_a_clock_that_stands_are_left_out() -> None:
    t_ns = reads(1)
    t_ns[50] = t_ns[49]
    value = 0.5 + np.arange(len(t_ns)) * 1e-3
    value[[3, 4, 70]] = np.nan
    power = parse(
        [trace("current", t_ns, value), trace("voltage", t_ns, 4.0)],
        [sensor("current", "A", positive="discharging"), sensor("voltage", "V")],
    )
    assert len(power.t_ns) == len(t_ns) - 4
    assert np.isfinite(power.power_w).all()


@pytest.mark.parametrize("lost", ["current", "voltage"])
def test_a_gauge_that_cannot_be_read_gives_nothing(lost: str) -> None:
    t_ns = reads(1)
    traces = [trace(q, t_ns, np.nan if q == lost else 1.0) for q in ("current", "voltage")]
    sensors = [sensor("current", "A"), sensor("voltage", "V")]
    assert fuel_gauge.parse(traces, sensors) is None
    assert fuel_gauge.parse(traces[:1], sensors) is None
    assert (
        fuel_gauge.parse([trace(q, t_ns[:1], 1.0) for q in ("current", "voltage")], sensors) is None
    )


def test_gain_errors_of_current_and_voltage_add_in_squares() -> None:
    t_ns = reads(1)
    power = parse(
        [trace("current", t_ns, 1.0), trace("voltage", t_ns, 4.0)],
        [
            sensor("current", "A", gain_error_pct=3.0, mean_window_s=2.5),
            sensor("voltage", "V", gain_error_pct=4.0),
        ],
    )
    assert power.gain_error_pct == pytest.approx(5.0)
    assert power.mean_window_s == 2.5


def test_the_gauges_own_power_is_taken_as_it_is() -> None:
    t_ns = reads(1)
    power = parse([trace("power", t_ns, 2.5)], [sensor("power", "uW", positive="discharging")])
    assert set(power.power_w.tolist()) == {2.5}
