import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.battery import Pack, Supply, interpolate

SPEC = profile.read("sd855").battery
levels = st.floats(5, 100)
loads = st.floats(0, 8)


@given(levels, loads)
def test_the_pack_gives_the_power_that_is_asked_for(level_pct: float, load_w: float) -> None:
    flow = Pack(SPEC, level_pct).flow(load_w, Supply())
    assert flow.power_w == pytest.approx(load_w, abs=1e-9)


@given(levels, loads)
def test_voltage_falls_by_resistance_times_current(level_pct: float, load_w: float) -> None:
    pack = Pack(SPEC, level_pct)
    flow = pack.flow(load_w, Supply())
    assert flow.voltage_v == pytest.approx(pack.ocv_v - flow.current_a * pack.resistance_ohm)
    assert flow.voltage_v <= pack.ocv_v


@given(levels, st.lists(loads, min_size=1, max_size=50))
def test_energy_is_charge_times_voltage(level_pct: float, loads_w: list[float]) -> None:
    pack = Pack(SPEC, level_pct)
    before_c = pack.charge_c
    energy_j = 0.0
    voltages_v = []
    for load_w in loads_w:
        flow = pack.flow(load_w, Supply())
        pack.step(flow, 0.1)
        energy_j += flow.power_w * 0.1
        voltages_v.append(flow.voltage_v)
    used_c = before_c - pack.charge_c
    assert used_c * min(voltages_v) - 1e-6 <= energy_j <= used_c * max(voltages_v) + 1e-6


@given(levels, levels)
def test_more_charge_means_more_voltage(first_pct: float, second_pct: float) -> None:
    low_pct, high_pct = sorted((first_pct, second_pct))
    assert Pack(SPEC, low_pct).ocv_v <= Pack(SPEC, high_pct).ocv_v


def test_a_cable_feeds_the_phone_and_charges() -> None:
    pack = Pack(SPEC, 50)
    flow = pack.flow(0.5, Supply(is_plugged=True))
    assert flow.power_w == pytest.approx(-(5 * 0.5 * 0.9 - 0.5))
    pack.step(flow, 100)
    assert pack.level_pct > 50


def test_a_weak_port_does_not_keep_up_with_a_heavy_load() -> None:
    flow = Pack(SPEC, 50).flow(4.0, Supply(is_plugged=True))
    assert flow.power_w == pytest.approx(4.0 - 2.25)


def test_charging_off_leaves_the_battery_alone() -> None:
    flow = Pack(SPEC, 50).flow(0.5, Supply(is_plugged=True, is_charging_off=True))
    assert flow.power_w == pytest.approx(0)


def test_a_cut_input_leaves_the_battery_to_feed_all() -> None:
    flow = Pack(SPEC, 50).flow(0.5, Supply(is_plugged=True, is_input_cut=True))
    assert flow.power_w == pytest.approx(0.5)


def test_a_full_battery_takes_nothing() -> None:
    assert Pack(SPEC, 100).flow(0.1, Supply(is_plugged=True)).current_a == 0


@given(st.floats(-50, 150))
def test_interpolation_stays_within_the_table(x: float) -> None:
    assert 3200 <= interpolate([(0, 3200), (50, 3800), (100, 4400)], x) <= 4400
