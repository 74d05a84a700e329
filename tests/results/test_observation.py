import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.observation import Observation, observe
from ibd_mobile.results.side import Side, sides

from .compared import (
    ACCURACY,
    FLOAT,
    cleared,
    finding,
    found,
    real,
    replace,
    with_job,
    with_metric,
    with_precision,
)

BASE = with_metric(cleared(FLOAT), "throughput_per_s", 100, 1)


def one(number: int, *records: Record) -> Observation:
    known: list[Side] = sides("run", records)
    return next(o for o in observe(known) if o.number == number)


def at(record: Record, name: str, value: float, arm: float = 0.5, **job: object) -> Record:
    changed = with_metric(record, name, value, arm)
    return with_job(changed, artifact_sha256=str(sorted(job.items())).ljust(64, "0")[:64], **job)


def test_there_are_seven_and_nothing_is_testable_without_numbers() -> None:
    found = observe([])
    assert [o.number for o in found] == [1, 2, 3, 4, 5, 6, 7]
    assert {o.status for o in found} == {"not testable"}
    assert all(o.statement.endswith(".") for o in found)


@pytest.mark.parametrize(
    ("number", "job", "value", "status"),
    [
        (1, {"training_framework": "caffe2"}, 120, "supported"),
        (1, {"training_framework": "caffe2"}, 100.5, "contradicted"),
        (1, {"training_framework": "caffe2"}, 102, "supported"),
        (2, {"input_size": 999}, 50, "supported"),
        (2, {"input_size": 999}, 150, "contradicted"),
        (2, {"input_size": 8}, 150, "supported"),
        (3, {"framework": "mace"}, 40, "supported"),
        (4, {"precision": "int8"}, 190, "supported"),
        (4, {"precision": "int8"}, 60, "contradicted"),
        (4, {"precision": "float16"}, 190, "not testable"),
    ],
)
def test_one_pair_is_enough_to_tell(
    number: int, job: dict[str, object], value: float, status: str
) -> None:
    told = one(number, BASE, at(BASE, "throughput_per_s", value, **job))
    assert told.status == status
    if status != "not testable":
        assert len(told.evidence) == 1
        assert "throughput_per_s × " in told.evidence[0]


def test_what_chance_explains_says_nothing() -> None:
    told = one(2, BASE, at(BASE, "throughput_per_s", 95, 20, input_size=999))
    assert told.status == "not testable"
    assert told.reason == "0 of 1 comparisons speak for it, 0 against"


def test_one_case_against_contradicts_what_is_said_of_all_but_not_what_is_said_to_occur() -> None:
    smaller = at(BASE, "throughput_per_s", 150, input_size=8)
    odd = at(BASE, "throughput_per_s", 120, input_size=999)
    assert one(2, BASE, smaller).status == "supported"
    assert one(2, BASE, smaller, odd).status == "contradicted"
    same = at(BASE, "throughput_per_s", 100.2, training_framework="pytorch")
    other = at(BASE, "throughput_per_s", 150, training_framework="caffe2")
    assert one(1, BASE, same, other).status == "supported"


def test_the_paper_is_not_believed_where_numbers_say_otherwise() -> None:
    # AI Matrix, T4, INT8, ResNet50: utilization rises from batch 16 to 32 (facts of the design)
    small = with_metric(BASE, "utilization_ratio", 0.27, 0.005)
    large = at(small, "utilization_ratio", 0.33, 0.005, batch=32)
    told = one(7, small, large)
    assert told.status == "contradicted"
    assert told.evidence == [
        "batch 1 → 32: utilization_ratio × 1.22 [1.19–1.25], " + told.evidence[0].split("], ")[1]
    ]


def test_a_statement_of_two_parts_is_supported_by_both_alone() -> None:
    small = with_metric(BASE, "utilization_ratio", 0.20, 0.005)
    costly = at(small, "utilization_ratio", 0.30, 0.005, model="larger")
    costly = replace(costly, workload=replace(costly.workload, macs_count=10**12))
    told = one(7, small, costly)
    assert told.status == "not testable"
    assert told.reason == (
        "1 of 1 comparisons speak for it, 0 against; nothing is shown of utilization_ratio by batch"
    )
    batched = at(small, "utilization_ratio", 0.15, 0.005, batch=8)
    assert one(7, small, costly, batched).status == "supported"


def test_batches_are_told_by_all_three_of_their_metrics() -> None:
    def batch(record: Record, latency_s: float, execution_s: float, rate: float) -> Record:
        found = with_metric(record, "latency_s", latency_s, latency_s / 100)
        found = with_metric(found, "execution_s", execution_s, execution_s / 100)
        return with_metric(found, "throughput_per_s", rate, rate / 100)

    one_by_one = batch(BASE, 0.010, 0.010, 100)
    eight = with_job(batch(BASE, 0.005, 0.040, 200), batch=8)
    told = one(5, one_by_one, eight)
    assert (told.status, len(told.evidence)) == ("supported", 3)
    worse = with_job(batch(BASE, 0.012, 0.096, 83), batch=8)
    assert one(5, one_by_one, worse).status == "contradicted"


def test_spoiled_and_wrong_and_mixed_numbers_are_kept_out() -> None:
    fast = at(BASE, "throughput_per_s", 190, precision="int8")
    spoiled = found(fast, finding("LOW-BATTERY", "throughput"))
    assert one(4, BASE, spoiled).status == "not testable"
    wrong = found(with_precision(cleared(ACCURACY)), finding("ACCURACY-LOST", "accuracy"))
    wrong = replace(wrong, job=replace(fast.job, kind="accuracy"), workload=fast.workload)
    assert one(4, BASE, cleared(ACCURACY), fast, wrong).status == "not testable"
    assert one(4, BASE, real(fast)).status == "not testable"


def test_what_is_spoiled_can_be_allowed_by_name() -> None:
    fast = at(BASE, "throughput_per_s", 190, precision="int8")
    known = sides("run", [BASE, found(fast, finding("LOW-BATTERY", "throughput"))])
    assert observe(known, ["LOW-BATTERY"])[3].status == "supported"


def test_of_much_evidence_what_speaks_against_comes_first() -> None:
    records = [at(BASE, "throughput_per_s", 100 - k, 0.1, input_size=100 + k) for k in range(8)] + [
        at(BASE, "throughput_per_s", 200, 0.1, input_size=999)
    ]
    told = one(2, *records)
    assert len(told.evidence) == 12
    assert "999" in told.evidence[0]
    assert told.reason == "28 of 36 comparisons speak for it, 8 against"
