from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from ibd_mobile.core.finding import Finding, FindingId
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import GateEvidence
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.facts import load
from ibd_mobile.results.metrics import measure
from ibd_mobile.results.validity import judge, spoil


def judged(path: Path, job: Any) -> dict[str, Finding]:
    facts = load(job.file(path), fuel_gauge)
    return {f.id: f for f in judge(facts, measure(facts))}


def with_(make: Any, *changes: tuple[str, Any], **facts: Any) -> Any:
    job = make.Job(**facts)
    for path, value in changes:
        job.context = make.changed(job.context, path, value)
    return job


def with_sensor(make: Any, sensor: Any, tell: Any, **facts: Any) -> Any:
    job = make.Job(extra={sensor.id: tell}, **facts)
    job.context = make.changed(job.context, "sensors", [*job.context.sensors, sensor])
    return job


def gates(job: Any, gate: str, *, is_passed: bool | None) -> list[GateEvidence]:
    """Evidence of the job's gates, with one of them closed, or (None) not looked at."""
    others = [g for g in job.context.gates if g.gate != gate]
    if is_passed is None:
        return others
    seen = GateEvidence(
        gate=gate, is_passed=is_passed, measured="seen", limit="wanted", waited_s=0.0
    )
    return [*others, seen]


def test_a_job_by_the_rules_has_no_finding(tmp_path: Path, make: Any) -> None:
    assert judged(tmp_path, make.Job()) == {}


@pytest.mark.parametrize(
    ("id", "path", "value", "measured"),
    [
        ("SIMULATED", "identity.is_simulated", True, "the phone is a program"),
        ("NOT-CONFORMING", "protocol.is_conforming", False, "protocol 'ibd'"),
        ("UNTRAINED", "artifact.is_untrained", True, "weights are random"),
        ("FALLBACK", "job.processor", "dsp", "ran on cpu"),
        ("REBOOTED", "identity.boot_id", "another", "2 boots in one job"),
    ],
)
def test_what_the_session_knew_is_judged(
    tmp_path: Path, make: Any, id: str, path: str, value: Any, measured: str
) -> None:
    found = judged(tmp_path, with_(make, (path, value)))
    assert list(found) == [id]
    assert found[id].measured == measured
    assert found[id].remedy.endswith(".")


@pytest.mark.parametrize(
    ("id", "gate"),
    [("LOW-BATTERY", "battery"), ("SHORT-REST", "rest"), ("HOT-START", "battery temperature")],
)
def test_a_gate_that_stayed_closed_is_a_finding(
    tmp_path: Path, make: Any, id: str, gate: str
) -> None:
    job = make.Job()
    job.context = make.changed(job.context, "gates", gates(job, gate, is_passed=False))
    found = judged(tmp_path, job)
    assert list(found) == [id]
    assert (found[id].measured, found[id].limit) == ("seen", "wanted")


@pytest.mark.parametrize(("id", "gate"), [("LOW-BATTERY", "battery"), ("SHORT-REST", "rest")])
def test_a_gate_nobody_looked_at_is_a_finding_on_a_phone_alone(
    tmp_path: Path, make: Any, id: str, gate: str
) -> None:
    job = make.Job()
    job.context = make.changed(job.context, "gates", gates(job, gate, is_passed=None))
    assert judged(tmp_path / "phone", job)[id].measured == "not checked"
    job.context = make.changed(job.context, "device.deployment", "desktop")
    assert id not in judged(tmp_path / "host", job)


def test_a_level_that_was_too_low_at_the_start_is_a_finding(tmp_path: Path, make: Any) -> None:
    level = make.sensor("battery_level", "level", "pct")
    low = judged(tmp_path / "low", with_sensor(make, level, lambda _: "79"))["LOW-BATTERY"]
    assert (low.measured, low.limit) == ("79 % at the start", "≥ 80 %")
    falls = with_sensor(make, level, lambda s: "80" if s < 8 else "79")
    assert judged(tmp_path / "falls", falls) == {}


def test_a_battery_that_was_too_warm_at_the_start_is_a_finding(tmp_path: Path, make: Any) -> None:
    heat = make.sensor("battery_temperature", "temperature", "ddegC")
    warms = with_sensor(make, heat, lambda s: f"{300 + 20 * s:.0f}")  # 39 °C as the load begins
    assert judged(tmp_path / "hot", warms)["HOT-START"].measured == "battery 39.0 °C at the start"
    later = with_sensor(make, heat, lambda s: "310" if s < 5 else "390")
    assert judged(tmp_path / "later", later) == {}
    broken = with_sensor(make, heat, lambda _: "1250")  # what Kirin says of damaged sensors
    assert judged(tmp_path / "broken", broken) == {}


def test_a_lowered_cap_and_a_clock_held_down_are_throttling(tmp_path: Path, make: Any) -> None:
    cap = make.sensor("prime_frequency_cap", "frequency", "kHz", site="prime")
    found = judged(
        tmp_path / "cap", with_sensor(make, cap, lambda s: "2000000" if 8 < s < 9 else "2841600")
    )
    assert found["THROTTLED"].measured == "prime_frequency_cap fell to 70% under load"
    clock = make.sensor("prime_frequency", "frequency", "kHz", site="prime")
    felt = [10_000_000] * 240 + [10_800_000] * 350
    held = with_sensor(make, clock, lambda s: "2841600" if s < 7 else "2419200", power_ns=felt)
    assert judged(tmp_path / "held", held)["THROTTLED"].measured.startswith("prime_frequency fell")
    idle = with_sensor(make, clock, lambda s: "2841600" if s < 7 else "2419200")
    assert judged(tmp_path / "idle cores", idle) == {}
    swings = with_sensor(make, clock, lambda s: "2841600" if int(s * 20) % 2 else "1000000")
    assert judged(tmp_path / "swings", swings) == {}


def test_inferences_that_become_slower_are_throttling(tmp_path: Path, make: Any) -> None:
    drifting = [10_000_000 + 5_000 * k + (k % 7) * 20_000 for k in range(620)]
    found = judged(tmp_path / "drift", make.Job(power_ns=drifting))["THROTTLED"]
    assert "slower within the power phase" in found.measured
    sustained = make.Job(power_ns=[12_000_000 + (k % 5) * 1000 for k in range(520)])
    found = judged(tmp_path / "sustained", sustained)["THROTTLED"]
    assert found.measured == "sustained inferences are 20% slower than any timed one"
    scattered = np.random.default_rng(1).normal(10e6, 4e5, 620).astype(int).tolist()
    assert judged(tmp_path / "scatter", make.Job(power_ns=scattered)) == {}


def test_a_program_that_had_to_wait_for_its_processor_was_disturbed(
    tmp_path: Path, make: Any
) -> None:
    def starved(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(make.ended([{**e, "cpu_ns": e["cpu_ns"] * 7 // 10} if "cpu_ns" in e else e
                                for e in events]))  # fmt: skip

    rusage = {
        "user_ns": 1, "system_ns": 1, "max_rss_bytes": 1, "minor_faults": 0, "major_faults": 0,
        "voluntary_switches": 0, "involuntary_switches": 600,
    }  # fmt: skip
    busy = make.Job(end=starved, summary={"rusage": rusage})
    assert judged(tmp_path / "busy", busy)["BUSY"].measured.startswith("70% of its processor")
    assert judged(tmp_path / "asleep", make.Job(end=starved)) == {}  # it gave it up by itself
    assert judged(tmp_path / "switched", make.Job(summary={"rusage": rusage})) == {}
    busy.context = make.changed(busy.context, "job.threads", 4)
    assert judged(tmp_path / "threads", busy) == {}  # not told by the sum of four


def test_the_frameworks_own_name_of_a_processor_is_no_fallback(tmp_path: Path, make: Any) -> None:
    job = make.Job(ready={"accelerator": "XNNPACK"})
    assert judged(tmp_path / "other", job)["FALLBACK"].limit == "cpu"
    processors = [
        make.changed(p, "accelerators", {"litert": "xnnpack"})
        for p in job.context.device.processors
    ]
    job.context = make.changed(job.context, "device.processors", processors)
    assert judged(tmp_path / "named", job) == {}


def test_a_network_that_ran_in_part_elsewhere_is_told(tmp_path: Path, make: Any) -> None:
    def job(is_full: bool | None) -> Any:
        made = make.Job(ready={"fully_accelerated": is_full, "accelerator": "gpu"})
        made.context = make.changed(made.context, "job.processor", "gpu")
        return made

    assert list(judged(tmp_path / "part", job(False))) == ["PARTIAL-FALLBACK"]
    assert judged(tmp_path / "unknown", job(None)) == {}


def test_what_fast_kernels_of_a_cpu_leave_over_still_runs_on_the_cpu(
    tmp_path: Path, make: Any
) -> None:
    assert judged(tmp_path, make.Job(ready={"fully_accelerated": False})) == {}


@pytest.mark.parametrize("where", ["journal", "summary"])
def test_any_file_of_another_boot_is_told(tmp_path: Path, make: Any, where: str) -> None:
    if where == "summary":
        job = make.Job(summary={"boot_id": "after"})
    else:

        def end(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return list(make.ended([{**events[0], "boot_id": "after"}, *events[1:]]))

        job = make.Job(end=end)
    assert list(judged(tmp_path, job)) == ["REBOOTED"]


def test_a_machine_without_a_boot_id_did_not_reboot(tmp_path: Path, make: Any) -> None:
    def end(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(make.ended([{**events[0], "boot_id": ""}, *events[1:]]))

    assert judged(tmp_path, make.Job(end=end)) == {}


@pytest.mark.parametrize("step_ns", [3_000_000_000, -500_000_000])
def test_a_clock_that_jumped_is_a_finding(tmp_path: Path, make: Any, step_ns: int) -> None:
    folder = make.Job().file(tmp_path)
    lines = folder.samples.read_text().splitlines()[:-1]  # the seal is of the clean file
    for k, line in enumerate(lines[1000:], 1000):
        words = line.split("\t")
        if step_ns > 0:
            words[0] = str(int(words[0]) + step_ns)
        words[1::2] = [str(int(t_ns) + step_ns) for t_ns in words[1::2]]
        lines[k] = "\t".join(words)
    folder.samples.write_text("".join(f"{line}\n" for line in lines))
    folder.summary.unlink()
    facts = load(folder, fuel_gauge)
    found = {f.id: f for f in judge(facts, measure(facts))}
    expected = "3.01 s without a sample" if step_ns > 0 else "went back by 0.5 s"
    assert found["CLOCK-STEP"].measured == expected


def test_more_than_the_peak_is_told_and_not_clamped(tmp_path: Path, make: Any) -> None:
    job = with_(make, ("artifact.cost.macs_count", 2_000_000_000))
    found = judged(tmp_path, job)
    assert list(found) == ["OVER-PEAK"]
    assert found["OVER-PEAK"].measured == "200.0% of peak"
    assert found["OVER-PEAK"].spoils == ["utilization"]


def test_timed_runs_that_scatter_are_unstable(tmp_path: Path, make: Any) -> None:
    wild = make.Job(timed_ns=[10_000_000, 13_000_000, 10_000_000, 10_000_000, 12_000_000])
    found = judged(tmp_path, wild)
    assert list(found) == ["UNSTABLE"]
    assert found["UNSTABLE"].measured == "the interval of 5 timed runs is ± 16%"
    assert found["UNSTABLE"].spoils == ["latency", "throughput", "utilization"]


def test_findings_come_once_each_in_the_order_of_their_list(tmp_path: Path, make: Any) -> None:
    job = with_(
        make, ("identity.is_simulated", True), ("protocol.is_conforming", False),
        ("identity.boot_id", "other"), ("job.processor", "dsp"), ("gates", []),
        ("artifact.is_untrained", True), missed=900,
        timed_ns=[10_000_000, 30_000_000, 10_000_000],
    )  # fmt: skip
    facts = load(job.file(tmp_path), fuel_gauge)
    ids = [f.id for f in judge(facts, measure(facts))]
    order = list(get_args(FindingId))
    assert ids == sorted(set(ids), key=order.index)
    assert len(ids) >= 8


def test_a_finding_is_written_beside_the_numbers_it_spoils() -> None:
    metrics = [
        Metric(name="latency_s", group="latency", unit="s", value=1.0),
        Metric(name="power_gross_w", group="power", unit="W", value=1.0, spoiled_by=["OLD"]),
        Metric(name="top1_ratio", group="accuracy", unit="ratio", value=None, missing="x"),
    ]
    findings = [
        Finding(id="SIMULATED", measured="", limit="", remedy="",
                spoils=["latency", "power", "accuracy"]),
        Finding(id="CHARGING", measured="", limit="", remedy="", spoils=["power"]),
    ]  # fmt: skip
    assert [m.spoiled_by for m in spoil(metrics, findings)] == [
        ["SIMULATED"],
        ["SIMULATED", "CHARGING"],
        [],
    ]
    assert spoil(metrics, [])[1].spoiled_by == []
