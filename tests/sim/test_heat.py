import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.heat import HeatNetwork
from ibd_mobile.sim.profile import HeatLink, HeatNode

PROFILE = profile.read("sd855")


@given(st.floats(0, 10), st.floats(-10, 40), st.floats(0.5, 20))
@settings(max_examples=30)
def test_one_body_settles_at_room_plus_power_times_resistance(
    power_w: float, ambient_c: float, k_per_w: float
) -> None:
    node = HeatNode(name="body", j_per_k=10)
    link = HeatLink(a="body", b="ambient", k_per_w=k_per_w)
    body = HeatNetwork([node], [link], ambient_c)
    body.step({"body": power_w}, ambient_c, 15 * 10 * k_per_w)
    assert body.temperature_c["body"] == pytest.approx(ambient_c + power_w * k_per_w, abs=1e-3)


@given(st.floats(0, 6), st.floats(0, 2), st.floats(0, 1))
@settings(max_examples=20)
def test_the_phone_settles_where_it_must(soc_w: float, skin_w: float, battery_w: float) -> None:
    power_w = {"soc": soc_w, "skin": skin_w, "battery": battery_w}
    settled = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    settled.settle(power_w, 25)
    stepped = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    stepped.step(power_w, 25, 10_000)
    for name, value_c in settled.temperature_c.items():
        assert stepped.temperature_c[name] == pytest.approx(value_c, abs=0.01)
    out_w = sum(
        (settled.temperature_c[link.a] - 25) / link.k_per_w
        for link in PROFILE.heat_links
        if link.b == "ambient"
    )
    assert out_w == pytest.approx(sum(power_w.values()), abs=1e-6), "what goes in comes out"


@given(st.floats(0.01, 30))
@settings(max_examples=20)
def test_the_length_of_a_step_hardly_matters(dt_s: float) -> None:
    coarse = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    coarse.step({"soc": 3}, 25, dt_s)
    fine = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    for _ in range(20):
        fine.step({"soc": 3}, 25, dt_s / 20)
    for name, value_c in fine.temperature_c.items():
        assert coarse.temperature_c[name] == pytest.approx(value_c, abs=0.5)


def test_a_phone_takes_minutes_to_settle() -> None:
    phone = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    final = HeatNetwork(PROFILE.heat_nodes, PROFILE.heat_links, 25)
    final.settle({"soc": 3}, 25)
    phone.step({"soc": 3}, 25, 120)
    share = (phone.temperature_c["skin"] - 25) / (final.temperature_c["skin"] - 25)
    assert 0.1 < share < 0.6
