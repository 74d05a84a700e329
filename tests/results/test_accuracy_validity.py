from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.core.finding import Finding
from ibd_mobile.core.metric import Metric
from ibd_mobile.core.model import ReferenceAccuracy
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.accuracy_validity import accuracy_lost
from ibd_mobile.results.facts import load
from ibd_mobile.results.metrics import measure
from ibd_mobile.results.validity import judge


def judged(path: Path, job: Any) -> dict[str, Finding]:
    facts = load(job.file(path), fuel_gauge)
    return {f.id: f for f in judge(facts, measure(facts))}


def accuracy_job(make: Any, right_count: int, count: int = 500) -> Any:
    """An accuracy job that answers so many of `count` pictures rightly."""
    truth = (np.arange(count) % 10).astype(np.uint8)
    answers = np.where(np.arange(count) < right_count, truth, (truth + 1) % 10)
    times = make.back_to_back(1005 * 10**9, [1_000_000] * count)
    scores = np.eye(10, dtype=np.uint8)[answers]
    job = make.Job(outputs=scores.tobytes(), phases={"dataset": times}, truth=truth)
    job.context = make.changed(job.context, "job.kind", "accuracy")
    return job


@pytest.mark.parametrize(
    ("right_count", "is_lost"), [(470, False), (450, False), (440, False), (400, True), (49, True)]
)
def test_accuracy_that_fell_below_its_reference_is_lost(
    tmp_path: Path, make: Any, right_count: int, is_lost: bool
) -> None:
    job = accuracy_job(make, right_count)  # the reference is 0.9
    found = judged(tmp_path, job)
    assert ("ACCURACY-LOST" in found) == is_lost
    if right_count == 400:
        assert found["ACCURACY-LOST"].measured == "top1 80.00% of 500"
        assert found["ACCURACY-LOST"].limit == "≥ 89.00% (on a host)"
        assert "latency" in found["ACCURACY-LOST"].spoils  # a fast wrong answer is no result


def test_guessing_is_seen_without_a_reference(tmp_path: Path, make: Any) -> None:
    # SD845's DSP once was published with 0.3 % top-1 at 105 frames a second
    job = accuracy_job(make, 52)
    job.context = make.changed(job.context, "artifact.reference", [])
    found = judged(tmp_path / "guess", job)
    assert found["ACCURACY-LOST"].measured == "top1 10.40% of 500 is no better than guessing"
    job.context = make.changed(job.context, "artifact.is_untrained", True)
    assert list(judged(tmp_path / "untrained", job)) == ["UNTRAINED"]


def metric(name: str, value: float, high: float | None, unit: str = "ratio") -> Metric:
    return Metric(name=name, group="accuracy", unit=unit, value=value, low=None, high=high, n=200)


@pytest.mark.parametrize(
    ("reference", "value", "found", "told"),
    [
        ("map_coco", 0.40, metric("map_coco_ratio", 0.395, 0.42), ""),
        ("map_coco", 0.40, metric("map_coco_ratio", 0.37, 0.42), ""),  # 200 pictures cannot tell
        ("map_coco", 0.40, metric("map_coco_ratio", 0.30, 0.33), "map_coco 30.00% of 200"),
        ("map_voc", 0.40, metric("map_coco_ratio", 0.30, 0.33), ""),  # another measure
        ("miou", 0.80, metric("miou_ratio", 0.70, None), "miou 70.00% of 200"),
        ("psnr_db", 30.0, metric("psnr_y_db", 29.95, 29.97, "dB"), ""),
        ("psnr_db", 30.0, metric("psnr_y_db", 29.5, 29.7, "dB"), "psnr_db 29.50 dB of 200"),
        ("ssim", 0.95, metric("ssim_ratio", 0.90, 0.91, ""), "ssim 90.00% of 200"),
    ],
)
def test_each_measure_is_held_against_its_own_reference(
    tmp_path: Path, make: Any, reference: str, value: float, found: Metric, told: str
) -> None:
    job = make.Job()
    stated = [ReferenceAccuracy(metric=reference, value=value, n=200, source="test")]
    job.context = make.changed(job.context, "artifact.reference", stated)
    facts = load(job.file(tmp_path), fuel_gauge)
    findings = list(accuracy_lost(facts, {found.name: found}))
    assert [f.measured for f in findings] == ([told] if told else [])


def test_a_detector_that_finds_nothing_is_seen_without_a_reference(
    tmp_path: Path, make: Any
) -> None:
    facts = load(make.Job().file(tmp_path), fuel_gauge)
    blind = {"map_voc_ratio": metric("map_voc_ratio", 0.0, None)}
    (found,) = accuracy_lost(facts, blind)
    assert found.measured == "no true box was found in 200 pictures"
    seeing = {"map_voc_ratio": metric("map_voc_ratio", 0.01, None)}
    assert list(accuracy_lost(facts, seeing)) == []
