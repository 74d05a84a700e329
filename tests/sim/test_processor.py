import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.sim import profile
from ibd_mobile.sim.processor import Processor

PROFILE = profile.read("sd855")
PROCESSOR = Processor(PROFILE.clusters, PROFILE.power)
shares = st.lists(st.tuples(st.integers(0, 255), st.floats(0, 2)), max_size=5)


@given(shares)
def test_no_core_does_more_than_all_its_time(loads: list[tuple[int, float]]) -> None:
    busy = PROCESSOR.place(loads)
    assert all(0 <= share <= 1 + 1e-12 for share in busy.values())


@given(st.integers(1, 255), st.floats(0, 1))
def test_bound_load_stays_on_its_cores(mask: int, load: float) -> None:
    busy = PROCESSOR.place([(mask, load)])
    assert sum(busy.values()) == pytest.approx(load)
    assert all(share == 0 for cpu, share in busy.items() if not mask >> cpu & 1)


def test_free_load_goes_to_the_big_core_first() -> None:
    assert PROCESSOR.place([(0, 1.5)])[7] == 1
    assert PROCESSOR.place([(0, 1.5)])[6] == 0.5


def test_one_busy_big_core_draws_what_the_power_profile_says() -> None:
    load = PROCESSOR.run([(0x80, 1.0)], {})
    assert load.khz["prime"] == 2841600
    assert load.power_w == pytest.approx((223.89 + 2.6 + 8.4) * 3.85 / 1000)


def test_nothing_to_do_draws_nothing_at_the_lowest_clock() -> None:
    load = PROCESSOR.run([], {})
    assert load.power_w == 0
    assert load.khz == {"silver": 300000, "gold": 710400, "prime": 825600}


@given(st.floats(0, 1), st.integers(100_000, 3_000_000))
def test_a_limit_is_never_passed(load: float, limit_khz: int) -> None:
    clock_khz = PROCESSOR.run([(0x80, load)], {"prime": limit_khz}).khz["prime"]
    assert clock_khz <= max(limit_khz, 825600)


@given(st.floats(0, 8), st.floats(0, 8))
def test_more_load_costs_more(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert PROCESSOR.run([(0, low)], {}).power_w <= PROCESSOR.run([(0, high)], {}).power_w + 1e-9
