import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.core.metric import GROUPS, Metric
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.facts import Facts, load
from ibd_mobile.results.metrics import measure, power_estimate

EXPECTED = [
    "top1_ratio",
    "top5_ratio",
    "top1_loss_ratio",
    "top5_loss_ratio",
    "execution_s",
    "latency_s",
    "execution_min_s",
    "execution_max_s",
    "with_transfers_s",
    "device_execution_s",
    "initialisation_s",
    "sustained_execution_s",
    "throughput_per_s",
    "sustained_throughput_per_s",
    "power_gross_w",
    "power_idle_w",
    "power_net_w",
    "power_phase_energy_j",
    "samples_per_j",
    "ops_per_j",
    "samples_per_j_net",
    "ops_per_j_net",
    "energy_per_sample_j",
    "utilization_ratio",
]


def facts_of(path: Path, job: Any) -> Facts:
    return load(job.file(path), fuel_gauge)


def measured(path: Path, job: Any) -> dict[str, Metric]:
    return {m.name: m for m in measure(facts_of(path, job))}


def test_every_metric_is_there_in_a_fixed_order_with_a_value_or_a_reason(
    tmp_path: Path, make: Any
) -> None:
    metrics = measure(facts_of(tmp_path, make.Job()))
    assert [m.name for m in metrics] == EXPECTED
    for m in metrics:
        assert (m.value is None) == bool(m.missing), m.name
        assert m.spoiled_by == []
        for number in (m.value, m.low, m.high):
            assert number is None or math.isfinite(number)
        if m.value is not None and m.low is not None:
            assert m.low <= m.value
        if m.value is not None and m.high is not None:
            assert m.value <= m.high
    assert sorted({m.group for m in metrics}) == sorted(GROUPS)


def test_the_same_raw_files_give_the_same_metrics_to_the_last_bit(
    tmp_path: Path, make: Any
) -> None:
    folder = make.Job().file(tmp_path)
    once, again = (msgspec.json.encode(measure(load(folder, fuel_gauge))) for _ in range(2))
    assert once == again


def test_execution_is_of_a_batch_and_latency_of_a_sample(tmp_path: Path, make: Any) -> None:
    job = make.Job(timed_ns=[20_000_000, 21_000_000, 19_000_000, 20_500_000, 19_500_000])
    job.context = make.changed(job.context, "job.batch", 4)
    m = measured(tmp_path, job)
    assert m["execution_s"].value == pytest.approx(0.020)
    assert m["execution_s"].high == pytest.approx(0.020 + 0.00098162, abs=1e-8)
    assert m["execution_s"].n == 5
    assert m["execution_s"].interval_method == "t"
    assert m["latency_s"].value == pytest.approx(0.005)
    assert m["throughput_per_s"].value == pytest.approx(200.0)
    assert m["throughput_per_s"].low == pytest.approx(4 / 0.02098162, abs=1e-3)
    assert m["execution_min_s"].value == pytest.approx(0.019)
    assert m["execution_max_s"].value == pytest.approx(0.021)
    assert m["initialisation_s"].value == pytest.approx(0.2)


def test_sustained_throughput_counts_the_pauses_between_inferences(
    tmp_path: Path, make: Any
) -> None:
    start_ns = 1005 * 10**9
    job = make.Job()
    job.phases = {"power": make.back_to_back(start_ns, [8_000_000] * 300, pause_ns=2_000_000)}
    m = measured(tmp_path, job)
    assert m["sustained_execution_s"].value == pytest.approx(0.008)
    assert m["sustained_throughput_per_s"].value == pytest.approx(300 / 2.998)
    assert m["execution_s"].missing == "the job had no latency phase"
    assert m["latency_s"].missing == m["throughput_per_s"].missing == m["execution_s"].missing


def test_power_energy_and_efficiency_belong_together(tmp_path: Path, make: Any) -> None:
    m = measured(tmp_path, make.Job(noise_ratio=0.01))
    value = {name: metric.value or 0.0 for name, metric in m.items()}
    assert value["power_gross_w"] == pytest.approx(4.0, rel=0.01)
    assert value["power_idle_w"] == pytest.approx(0.6, rel=0.02)
    assert value["power_net_w"] == pytest.approx(value["power_gross_w"] - value["power_idle_w"])
    assert value["power_phase_energy_j"] == pytest.approx(value["power_gross_w"] * 6.2)
    assert value["energy_per_sample_j"] == pytest.approx(value["power_phase_energy_j"] / 620)
    assert value["samples_per_j"] == pytest.approx(1 / value["energy_per_sample_j"])
    assert value["ops_per_j"] == pytest.approx(value["samples_per_j"] * 2e6)
    assert value["samples_per_j_net"] == pytest.approx(620 / (value["power_net_w"] * 6.2))
    assert value["ops_per_j_net"] == pytest.approx(value["samples_per_j_net"] * 2e6)
    assert value["utilization_ratio"] == pytest.approx(2e6 * value["throughput_per_s"] / 2e11)
    assert "2.84 GHz" in m["utilization_ratio"].note
    assert "W before, " in m["power_idle_w"].note
    for name in ("power_gross_w", "power_net_w", "power_phase_energy_j", "samples_per_j"):
        assert m[name].low < value[name] < m[name].high  # type: ignore[operator]
        assert m[name].interval_method == "gauge"
    assert m["power_gross_w"].low < 4.0 < m["power_gross_w"].high  # type: ignore[operator]


def test_baselines_that_disagree_widen_the_interval(tmp_path: Path, make: Any) -> None:
    def rising(since_s: float) -> str:
        idle = 150_000 if since_s < 6 else 350_000
        return f"{1e6 if 4 < since_s < 10.7 else idle + since_s:.0f}"

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    even = measured(tmp_path / "a", make.Job(noise_ratio=0.0))["power_idle_w"]
    uneven = measured(tmp_path / "b", make.Job(current=rising))["power_idle_w"]
    assert uneven.value == pytest.approx(1.0, rel=0.01)
    assert uneven.high - uneven.value > 5 * (even.high - even.value)  # type: ignore[operator]
    assert uneven.low < 0.61 < 1.39 < uneven.high  # type: ignore[operator]


def test_a_phone_that_is_charged_has_no_efficiency_but_a_negative_power(
    tmp_path: Path, make: Any
) -> None:
    m = measured(tmp_path, make.Job(load_a=-0.3, idle_a=-0.9))
    assert m["power_gross_w"].value == pytest.approx(-1.2, rel=0.05)
    assert m["samples_per_j"].value is None
    assert m["samples_per_j"].missing.endswith("J per sample is not above zero")
    assert m["energy_per_sample_j"].value < 0  # type: ignore[operator]
    assert m["samples_per_j_net"].value is not None  # 0.6 A more than at rest


def test_a_net_power_that_may_be_zero_leaves_efficiency_open_above(
    tmp_path: Path, make: Any
) -> None:
    m = measured(tmp_path, make.Job(load_a=0.16, idle_a=0.15, noise_ratio=0.2))
    net = m["power_net_w"]
    if net.value is not None and net.value > 0:
        assert net.low < 0  # type: ignore[operator]
        assert m["samples_per_j_net"].high is None
        assert m["samples_per_j_net"].low is not None
    else:
        assert "is not above zero" in m["samples_per_j_net"].missing


def test_without_a_power_sensor_all_of_power_is_missing_with_the_reason(
    tmp_path: Path, make: Any
) -> None:
    job = make.Job()
    job.context = make.changed(make.changed(job.context, "sensors", []), "phone", None)
    m = measured(tmp_path, job)
    for metric in m.values():
        if metric.group in ("power", "energy_efficiency"):
            expected = "Snapdragon 855 has no power sensor"
            assert metric.missing in (expected, f"no idle baseline: {expected}"), metric.name
    assert m["execution_s"].value is not None


def test_without_a_peak_utilization_says_so(tmp_path: Path, make: Any) -> None:
    job = make.Job()
    job.context = make.changed(job.context, "job.processor", "dsp")
    assert measured(tmp_path, job)["utilization_ratio"].missing == "no peak is published"


def test_a_program_that_failed_says_why_there_is_no_number(tmp_path: Path, make: Any) -> None:
    def fail(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        error = {"event": "error", "code": 71, "name": "INFERENCE_FAILED", "message": "no memory"}
        return list(make.ended([*events[:5], error], code=71))

    m = measured(tmp_path, make.Job(end=fail))
    assert m["execution_s"].value is not None  # the timed runs were over
    assert m["sustained_execution_s"].missing == "the program ended early: no memory"
    assert m["power_gross_w"].missing == "the program ended early: no memory"


def test_a_program_that_never_loaded_its_model_has_no_initialisation(
    tmp_path: Path, make: Any
) -> None:
    def fail(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        error = {"event": "error", "code": 70, "name": "MODEL_REFUSED", "message": "unknown op"}
        return list(make.ended([events[0], error], code=70))

    m = measured(tmp_path / "said", make.Job(end=fail))
    assert m["initialisation_s"].missing == "the program ended early: unknown op"
    assert m["execution_s"].missing == m["initialisation_s"].missing
    m = measured(tmp_path / "cut", make.Job(end=lambda events: events[:1]))
    assert m["initialisation_s"].missing == "the journal is cut short"


def test_a_journal_that_stops_in_a_phase_gives_nothing_of_that_phase(
    tmp_path: Path, make: Any
) -> None:
    m = measured(tmp_path, make.Job(end=lambda events: events[:4]))
    assert m["execution_s"].missing == "the journal ends before the latency phase does"
    assert m["sustained_execution_s"].missing == "the journal ends before the power phase does"
    assert m["initialisation_s"].value is not None


def test_a_window_between_two_renewals_is_told(tmp_path: Path, make: Any) -> None:
    job = make.Job(power_ns=[10_000_000] * 12)
    missing = measured(tmp_path, job)["power_gross_w"].missing
    assert missing == (
        "0 readings of the gauge, which renews every 0.176 s, tell of the 0.12 s window alone;"
        " it takes 2"
    )
    facts = facts_of(tmp_path / "again", job)
    assert power_estimate(facts, None) == "the job had no such stretch of time"


def test_an_accuracy_job_tells_accuracy_and_nothing_else(tmp_path: Path, make: Any) -> None:
    scores = np.eye(10, dtype=np.uint8) * 200
    times = make.back_to_back(1005 * 10**9, [1_000_000] * 10)
    truth = np.array([*range(9), 0], np.uint8)
    job = make.Job(outputs=scores.tobytes(), phases={"dataset": times}, truth=truth)
    job.context = make.changed(job.context, "job.kind", "accuracy")
    m = measured(tmp_path, job)
    assert m["top1_ratio"].value == 0.9
    assert m["top1_ratio"].interval_method == "wilson"
    assert m["top1_ratio"].n == 10
    assert m["top1_ratio"].note == "in 1 samples another class has the same score as the true one"
    for metric in m.values():
        if metric.group != "accuracy":
            assert metric.missing == "measured by a measure job", metric.name


@pytest.mark.parametrize(
    ("application", "units"),
    [
        (
            "classification",
            {
                "top1_ratio": "ratio",
                "top5_ratio": "ratio",
                "top1_loss_ratio": "ratio",
                "top5_loss_ratio": "ratio",
            },
        ),
        (
            "detection",
            {
                "map_coco_ratio": "ratio",
                "map_voc_ratio": "ratio",
                "map_voc07_ratio": "ratio",
                "miou_ratio": "ratio",
                "map_coco_loss_ratio": "ratio",
                "map_voc_loss_ratio": "ratio",
                "miou_loss_ratio": "ratio",
            },
        ),
        (
            "super_resolution",
            {"psnr_y_db": "dB", "ssim_ratio": "", "psnr_y_loss_db": "dB", "ssim_loss_ratio": ""},
        ),
    ],
)
def test_accuracy_is_told_by_the_measures_of_the_application(
    tmp_path: Path, make: Any, application: str, units: dict[str, str]
) -> None:
    job = make.Job()
    job.context = make.changed(job.context, "model.application", application)
    metrics = measure(facts_of(tmp_path, job))
    found = {m.name: m.unit for m in metrics if m.group == "accuracy"}
    assert found == units
    assert [m.name for m in metrics[: len(units)]] == list(units)
    assert [m.name for m in metrics[len(units) :]] == EXPECTED[4:]
    for m in metrics[: len(units)]:
        assert m.better == ("lower" if "_loss_" in m.name else "higher")


def test_a_measure_job_leaves_accuracy_to_the_other(tmp_path: Path, make: Any) -> None:
    assert measured(tmp_path, make.Job())["top1_ratio"].missing == "measured by an accuracy job"


def test_a_card_is_timed_with_and_without_transfers_and_by_its_own_clock(
    tmp_path: Path, make: Any
) -> None:
    timed = make.back_to_back(1005 * 10**9, [2_000_000] * 5)
    moved = make.back_to_back(int(timed[-1, 1]), [5_000_000] * 5)
    power = make.back_to_back(int(moved[-1, 1]), [2_000_000] * 500)

    def end(events: list[dict[str, Any]]) -> Any:
        for event in events:
            if event["event"] == "inferences" and event["phase"] == "latency":
                event["device_ns"] = [1_500_000] * 5
        return make.ended(events)

    phases = {"latency": timed, "transfers": moved, "power": power}
    m = measured(tmp_path, make.Job(phases=phases, end=end))
    assert m["execution_s"].value == pytest.approx(0.002)
    assert m["with_transfers_s"].value == pytest.approx(0.005)
    assert m["device_execution_s"].value == pytest.approx(0.0015)
    plain = measured(tmp_path / "plain", make.Job())
    assert "own memory" in plain["with_transfers_s"].missing
    assert "no times of its own" in plain["device_execution_s"].missing
