from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.device import ChargeStop
from ibd_mobile.core.finding import Finding
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.facts import load
from ibd_mobile.results.metrics import measure
from ibd_mobile.results.validity import judge


def judged(path: Path, job: Any) -> dict[str, Finding]:
    facts = load(job.file(path), fuel_gauge)
    found: dict[str, Finding] = {f.id: f for f in judge(facts, measure(facts))}
    for finding in found.values():
        assert set(finding.spoils) == {"power", "energy_efficiency"}
    return found


def test_a_status_that_says_charging_is_a_finding(tmp_path: Path, make: Any) -> None:
    job = make.Job(
        extra={"battery_status": lambda s: "Charging" if 7 < s < 7.02 else "Discharging"}
    )
    found = judged(tmp_path, job)
    assert list(found) == ["CHARGING"]
    assert found["CHARGING"].measured == "status Charging"


def test_a_gate_that_let_a_charged_phone_pass_is_a_finding(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    gate = GateEvidence(
        gate="charging", is_passed=False, measured="charging, plugged in", limit="", waited_s=0
    )
    job.context = make.changed(job.context, "gates", [*job.context.gates, gate])
    assert judged(tmp_path, job)["CHARGING"].measured == "charging, plugged in"


def test_current_into_the_battery_is_a_finding(tmp_path: Path, make: Any) -> None:
    found = judged(tmp_path, make.Job(idle_a=-0.4))
    assert "current flows into the battery" in found["CHARGING"].measured


def test_a_cable_is_a_finding_unless_its_input_can_be_cut(tmp_path: Path, make: Any) -> None:
    usb = make.sensor("usb_online", "plugged", "count", site="usb")
    job = make.Job(extra={"usb_online": lambda _: "1"})
    job.context = make.changed(job.context, "sensors", [*job.context.sensors, usb])
    assert judged(tmp_path / "fed", job)["CHARGING"].measured == (
        "usb_online: a cable feeds the phone"
    )
    stop = ChargeStop(
        node="/n", stop="1", allow="0", needs_root=True, effect="input-cut", source="test"
    )
    job.context = make.changed(job.context, "phone.charge_stops", [stop])
    assert "CHARGING" in judged(tmp_path / "not root", job)
    job.context = make.changed(job.context, "identity.is_root", True)
    assert judged(tmp_path / "cut", job) == {}
    job.extra = {"usb_online": lambda _: "0"}
    job.context = make.changed(job.context, "phone.charge_stops", [])
    assert judged(tmp_path / "unplugged", job) == {}


def test_a_lit_screen_is_a_finding_on_a_phone(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    job.context = make.changed(job.context, "screen", "on")
    assert list(judged(tmp_path, job)) == ["SCREEN-ON"]


@pytest.mark.parametrize(
    ("count", "measured"),
    [(620, ""), (400, "4.0 s with 23 independent readings of the gauge")],
)
def test_a_window_too_short_for_the_protocol_is_a_finding(
    tmp_path: Path, make: Any, count: int, measured: str
) -> None:
    found = judged(tmp_path, make.Job(power_ns=[10_000_000] * count))
    assert (found["SHORT-POWER-WINDOW"].measured if found else "") == measured


def test_overlapping_means_are_not_counted_as_independent(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    current = make.changed(job.context.sensors[0], "mean_window_s", 2.0)
    job.context = make.changed(job.context, "sensors", [current, *job.context.sensors[1:]])
    found = judged(tmp_path, job)["SHORT-POWER-WINDOW"]
    assert found.measured == "6.2 s with 3 independent readings of the gauge"


def test_a_gauge_that_stands_still_under_load_is_stale(tmp_path: Path, make: Any) -> None:
    def stuck(since_s: float) -> str:
        renewal = int(since_s / 0.1758)
        return f"{1e6 + (40 if 6 < since_s < 9 else renewal % 11):.0f}"

    found = judged(tmp_path, make.Job(current=stuck))
    assert list(found) == ["STALE-GAUGE"]
    assert found["STALE-GAUGE"].measured == "battery_current stood still for 3.0 of 6.2 s"
    assert found["STALE-GAUGE"].limit == "≤ 1.4 s (it should be renewed every 0.1758 s)"


@pytest.mark.parametrize(
    ("field", "value", "measured"),
    [
        ("positive", "", "battery_current: what a positive current means is not known"),
        ("status", "inferred", "battery_current: unit and sign are inferred, not confirmed"),
    ],
)
def test_a_gauge_whose_meaning_is_a_guess_is_a_finding(
    tmp_path: Path, make: Any, field: str, value: str, measured: str
) -> None:
    job = make.Job()
    current = make.changed(job.context.sensors[0], field, value)
    job.context = make.changed(job.context, "sensors", [current, *job.context.sensors[1:]])
    found = judged(tmp_path, job)
    assert list(found) == ["UNKNOWN-UNIT"]
    assert found["UNKNOWN-UNIT"].measured == measured


def test_a_power_that_no_phone_has_is_a_unit_that_is_wrong(tmp_path: Path, make: Any) -> None:
    # OnePlus 7T of LineageOS: mA where µA were meant, a thousand times too little
    found = judged(tmp_path / "little", make.Job(load_a=0.001, idle_a=0.00015))
    assert found["UNKNOWN-UNIT"].limit == "0.05…25 W"
    assert "UNKNOWN-UNIT" in judged(tmp_path / "much", make.Job(load_a=1000.0, idle_a=150.0))


def test_lost_samples_are_a_finding(tmp_path: Path, make: Any) -> None:
    found = judged(tmp_path / "many", make.Job(missed=50))
    assert list(found) == ["MISSED-SAMPLES"]
    assert found["MISSED-SAMPLES"].measured.endswith("of the samples were missed")
    assert judged(tmp_path / "few", make.Job(missed=10)) == {}


def test_a_recording_without_its_end_is_a_finding(tmp_path: Path, make: Any) -> None:
    folder = make.Job().file(tmp_path)
    folder.summary.unlink()
    facts = load(folder, fuel_gauge)
    found = {f.id: f.measured for f in judge(facts, measure(facts))}
    assert found == {"MISSED-SAMPLES": "the recording did not come to its end"}


def test_reads_that_failed_now_and_then_are_a_finding(tmp_path: Path, make: Any) -> None:
    reads = iter(range(10**6))

    def faltering(since_s: float) -> str:
        number = next(reads)
        return "!EIO" if number % 20 == 0 else f"{1_000_000 + number // 17 % 9}"

    found = judged(tmp_path, make.Job(current=faltering))["MISSED-SAMPLES"]
    assert found.measured == "5.0% of the reads of battery_current failed"


def test_without_power_nothing_is_said_of_the_gauge(tmp_path: Path, make: Any) -> None:
    assert judged(tmp_path, make.Job(current=lambda _: "!EACCES", missed=900)) == {}
