import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.core.device import ChargeStop, Phone
from ibd_mobile.core.errors import PhoneError
from ibd_mobile.machine.charge import allow_charging, find_stop, stop_charging, write
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.sensors import read_battery

from .conftest import Handset, soon


@pytest.fixture
def link(tmp_path: Path) -> LocalLink:
    return LocalLink(tmp_path / "root")


def phone(*stops: ChargeStop) -> Phone:
    return Phone(
        schema=1, id="p", name="P", device="d", recognise=[], sensors=[], charge_stops=list(stops)
    )


def input_cut(node: Path, *, needs_root: bool = False) -> ChargeStop:
    return ChargeStop(
        node=str(node), stop="1", allow="0", needs_root=needs_root, effect="input-cut", source="t"
    )


def charging_off(node: Path) -> ChargeStop:
    return ChargeStop(
        node=str(node), stop="0", allow="1", needs_root=False, effect="charging-off", source="t"
    )


def test_an_input_cut_is_taken_before_mere_charging_off(link: LocalLink, tmp_path: Path) -> None:
    for name in ("off", "cut"):
        (tmp_path / name).write_text("0\n")
    both = phone(charging_off(tmp_path / "off"), input_cut(tmp_path / "cut"))
    assert stop_charging(link, both) == input_cut(tmp_path / "cut")
    assert (tmp_path / "cut").read_text() == "1"
    assert (tmp_path / "off").read_text() == "0\n"
    allow_charging(link, both)
    assert (tmp_path / "cut").read_text() == "0"


def test_a_node_that_is_not_there_leads_to_the_next(link: LocalLink, tmp_path: Path) -> None:
    (tmp_path / "off").write_text("1\n")
    both = phone(charging_off(tmp_path / "off"), input_cut(tmp_path / "none"))
    found = find_stop(link, both)
    assert found is not None
    assert (found.stop, found.value) == (charging_off(tmp_path / "off"), "1")
    assert not (tmp_path / "none").exists(), "looking must not make it"


@pytest.mark.parametrize("which", [None, phone()])
def test_a_phone_without_a_stop_is_left_alone(link: LocalLink, which: Phone | None) -> None:
    assert stop_charging(link, which) is None
    assert allow_charging(link, which) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be root")
def test_a_node_of_root_is_written_by_root(link: LocalLink, tmp_path: Path) -> None:
    (tmp_path / "cut").write_text("0\n")
    assert stop_charging(link, phone(input_cut(tmp_path / "cut", needs_root=True))) is not None
    assert (tmp_path / "cut").read_text() == "1"


def test_a_node_that_does_not_take_the_value_is_named(link: LocalLink, tmp_path: Path) -> None:
    full = input_cut(Path("/dev/full"))
    with pytest.raises(PhoneError, match="/dev/full: does not take '1'"):
        write(link, full, "1")


def test_a_rooted_phone_lives_on_its_battery_with_the_cable_in(
    start: Callable[..., Handset],
) -> None:
    handset, pixel = start(rooted=True, plugged=True), library.phones()["pixel_4"]

    def status() -> str:
        return read_battery(handset.link, pixel.sensors).status

    assert soon(lambda: status() == "charging")
    used = stop_charging(handset.link, pixel)
    assert used is not None
    assert used.effect == "input-cut"
    assert soon(lambda: status() == "discharging")
    assert allow_charging(handset.link, pixel) == used
    assert soon(lambda: status() == "charging")


def test_a_phone_without_root_cannot_keep_its_charger_away(start: Callable[..., Handset]) -> None:
    handset, pixel = start(plugged=True), library.phones()["pixel_4"]
    assert find_stop(handset.link, pixel) is None
    assert stop_charging(handset.link, pixel) is None
    assert soon(lambda: read_battery(handset.link, pixel.sensors).status == "charging")
