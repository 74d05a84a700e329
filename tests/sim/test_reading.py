from ibd_mobile.sim import profile
from ibd_mobile.sim.battery import Supply
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.physics import Physics
from ibd_mobile.sim.reading import battery_texts, cooling_states, zone_text

PROFILE = profile.read("sd855")


def test_units_are_the_kernels() -> None:
    texts = battery_texts(Physics(PROFILE, Knobs(battery_pct=50)), Supply(is_plugged=True))
    assert texts["capacity_pct"]() == "50"
    assert texts["charge_uah"]() == "1400000"
    assert texts["charge_mah"]() == "1400"
    assert 3_800_000 < int(texts["voltage_uv"]()) < 3_900_000
    assert texts["usb_online"]() == "1"


def test_a_capped_clock_shows_as_a_cooling_state() -> None:
    physics = Physics(PROFILE, Knobs())
    assert cooling_states(physics)["thermal-cpufreq-7"] == 0
    physics.caps.update({"sdm-therm": 44.0})
    assert cooling_states(physics)["thermal-cpufreq-7"] == 7


def test_zones_are_whole_tenths_of_a_degree() -> None:
    physics = Physics(PROFILE, Knobs(start_c=31.26))
    zone = next(zone for zone in PROFILE.zones if zone.type == "sdm-therm")
    assert zone_text(zone, physics) == "31300"
