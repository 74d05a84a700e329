from pathlib import Path

import msgspec

from ibd_mobile.bench.trial import Trial, accuracy_study
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.shelf import Shelf
from ibd_mobile.results.event_log import Event


def test_accuracies_are_measured_by_jobs_like_any_other(small: Stock, tmp_path: Path) -> None:
    told: list[Event] = []
    trial = Trial(Maker(shelf=Shelf(tmp_path / "shelf")), told.append)
    study = accuracy_study(["shapes_classifier"], ["int8"], ["litert"])
    study = msgspec.structs.replace(study, training_frameworks=["tensorflow"])
    stock, records = trial.run(study, small, tmp_path / "runs")
    (record,) = records
    assert record.job.kind == "accuracy"
    assert stock.artifact(record.job).precision == "int8"
    top1 = next(m for m in record.metrics if m.name == "top1_ratio")
    assert top1.value is not None
    assert top1.n == 20
    assert any(event.kind == "phase" for event in told)
