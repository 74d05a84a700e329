"""What spoils the numbers of a host: each rule on a job that keeps all others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.finding import Finding
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.facts import load
from ibd_mobile.results.metrics import measure
from ibd_mobile.results.validity import judge

S = 1_000_000_000


def judged(path: Path, job: Any) -> dict[str, Finding]:
    facts = load(job.file(path), fuel_gauge)
    return {f.id: f for f in judge(facts, measure(facts))}


def waiting(
    make: Any, waited_ns: dict[str, int], stolen_ns: dict[str, int] | None = None
) -> Callable[..., Any]:
    """An ending of a journal whose phases tell how long threads waited, and what was stolen."""

    def end(events: list[dict[str, Any]]) -> Any:
        for event in events:
            if event["event"] != "phase_end":
                continue
            for name, told in (("waited_ns", waited_ns), ("stolen_ns", stolen_ns or {})):
                if event["phase"] in told:
                    event[name] = told[event["phase"]]
        return make.ended(events)

    return end


@pytest.mark.parametrize(
    ("waited_ns", "threads", "measured"),
    [
        ({"power": 620_000_000}, 1, "in the power phase its threads waited 10% of the time"),
        ({"latency": 50_000_000}, 1, "in the latency phase its threads waited 10% of the time"),
        ({"power": 4 * 620_000_000}, 4, "in the power phase its threads waited 10% of the time"),
    ],
)
def test_waiting_for_a_processor_that_others_had_is_a_finding(
    tmp_path: Path, make: Any, waited_ns: dict[str, int], threads: int, measured: str
) -> None:
    def end(events: list[dict[str, Any]]) -> Any:
        events[0]["threads"] = threads
        return waiting(make, waited_ns)(events)

    timed_ns = [100_000_000 + 1000 * k for k in range(5)]
    power_ns = [100_000_000] * 62
    found = judged(tmp_path, make.Job(end=end, timed_ns=timed_ns, power_ns=power_ns))
    assert list(found) == ["BUSY"]
    assert found["BUSY"].measured.startswith(measured)
    assert "latency" in found["BUSY"].spoils


def test_a_little_waiting_or_a_slice_before_a_short_phase_is_none(
    tmp_path: Path, make: Any
) -> None:
    end = waiting(make, {"power": 60_000_000, "latency": 12_000_000})
    assert judged(tmp_path, make.Job(end=end)) == {}


def test_what_other_virtual_machines_took_is_a_finding(tmp_path: Path, make: Any) -> None:
    end = waiting(make, {"power": 10_000_000}, {"power": 620_000_000})
    found = judged(tmp_path, make.Job(end=end))
    assert list(found) == ["BUSY"]
    assert found["BUSY"].measured == (
        "in the power phase other virtual machines had its processors for 10% of it"
    )
    assert "shared" in found["BUSY"].remedy


def test_waiting_and_what_was_stolen_count_together(tmp_path: Path, make: Any) -> None:
    alone = waiting(make, {"power": 80_000_000})
    assert judged(tmp_path / "alone", make.Job(end=alone)) == {}
    both = waiting(make, {"power": 80_000_000}, {"power": 60_000_000})
    assert list(judged(tmp_path / "both", make.Job(end=both))) == ["BUSY"]


def test_a_pace_that_others_explain_is_no_throttling(tmp_path: Path, make: Any) -> None:
    power_ns = [10_000_000 if k < 300 else 14_000_000 for k in range(620)]
    quiet = judged(tmp_path / "quiet", make.Job(power_ns=power_ns))
    assert list(quiet) == ["THROTTLED"]
    end = waiting(make, {"power": 1_000_000_000})
    assert list(judged(tmp_path / "busy", make.Job(end=end, power_ns=power_ns))) == ["BUSY"]


def test_a_step_of_the_kernels_count_is_no_load(tmp_path: Path, make: Any) -> None:
    timed_ns = [100_000_000 + 1000 * k for k in range(5)]
    end = waiting(make, {}, {"latency": 20_000_000})
    assert judged(tmp_path, make.Job(end=end, timed_ns=timed_ns)) == {}


def test_its_own_count_is_believed_more_than_the_systems_guess(tmp_path: Path, make: Any) -> None:
    """A library whose one thread sleeps between pieces of work is not kept waiting by others."""
    summary = {
        "rusage": {
            "user_ns": 1, "system_ns": 1, "max_rss_bytes": 1, "minor_faults": 0,
            "major_faults": 0, "voluntary_switches": 0, "involuntary_switches": 10_000,
        }
    }  # fmt: skip

    def slept(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for event in events:
            if event["event"] == "phase_end":
                event["cpu_ns"] = 1
        return events

    def end(events: list[dict[str, Any]]) -> Any:
        return waiting(make, {"power": 0})(slept(events))

    guessed = make.Job(end=lambda events: make.ended(slept(events)), summary=summary)
    assert list(judged(tmp_path / "guessed", guessed)) == ["BUSY"]
    assert judged(tmp_path / "counted", make.Job(end=end, summary=summary)) == {}


def test_times_of_an_emulator_are_none_of_the_processor(tmp_path: Path, make: Any) -> None:
    found = judged(tmp_path, make.Job(ready={"is_emulated": True}))
    assert list(found) == ["EMULATED"]
    assert "accuracy" not in found["EMULATED"].spoils
    assert {"latency", "throughput", "utilization"} <= set(found["EMULATED"].spoils)


@pytest.mark.parametrize(
    ("mask", "reason"), [(4, "power cap"), (64, "heat (hardware)"), (4 | 32, "power cap")]
)
def test_a_card_that_says_why_it_slowed_down_is_believed(
    tmp_path: Path, make: Any, mask: int, reason: str
) -> None:
    sensor = make.sensor("throttle", "throttle", "count")
    job = make.Job(extra={sensor.id: lambda s: str(mask) if 6 < s < 8 else "1"})
    job.context = make.changed(job.context, "sensors", [*job.context.sensors, sensor])
    found = judged(tmp_path, job)
    assert list(found) == ["THROTTLED"]
    assert found["THROTTLED"].measured.endswith(reason)


def test_an_idle_card_does_not_throttle(tmp_path: Path, make: Any) -> None:
    sensor = make.sensor("throttle", "throttle", "count")
    job = make.Job(extra={sensor.id: lambda s: "1" if s < 4 or s > 11 else "2"})
    job.context = make.changed(job.context, "sensors", [*job.context.sensors, sensor])
    assert judged(tmp_path, job) == {}


X86 = "sse4_2 avx f16c fma avx2"


@pytest.mark.parametrize(
    ("framework", "precision", "isa", "is_found"),
    [
        ("openvino", "int8", X86, True),
        ("openvino", "int8", f"{X86} avx512f", True),
        ("openvino", "int8", f"{X86} avx512f avx512_vnni", False),
        ("openvino", "int8", f"{X86} avx_vnni", False),
        ("openvino", "int8", "asimd asimddp", False),
        ("openvino", "int8", "", False),
        ("openvino", "float32", X86, False),
        ("onnxruntime", "int8", X86, False),
        ("litert", "int8", X86, False),
    ],
)
def test_answers_of_a_library_that_clamps_its_sums_are_marked(
    tmp_path: Path, make: Any, framework: str, precision: str, isa: str, is_found: bool
) -> None:
    job = make.Job()
    for path, value in (
        ("job.framework", framework),
        ("job.precision", precision),
        ("identity.properties", {"host.isa": isa}),
    ):
        job.context = make.changed(job.context, path, value)
    found = judged(tmp_path, job).get("INT8-SATURATION")
    assert (found is not None) == is_found
    assert found is None or found.spoils == ["accuracy"]
