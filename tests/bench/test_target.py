"""Machines as `--device` names them: this computer, and simulated phones behind a real server."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibd_mobile.bench.target import Target, find_slots, host_root, open_target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.device import Slot
from ibd_mobile.core.errors import InputError, PhoneError, PhoneGone, PhoneNotReady
from ibd_mobile.machine.adb import AdbLink, find_adb
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.sim.namespace import namespaces_problem
from ibd_mobile.sim.rack import Rack


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    problem = namespaces_problem()
    if problem:
        pytest.skip(f"no simulated phone here: {problem}")
    with Rack(tmp_path_factory.mktemp("rack"), find_adb()) as rack:
        yield rack


def test_this_computer_is_reached_without_adb(small: Stock, home: Path) -> None:
    (slot,) = find_slots("host_cpu", small, adb_port=1)  # where nothing listens
    assert slot == Slot(id="host_cpu")
    target = open_target(slot, small)
    assert isinstance(target.link, LocalLink)
    assert target.link.root == str(host_root())
    assert host_root().is_relative_to(home)
    assert target.device.id == target.identity.device == "host_cpu"
    assert not target.is_phone
    assert target.sensors == target.device.sensors


def test_a_slot_of_a_rack_file_goes_before_all_else(small: Stock) -> None:
    slots = {"host_cpu": Slot(id="host_cpu", serial="R58M", adb_port=5999)}
    stock = dataclasses.replace(small, slots=slots)
    assert find_slots("host_cpu", stock, adb_port=1) == [slots["host_cpu"]]


def test_a_machine_that_the_catalog_does_not_know_is_not_measured(small: Stock) -> None:
    stock = dataclasses.replace(small, devices={"sd855": small.devices["sd855"]})
    with pytest.raises(PhoneNotReady, match="this computer: is no device of the catalog") as caught:
        open_target(Slot(id="host_cpu"), stock)
    assert "CONTRIBUTING" in caught.value.remedy


def test_where_no_phone_is_connected_it_is_said_so(small: Stock, rack: Rack) -> None:
    with pytest.raises(PhoneError, match=r"no Qualcomm Snapdragon 855 phone .*lists: none") as got:
        find_slots("sd855", small, rack.server_port)
    assert "--sim" in got.value.remedy


def test_a_phone_is_found_by_its_device_and_by_its_serial(small: Stock, rack: Rack) -> None:
    phone = rack.start("sd855")
    try:
        (by_device,) = find_slots("sd855", small, rack.server_port)
        (by_serial,) = find_slots(phone.serial, small, rack.server_port)
        assert by_device.serial == by_serial.serial == phone.serial
        assert (by_device.id, by_serial.id) == ("sd855", phone.serial)

        target = open_target(by_device, small)
        assert isinstance(target.link, AdbLink)
        assert target.is_phone
        assert target.phone is not None
        assert target.sensors == target.phone.sensors
        assert target.identity.is_simulated
        unknown = Target(target.slot, target.link, target.device, None, target.identity)
        assert unknown.sensors == target.device.sensors

        with pytest.raises(PhoneError, match="no HiSilicon Kirin 980 phone") as caught:
            find_slots("kirin980", small, rack.server_port)
        assert phone.serial in caught.value.problem

        with pytest.raises(InputError, match="device 'sd885': does not exist") as misspelt:
            find_slots("sd885", small, rack.server_port)
        assert "Did you mean 'sd8" in misspelt.value.remedy
        assert phone.serial in misspelt.value.remedy
    finally:
        phone.stop()
        rack.adb("disconnect", phone.serial)


def test_two_phones_of_one_device_are_told_apart_by_the_person(small: Stock, rack: Rack) -> None:
    phones = [rack.start("sd855"), rack.start("sd855")]
    try:
        with pytest.raises(InputError, match="2 phones answer to it: ") as caught:
            find_slots("sd855", small, rack.server_port)
        assert all(phone.serial in caught.value.problem for phone in phones)
        assert "serial" in caught.value.remedy
    finally:
        for phone in phones:
            phone.stop()
            rack.adb("disconnect", phone.serial)


def test_a_phone_that_has_left_is_named(small: Stock, rack: Rack) -> None:
    phone = rack.start("sd855")
    phone.stop()
    with pytest.raises(PhoneGone) as caught:
        open_target(Slot(id="sd855", serial=phone.serial, adb_port=rack.server_port), small)
    assert caught.value.subject == phone.serial
