from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.thermal import Caps, Severity

PROFILE = profile.read("sd855")
SKIN = next(zone for zone in PROFILE.zones if zone.type == "sdm-therm-monitor")


def test_a_cap_holds_until_it_has_cooled_enough() -> None:
    caps = Caps(PROFILE.caps)
    for now_c, limit in [(42.9, None), (43.0, 2131200), (42.0, 2131200), (41.9, None)]:
        caps.update({"sdm-therm": now_c})
        assert caps.limit_khz().get("prime") == limit


def test_the_strictest_rule_counts() -> None:
    caps = Caps(PROFILE.caps)
    caps.update({"sdm-therm": 51.5})
    assert caps.limit_khz() == {"prime": 825600, "silver": 672000}
    assert caps.gpu_limit_hz() == 257000000


@given(st.lists(st.floats(20, 60), min_size=1))
def test_a_hotter_zone_is_never_less_capped(path_c: list[float]) -> None:
    cool, hot = Caps(PROFILE.caps), Caps(PROFILE.caps)
    for now_c in path_c:
        cool.update({"sdm-therm": now_c})
        hot.update({"sdm-therm": now_c + 1})
        assert cool.active <= hot.active


@given(st.lists(st.floats(20, 70)))
def test_severity_has_hysteresis(path_c: list[float]) -> None:
    severity = Severity(SKIN)
    for now_c in path_c:
        level = severity.update(now_c)
        assert level == 0 or now_c >= SKIN.thresholds_c[level - 1] - SKIN.hysteresis_c
        assert level == 6 or now_c < SKIN.thresholds_c[level]
