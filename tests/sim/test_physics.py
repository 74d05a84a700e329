import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.battery import Supply
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.physics import Physics, Surroundings, status_of

PROFILE = profile.read("sd855")
ROOM = Surroundings(Supply(), 25.0, is_screen_on=False)


def aged(
    physics: Physics, seconds: float, *, cores: float = 0, around: Surroundings = ROOM
) -> Physics:
    dt_s = 0.1
    for index in range(round(seconds / dt_s)):
        physics.step(100 + index * dt_s, dt_s, [(0, cores * dt_s)], around)
    return physics


@given(st.integers(0, 1000), st.floats(0, 2))
@settings(max_examples=15, deadline=None)
def test_energy_is_the_charge_that_left_times_its_voltage(seed: int, cores: float) -> None:
    physics = Physics(PROFILE, Knobs(battery_pct=80), seed)
    before_c, before_v = physics.pack.charge_c, physics.pack.ocv_v
    aged(physics, 20, cores=cores)
    used_c = before_c - physics.pack.charge_c
    mean_v = (before_v + physics.flow.voltage_v) / 2
    assert physics.totals.energy_j == pytest.approx(used_c * mean_v, rel=0.03)


def test_power_follows_the_work_that_is_done() -> None:
    idle = aged(Physics(PROFILE, Knobs(), 1), 10).totals.energy_j / 10
    busy = aged(Physics(PROFILE, Knobs(), 1), 10, cores=1).totals.energy_j / 10
    assert busy - idle == pytest.approx((223.89 + 2.6 + 8.4) * 3.85 / 1000, rel=0.01)


def test_the_same_seed_gives_the_same_phone() -> None:
    first = aged(Physics(PROFILE, Knobs(), 7), 30)
    second = aged(Physics(PROFILE, Knobs(), 7), 30)
    other = aged(Physics(PROFILE, Knobs(), 8), 30)
    assert first.totals == second.totals
    assert first.gauge.value == second.gauge.value
    assert first.totals != other.totals


def test_work_heats_the_chip_first_and_the_skin_later() -> None:
    physics = Physics(PROFILE, Knobs(), 0)
    before = dict(physics.heat.temperature_c)
    aged(physics, 30, cores=2)
    rise = {name: now - before[name] for name, now in physics.heat.temperature_c.items()}
    assert rise["soc"] > 4 * rise["skin"] > rise["battery"] > 0


def test_a_hot_phone_is_capped() -> None:
    physics = aged(Physics(PROFILE, Knobs(start_c=46.0), 0), 1, cores=1)
    assert physics.limits_khz() == {"prime": 1804800}
    assert physics.load.khz["prime"] == 1804800


def test_a_phone_at_rest_stays_as_it_started() -> None:
    physics = Physics(PROFILE, Knobs(), 0)
    before_c = physics.heat.temperature_c["skin"]
    assert aged(physics, 300).heat.temperature_c["skin"] == pytest.approx(before_c, abs=0.3)


def test_a_lit_screen_draws_more() -> None:
    dark = aged(Physics(PROFILE, Knobs(), 1), 5).totals.energy_j / 5
    lit_room = Surroundings(Supply(), 25.0, is_screen_on=True, brightness=255)
    lit = aged(Physics(PROFILE, Knobs(), 1), 5, around=lit_room).totals.energy_j / 5
    assert lit - dark == pytest.approx((94 + 385) * 3.85 / 1000, rel=0.01)


@pytest.mark.parametrize(
    ("supply", "status"),
    [
        (Supply(), "Discharging"),
        (Supply(is_plugged=True), "Charging"),
        (Supply(is_plugged=True, is_charging_off=True), "Not charging"),
        (Supply(is_plugged=True, is_input_cut=True), "Discharging"),
    ],
)
def test_status_is_named_as_the_kernel_does(supply: Supply, status: str) -> None:
    physics = Physics(PROFILE, Knobs(battery_pct=50), 0)
    aged(physics, 1, around=Surroundings(supply, 25.0, is_screen_on=False))
    assert status_of(physics.pack, supply, physics.flow) == status


def test_a_full_battery_is_full() -> None:
    physics = Physics(PROFILE, Knobs(battery_pct=100), 0)
    supply = Supply(is_plugged=True)
    physics.step(1, 0.1, [], Surroundings(supply, 25.0, is_screen_on=False))
    assert status_of(physics.pack, supply, physics.flow) == "Full"
