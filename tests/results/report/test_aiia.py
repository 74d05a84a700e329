from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.aiia import BATCHES, render
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
MEASURED = next(r for r in RECORDS if r.job.kind == "measure")


def changed(noun: Any, path: str, value: Any) -> Any:
    name, _, rest = path.partition(".")
    inner = changed(getattr(noun, name), rest, value) if rest else value
    return msgspec.structs.replace(noun, **{name: inner})


def card(batch: int, latency_s: float, power_w: float | None, model: str = "vgg16") -> Record:
    """A record as a card in the cloud would give it."""

    def told(metric: Metric) -> Metric:
        values = {
            "execution_s": latency_s,
            "throughput_per_s": batch / latency_s,
            "power_gross_w": power_w,
        }
        if metric.name not in values:
            return metric
        return msgspec.structs.replace(
            metric,
            value=values[metric.name],
            low=None,
            high=None,
            missing="" if values[metric.name] is not None else "no sensor",
        )

    record = changed(MEASURED, "job.model", model)
    record = changed(record, "job.batch", batch)
    record = changed(record, "hardware.deployment", "cloud")
    record = changed(record, "findings", [])
    return changed(record, "metrics", [told(m) for m in record.metrics])


def lines(records: list[Record], failures: list[Failure] | None = None) -> list[str]:
    return render(RUN, records, failures or []).splitlines()


def test_figures_have_their_units_and_their_formulas() -> None:
    (line,) = [w for w in lines([card(64, 0.128, 70.0)]) if w.lstrip().startswith("64")]
    assert line.split() == ["64", "128", "500", "70", "7.143"]


def test_batches_stand_in_their_order_whatever_that_of_the_run() -> None:
    records = [card(b, 0.01 * b, 70.0) for b in reversed(BATCHES)]
    told = lines(records)
    found = [int(w.split()[0]) for w in told if w[:5].strip().isdigit()]
    assert found == list(BATCHES)
    assert not [w for w in told if "batches" in w]


def test_what_is_missing_is_not_a_number() -> None:
    (line,) = [w for w in lines([card(2, 0.128, None)]) if w.lstrip().startswith("2 ")]
    assert line.split() == ["2", "128", "15.62", "n/a", "n/a"]


@pytest.mark.parametrize(
    ("record", "difference"),
    [
        (card(1, 0.1, 70.0), "batches 2, 4, 8, 16, 32, 64, 128 were not measured"),
        (card(1, 0.1, 70.0, model="shapes_classifier"), "shapes_classifier is none of their"),
        (MEASURED, "the device is none of the cloud"),
        (changed(card(1, 0.1, 70.0), "workload.is_untrained", True), "weights are random"),
    ],
)
def test_what_leaves_their_rules_is_said(record: Record, difference: str) -> None:
    assert [w for w in lines([record]) if w.startswith(f"differs from the rules: {difference}")]


def test_findings_and_failures_are_told() -> None:
    told = lines(RECORDS, FAILURES)
    assert [w for w in told if "SIMULATED" in w]
    assert [w for w in told if w.startswith("not measured: ") and "left the bus" in w]
    assert "Not submitted to AIIA, and not checked by them." in told


def test_accuracy_is_told_with_its_number_of_samples() -> None:
    found = [w for w in lines(RECORDS) if w.startswith("accuracy on ")]
    assert found
    assert all("top1 " in line and "(n = " in line for line in found)
