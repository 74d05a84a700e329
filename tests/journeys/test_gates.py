"""Runs that wait until a phone may be measured, say why, and file what they saw."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.sim.phone import Phone
from tests.journeys.conftest import (
    Command,
    add_protocol,
    begun,
    failures,
    findings,
    meanwhile,
    only_run,
    records,
)

MakePhone = Callable[..., Phone]


@pytest.fixture(scope="module", autouse=True)
def protocols(home: Path) -> None:
    """The paper's limits with the short phases of `brisk`."""
    add_protocol(home, "charged", battery_floor_pct=80.0, battery_target_pct=81.0)
    add_protocol(home, "rested", rest_s=300.0)
    add_protocol(home, "cool", battery_max_c=35.0, skin_max_c=35.0, gate_limit_s=900.0)


def run_on(phone: Phone, protocol: str, study: str = "one_accuracy") -> tuple[str, ...]:
    words = ("--sim", "--protocol", protocol, "--study", study)
    return ("run", "--device", phone.name, *words)


def gates(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {gate["gate"]: gate for gate in record["conditions"]["gates"]}


def looks(run: Path) -> list[dict[str, Any]]:
    """All looks at all gates of the only job, in their order."""
    (file,) = run.glob("*/*/raw/gates.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [look | {"boot_ns": line["boot_ns"]} for line in lines for look in line["looks"]]


def test_a_low_battery_is_charged_up_to_the_target_and_then_left_alone(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone, runs = own_phone(speed=250.0, battery_pct=76.5, rooted=True), tmp_path / "runs"
    with meanwhile((begun(runs, "prepare"), lambda: phone.set(plugged=True))):
        said = ibd(*run_on(phone, "charged", "one_measure"))
    assert said.code == 0, said.err
    assert re.search(r"\] waiting: battery 7[6-9] → 80 %\n", said.err)
    assert "] waiting: charging up to the protocol's level\n" in said.err
    run = only_run(runs)
    (record,) = records(run)
    evidence = gates(record)["battery"]
    assert evidence["is_passed"]
    assert evidence["waited_s"] > 100  # of the phone's clock
    assert float(evidence["measured"].removesuffix(" %")) >= 81
    assert {"battery_level", "dumpsys level"} <= set(evidence["sources"])
    assert gates(record)["charging"]["is_passed"]
    assert not {"CHARGING", "LOW-BATTERY"} & findings(record)
    (power,) = [m for m in record["metrics"] if m["name"] == "power_gross_w"]
    assert power["value"] > 0
    levels = [look["measured"] for look in looks(run) if look["gate"] == "battery"]
    assert levels[0] < "80 %"  # it charges on the way to the first look
    assert levels == sorted(levels)


def test_a_phone_rests_five_minutes_of_its_own_clock_between_executions(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(speed=300.0)
    words = ("--precision", "int8", "--precision", "float32")
    said = ibd(*run_on(phone, "rested"), *words)
    assert said.code == 0, said.err
    assert re.search(r"\] waiting: rest \d:\d\d\n", said.err)
    run = only_run(tmp_path / "runs")
    summaries = [json.loads(p.read_bytes()) for p in run.glob("jobs/*/raw/sampler.json")]
    first, second = sorted(summaries, key=lambda s: s["start_ns"])
    assert first["boot_id"] == second["boot_id"]
    assert second["start_ns"] - first["end_ns"] >= 300e9
    assert not any("SHORT-REST" in findings(record) for record in records(run))


def test_a_hot_phone_waits_until_it_has_cooled_down(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(speed=200.0, start_c=39.0)
    said = ibd(*run_on(phone, "cool"))
    assert said.code == 0, said.err
    assert re.search(r"\] waiting: (battery|skin) 3\d\.\d → 35 °C\n", said.err)
    (record,) = records(only_run(tmp_path / "runs"))
    seen = gates(record)
    heat = [seen["battery temperature"], seen["skin temperature"]]
    assert all(float(gate["measured"].split()[0]) <= 35.0 for gate in heat)
    assert sum(gate["waited_s"] for gate in heat) > 10
    assert "HOT-START" not in findings(record)


def test_a_phone_in_a_hot_room_is_given_up_with_a_remedy(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(speed=600.0, ambient_c=40.0)
    said = ibd(*run_on(phone, "cool"))
    assert said.code == 9
    assert re.search(r"temperature gate stayed closed for \d+ s: \d\d\.\d °C, needs ≤ 35", said.err)
    assert "Move the phone to a cooler place, out of its case." in said.err
    (failure,) = failures(only_run(tmp_path / "runs"))
    assert (failure["kind"], failure["exit_code"]) == ("PhoneNotReady", 5)


def test_a_low_battery_without_a_charger_is_given_up_after_ten_minutes(
    own_phone: MakePhone, ibd: Command, tmp_path: Path
) -> None:
    phone = own_phone(speed=600.0, battery_pct=70.0)
    said = ibd(*run_on(phone, "charged"))
    assert said.code == 9
    assert "] waiting: battery 70 → 80 %, no charger connected\n" in said.err
    assert "battery gate stayed closed for " in said.err
    assert "Charge the phone, or connect a charger and let the run wait for it." in said.err
    (failure,) = failures(only_run(tmp_path / "runs"))
    assert (failure["kind"], failure["exit_code"]) == ("PhoneNotReady", 5)
    waited_s = int(re.findall(r"closed for (\d+) s", failure["problem"])[0])
    assert 600 < waited_s < 3000  # of the phone's clock
