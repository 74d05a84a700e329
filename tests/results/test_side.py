import pytest

from ibd_mobile.results.side import HOME, interval_of, sides

from .compared import ACCURACY, FLOAT, cleared, conditions_rate, side, with_job, with_precision


def test_measuring_and_accuracy_of_one_configuration_are_one_side() -> None:
    slow = conditions_rate(ACCURACY, 10.0)
    (found,) = sides("run", [FLOAT, slow])
    assert dict(found.records) == {"measure": FLOAT, "accuracy": slow}
    assert found.main is FLOAT


def test_every_repetition_is_a_side_with_the_accuracy_of_all() -> None:
    again = with_job(FLOAT, seed=2)
    found = sides("run", [FLOAT, ACCURACY, again])
    assert [s.records["measure"] for s in found] == [FLOAT, again]
    assert all(s.records["accuracy"] is ACCURACY for s in found)


def test_accuracy_of_another_configuration_stands_alone() -> None:
    found = sides("run", [FLOAT, with_precision(ACCURACY)])
    assert [list(s.records) for s in found] == [["measure"], ["accuracy"]]
    assert found[1].main.job.kind == "accuracy"


def test_a_metric_is_taken_from_the_job_whose_business_it_is() -> None:
    both = side(FLOAT, ACCURACY)
    assert both.metric("top1_ratio", "accuracy").value is not None
    assert both.metric("latency_s", "latency").value is not None
    assert side(FLOAT).metric("top1_ratio", "accuracy").missing == (
        "the record of no accuracy job has it"
    )
    assert HOME["power"] == "measure"


def test_accuracy_is_known_where_a_job_measured_it() -> None:
    assert side(FLOAT, ACCURACY).is_accuracy_known
    assert not side(FLOAT).is_accuracy_known


def test_a_missing_number_has_no_interval() -> None:
    metric = next(m for m in cleared(FLOAT).metrics if m.value is None)
    with pytest.raises(ValueError, match=metric.missing):
        interval_of(metric)
