from ibd_mobile.core.record import Record
from ibd_mobile.results.report import markdown
from ibd_mobile.results.sustained import order_change, sustained_latency
from ibd_mobile.results.table import rows

from .compared import FLOAT, cleared, finding, found, replace, with_job, with_metric
from .test_table import PLAN

NAMES = ("fast then slow", "steady")


def pair(*times_s: float, arm_s: float = 0.0001) -> list[Record]:
    """Two configurations: burst and sustained time of the first, then of the second."""
    made = []
    for threads, burst_s, sustained_s in ((1, *times_s[:2]), (4, *times_s[2:])):
        record = with_metric(cleared(FLOAT), "latency_s", burst_s, arm_s)
        record = with_metric(record, "sustained_execution_s", sustained_s, arm_s)
        made.append(with_job(record, threads=threads))
    return made


def change(records: list[Record]) -> str:
    return order_change(rows(records), NAMES)


def test_an_order_that_turns_is_told() -> None:
    told = "fast then slow is faster than steady in a burst and slower when sustained"
    assert change(pair(0.010, 0.016, 0.012, 0.013)) == f"The order changes: {told}."
    assert "steady is faster than fast then slow" in change(pair(0.012, 0.013, 0.010, 0.016))


def test_an_order_that_stays_is_not() -> None:
    assert change(pair(0.010, 0.012, 0.012, 0.016)) == ""


def test_an_order_that_chance_could_turn_is_not() -> None:
    assert change(pair(0.0100, 0.0102, 0.0101, 0.0101, arm_s=0.001)) == ""
    assert change(pair(0.010, 0.0131, 0.012, 0.0130, arm_s=0.0001)) == ""


def test_a_wrong_answer_is_not_ranked() -> None:
    records = pair(0.010, 0.016, 0.012, 0.013)
    records[0] = found(records[0], finding("ACCURACY-LOST", "accuracy"))
    assert change(records) == ""


def test_many_pairs_are_counted() -> None:
    records = [
        with_job(record, threads=k + 1)
        for k in range(6)
        for record in pair(0.010 + k / 1000, 0.030 - k / 1000, 1, 1)[:1]
    ]
    told = order_change(rows(records), [f"c{k}" for k in range(6)])
    assert told.count("is faster than") == 3
    assert told.endswith("and 12 more pairs.")


def test_sustained_latency_is_of_one_sample() -> None:
    record = with_job(pair(0.010, 0.016, 1, 1)[0], batch=8)
    (row,) = rows([record])
    metric = sustained_latency(row)
    assert metric.value == 0.002
    assert metric.name == "sustained_latency_s"


def test_what_was_not_measured_has_a_reason() -> None:
    (row,) = rows([replace(FLOAT, metrics=[])])
    assert sustained_latency(row).missing == "the record does not have it"
    assert order_change([row], ["x"]) == ""


def test_reports_say_so() -> None:
    records = pair(0.010, 0.016, 0.012, 0.013)
    text = markdown.render(replace(PLAN, jobs=[r.job for r in records], skips=[]), records, [])
    assert "**The order changes: ×1 is faster than ×4 in a burst" in text


def test_repetitions_of_one_configuration_are_not_ranked() -> None:
    first, second = pair(0.010, 0.016, 0.012, 0.013)
    again = with_job(second, threads=first.job.threads, seed=first.job.seed + 1)
    assert change([first, again]) == ""
