import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.bench import gates
from ibd_mobile.bench.gates import LastExecution
from ibd_mobile.catalog import library
from ibd_mobile.core.units import NS_PER_S
from ibd_mobile.machine.battery import BatteryState
from ibd_mobile.machine.clock import BootClock

IBD = library.protocols()["ibd"]
FULL = BatteryState(
    kernel_pct=92.0,
    framework_pct=92.0,
    status="discharging",
    is_plugged=False,
    temperature_c=26.0,
    is_framework_frozen=False,
    raw={"battery_level": "92"},
)


def battery(**changes: object) -> BatteryState:
    import dataclasses

    return dataclasses.replace(FULL, **changes)  # type: ignore[arg-type]


def clock(boot_id: str, s: float) -> BootClock:
    return BootClock(boot_id, round(s * NS_PER_S), 0, 0)


def test_the_lower_of_two_levels_must_pass_the_floor() -> None:
    look = gates.battery_look(battery(framework_pct=76.0, is_plugged=True), IBD)
    assert not look.is_open
    assert look.why == "battery 76 → 80 %"
    assert gates.battery_look(FULL, IBD).is_open


def test_a_level_of_exactly_the_floor_passes() -> None:
    assert gates.battery_look(battery(kernel_pct=80.0), IBD).is_open
    assert not gates.battery_look(battery(kernel_pct=79.9), IBD).is_open


def test_frozen_framework_values_close_the_battery_gate() -> None:
    look = gates.battery_look(battery(is_framework_frozen=True), IBD)
    assert not look.is_open
    assert "frozen" in look.measured


def test_an_unknown_level_closes_the_battery_gate() -> None:
    look = gates.battery_look(battery(kernel_pct=None, framework_pct=None), IBD)
    assert (look.is_open, look.measured) == (False, "unknown")


def test_without_a_charger_patience_is_short() -> None:
    look = gates.battery_look(battery(kernel_pct=70.0), IBD)
    assert look.patience_s == gates.UNPLUGGED_PATIENCE_S
    assert "no charger connected" in look.why


def test_both_sources_of_the_level_are_evidence() -> None:
    assert gates.battery_look(FULL, IBD).sources == {"battery_level": "92"}


@pytest.mark.parametrize(("skin_c", "is_open"), [(35.0, True), (35.1, False)])
def test_a_warm_skin_waits(skin_c: float, is_open: bool) -> None:
    looks = gates.temperature_looks(FULL, {"skin": skin_c}, IBD)
    assert [look.is_open for look in looks] == [True, is_open]


def test_temperatures_that_a_phone_does_not_tell_have_no_gate() -> None:
    assert gates.temperature_looks(battery(temperature_c=None), {}, IBD) == []


def test_a_charger_that_cannot_be_kept_away_is_seen_but_not_waited_for() -> None:
    look = gates.charging_look(battery(status="charging", is_plugged=True), is_wanted=False)
    assert not look.is_open
    assert not look.is_waited_for


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_rest_counts_on_the_phones_clock(end_s: float, pause_s: float) -> None:
    last = LastExecution("boot", round(end_s * NS_PER_S))
    look = gates.rest_look(clock("boot", end_s + pause_s), last, IBD)
    if abs(pause_s - 300.0) > 1e-6:
        assert look.is_open == (pause_s > 300.0)
        assert look.remaining_s == pytest.approx(max(300.0 - pause_s, 0.0), abs=1e-5)


def test_after_a_reboot_the_time_since_the_boot_counts() -> None:
    last = LastExecution("old", 10**15)
    look = gates.rest_look(clock("new", 139.0), last, IBD)
    assert not look.is_open
    assert look.why == "rest 2:41"
    assert gates.rest_look(clock("new", 300.0), last, IBD).is_open


def test_the_first_execution_needs_no_rest() -> None:
    assert gates.rest_look(clock("boot", 20.0), None, IBD).is_open


@given(st.floats(0.0, 1e4), st.floats(1.0, 100.0))
def test_a_nap_never_oversleeps_the_end_of_a_rest(remaining_s: float, pace: float) -> None:
    nap_s = gates._nap_s(remaining_s, pace)
    assert 0.2 <= nap_s <= 10.0
    assert nap_s * pace <= max(remaining_s / 2, 0.2 * pace) + 1e-9


def test_looks_can_be_filed() -> None:
    look = gates.battery_look(FULL, IBD)
    assert msgspec.json.decode(msgspec.json.encode(look))["gate"] == "battery"
