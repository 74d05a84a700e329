import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core import units
from ibd_mobile.core.errors import InputError


@given(st.sampled_from([u for u in units.unit_names() if u not in ("text", "count")]))
def test_every_unit_has_a_positive_factor_and_a_suffix(unit: str) -> None:
    assert units.factor(unit) > 0
    assert units.si_suffix(unit) in {"a", "v", "w", "j", "c", "c_charge", "hz", "pct"}


@given(
    st.sampled_from([("A", "mA", 1e3), ("mA", "uA", 1e3), ("V", "uV", 1e6), ("Hz", "kHz", 1e-3)]),
    st.floats(-1e6, 1e6),
)
def test_the_same_quantity_in_two_units_is_one_number(
    pair: tuple[str, str, float], reading: float
) -> None:
    large, small, ratio = pair
    in_small = reading * ratio * units.factor(small)
    assert reading * units.factor(large) == pytest.approx(in_small, rel=1e-12)


def test_a_milliampere_hour_is_3_6_coulombs() -> None:
    assert units.factor("mAh") == pytest.approx(3.6)
    assert units.factor("uAh") * 1000 == pytest.approx(units.factor("mAh"))


def test_an_unknown_unit_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"unit 'mW/h': is not known\n.*mAh"):
        units.factor("mW/h")
