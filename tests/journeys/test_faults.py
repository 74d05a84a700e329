"""Phones that leave, die, refuse and lie, and adb servers that do: each has its words.

Phones that cannot be used from the first are in `test_errors_shown.py`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.machine.adb import find_adb
from ibd_mobile.sim.phone import Phone
from ibd_mobile.sim.rack import Rack
from tests.journeys.conftest import (
    Command,
    adb_port,
    at_work,
    begun,
    failures,
    findings,
    is_listed_as,
    meanwhile,
    only_run,
    records,
    shell,
    wait_until,
)
from tests.journeys.test_interruption import start

MakePhone = Callable[..., Phone]
SETTINGS = (
    "for k in screen_brightness_mode screen_brightness screen_off_timeout;"
    "do settings get system $k;done"
)
#: two short ones
TWO_JOBS = ("--study", "one_accuracy", "--precision", "int8", "--precision", "float32")


def run_on(phone: Phone, *words: str) -> tuple[str, ...]:
    return ("run", "--device", phone.name, "--sim", "--protocol", "brisk", *words)


def gates(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {gate["gate"]: gate for gate in record["conditions"]["gates"]}


def metrics(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in record["metrics"]}


def test_a_phone_that_leaves_mid_measurement_loses_nothing(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_phone(), tmp_path / "runs"
    with meanwhile((at_work(phone, runs), lambda: phone.fault("gone", seconds=5))):
        said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    assert "repeated" not in said.err
    run = only_run(runs)
    assert not failures(run)
    (record,) = records(run)
    assert metrics(record)["power_gross_w"]["value"] > 0


def test_a_phone_that_stays_away_is_given_up_and_its_run_goes_on_later(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_phone(), tmp_path / "runs"
    before = shell(phone, SETTINGS)
    with meanwhile((at_work(phone, runs, 2), lambda: phone.fault("gone"))):
        said = ibd(*run_on(phone, *TWO_JOBS, "--away-limit", "2"))
    assert said.code == 9
    assert f"{phone.serial}: away for " in said.err
    assert "Check cable and hub, then `ibd-mobile resume`." in said.err
    assert "1 of 2 jobs failed, the rest are filed; `ibd-mobile resume" in said.err
    run = only_run(runs)
    (failure,) = failures(run)
    assert (failure["kind"], failure["exit_code"]) == ("PhoneGone", 5)
    filed = {p: p.read_bytes() for p in run.glob("jobs/*/record.json")}
    assert len(filed) == 1
    phone.clear_faults()
    said = ibd("resume")
    assert said.code == 0, said.err
    assert len(records(run)) == 2
    assert all(p.read_bytes() == content for p, content in filed.items())
    assert shell(phone, SETTINGS) == before


def test_a_phone_that_reboots_is_measured_again_and_rests_from_its_boot(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_phone(), tmp_path / "runs"
    with meanwhile((at_work(phone, runs), lambda: phone.fault("reboot", seconds=20))):
        said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    assert "repeated: " in said.err
    assert "rebooted in the middle of a measurement" in said.err
    (failure,) = failures(only_run(runs))
    assert (failure["kind"], failure["is_transient"]) == ("PhoneGone", True)
    (record,) = records(only_run(runs))
    assert gates(record)["rest"]["measured"].endswith(" s since the phone's boot")
    assert "REBOOTED" not in findings(record)


@pytest.mark.parametrize("byte_count", [1, 90, 700, 5000])
def test_a_phone_that_dies_after_any_number_of_bytes_loses_nothing(
    own_phone: MakePhone, ibd: Command, tmp_path: Path, byte_count: int
) -> None:
    phone, runs = own_phone(), tmp_path / "runs"

    def is_started() -> bool:
        return any('"kind":"started"' in p.read_text() for p in runs.glob("*/events.jsonl"))

    def die() -> None:
        phone.fault("die_after_bytes", byte_count=byte_count)

    with meanwhile((is_started, die)):
        said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    run = only_run(runs)
    assert len(records(run)) == 1
    assert not list(run.glob("jobs/.*"))
    # before the program is started a death costs a try; after that it is waited for
    assert [f["kind"] for f in failures(run)] in (["PhoneGone"], [])
    if byte_count == 1:
        assert len(failures(run)) == 1


def test_a_full_phone_is_told_with_both_numbers(own_phone: MakePhone, ibd: Command) -> None:
    phone = own_phone()
    shell(phone, "rm -rf /data/local/tmp/ibd-mobile")
    phone.fault("disk_full", free_bytes=1 << 20)
    said = ibd(*run_on(phone, "--study", "one_accuracy"))
    assert said.code == 9
    assert " MiB, " in said.err
    assert " MiB free\n  Delete something on the phone." in said.err


def test_a_step_of_the_phones_clock_does_not_reach_the_numbers(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_phone(), tmp_path / "runs"
    with meanwhile((at_work(phone, runs), lambda: phone.fault("clock_step", seconds=1000))):
        said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    (record,) = records(only_run(runs))
    assert 1e-5 < metrics(record)["execution_s"]["value"] < 0.1


def test_two_phones_of_one_device_are_both_named(
    phone: Phone, own_phone: MakePhone, ibd: Command
) -> None:
    other = own_phone()
    said = ibd("run", "--device", "sd855", "--adb-port", str(adb_port(phone)))
    assert said.code == 3
    assert "error: device 'sd855': 2 phones answer to it: " in said.err
    assert phone.serial in said.err
    assert other.serial in said.err
    assert "Name one by its serial" in said.err


def test_a_serial_that_is_not_there_is_told_with_those_that_are(phone: Phone, ibd: Command) -> None:
    said = ibd("run", "--device", "127.0.0.1:1", "--adb-port", str(adb_port(phone)))
    assert said.code == 3
    assert "device '127.0.0.1:1': does not exist" in said.err
    assert phone.serial in said.err


@pytest.fixture
def own_rack(home: Path, needs_namespaces: None, tmp_path: Path) -> Iterator[Rack]:
    """An adb server of the test's own, which it may kill."""
    with Rack(tmp_path / "rack", find_adb()) as rack:
        yield rack
        rack.adb("kill-server")  # the one that was started in place of a dead one


def test_no_phone_at_all_offers_a_simulated_one(own_rack: Rack, ibd: Command) -> None:
    said = ibd("run", "--device", "sd855", "--adb-port", str(own_rack.server_port))
    assert said.code == 5
    assert "no Qualcomm Snapdragon 855 phone is connected (adb lists: none)" in said.err
    assert "--sim" in said.err


def test_an_adb_server_that_dies_mid_measurement_is_started_anew(
    own_rack: Rack, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_rack.start("sd855", speed=120.0), tmp_path / "runs"
    words = ("--device", phone.serial, "--adb-port", str(own_rack.server_port))
    with meanwhile((begun(runs, "measure"), lambda: own_rack.adb("kill-server"))):
        said = ibd("run", *words, "--study", "one_measure")
    assert said.code == 0, said.err
    assert len(records(only_run(runs))) == 1


def test_frozen_battery_values_of_another_tool_close_the_battery_gate(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(speed=1000.0)
    shell(phone, "dumpsys battery unplug")
    said = ibd(*run_on(phone, "--study", "one_accuracy"))
    assert said.code == 9
    assert "battery gate stayed closed for " in said.err
    assert "frozen by `dumpsys battery unplug`" in said.err
    (failure,) = failures(only_run(tmp_path / "runs"))
    assert (failure["kind"], failure["exit_code"]) == ("PhoneNotReady", 5)


def test_closed_sysfs_nodes_leave_power_out_with_the_reason(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(sysfs_readable=False)
    said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    (record,) = records(only_run(tmp_path / "runs"))
    found = metrics(record)
    assert found["power_gross_w"]["value"] is None
    assert "permission denied" in found["power_gross_w"]["missing"].lower()
    assert found["execution_s"]["value"] > 0
    assert found["power_gross_w"]["missing"] in said.out


def test_a_charger_that_cannot_be_cut_spoils_power_and_nothing_else(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(plugged=True)
    said = ibd(*run_on(phone, "--study", "one_measure"))
    assert said.code == 0, said.err
    (record,) = records(only_run(tmp_path / "runs"))
    assert "CHARGING" in findings(record)
    for metric in record["metrics"]:
        if metric["value"] is not None:
            is_power = metric["group"] in ("power", "energy_efficiency")
            assert ("CHARGING" in metric["spoiled_by"]) == is_power, metric["name"]
    assert not gates(record)["charging"]["is_passed"]


def test_an_offline_phone_is_listed_and_stops_no_neighbour(
    phone: Phone, own_phone: MakePhone, ibd: Command
) -> None:
    other = own_phone()
    port = str(adb_port(phone))
    other.fault("gone")
    wait_until(is_listed_as(other, "offline"))
    listed = json.loads(ibd("devices", "--adb-port", port, "--json").out)["connected"]
    assert ("offline", "") in {(r["state"], r["device"]) for r in listed}
    said = ibd("run", "--device", "sd855", "--adb-port", port, "--study", "one_accuracy")
    assert said.code == 0, said.err


def test_a_run_that_died_with_its_simulated_phone_can_go_on(
    ibd: Command, needs_namespaces: None, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    words = ("--device", "sd855-7", "--sim", "--study", "one_accuracy")
    process = start(runs, "run", *words)
    wait_until(begun(runs, "measure"))
    process.kill()
    process.communicate()
    assert list(runs.glob("*/as_found/*")), "the phone was not prepared: nothing to be put back"
    said = ibd("resume")
    assert said.code == 0, said.err
    assert not list(runs.glob("*/as_found/*"))
