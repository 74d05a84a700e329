from collections.abc import Callable

import pytest

from ibd_mobile.core.record import Record
from ibd_mobile.results.key import (
    FIELDS,
    REPEAT,
    VARIABLES,
    differences,
    in_the_way,
    is_simulated,
    refusal,
)

from .compared import FLOAT, cleared, real, replace, with_job, with_precision

A = cleared(FLOAT)


def hardware(record: Record, **changes: object) -> Record:
    return replace(record, hardware=replace(record.hardware, **changes))


def inference(record: Record, **changes: object) -> Record:
    return replace(record, inference=replace(record.inference, **changes))


def conditions(record: Record, **changes: object) -> Record:
    return replace(record, conditions=replace(record.conditions, **changes))


#: a change of one variable alone, with what cannot but follow
CHANGES: dict[str, Callable[[Record], Record]] = {
    "model": lambda r: with_job(r, model="other", artifact_sha256="1" * 64),
    "training_framework": lambda r: with_job(
        r, training_framework="pytorch", artifact_sha256="2" * 64
    ),
    "input_size": lambda r: with_job(r, input_size=96, artifact_sha256="4" * 64),
    "precision": with_precision,
    "batch": lambda r: with_job(r, batch=8),
    "framework": lambda r: inference(with_job(r, framework="onnxruntime"), version="1.2"),
    "framework_version": lambda r: inference(r, version="2.9"),
    "processor": lambda r: with_job(r, processor="gpu"),
    "threads": lambda r: with_job(r, threads=2),
    "device": lambda r: hardware(with_job(r, device="sd845"), serial="other", phone="other"),
    "phone": lambda r: hardware(r, phone="another", serial="other"),
    "unit": lambda r: hardware(r, serial="other"),
    "system": lambda r: hardware(r, properties={"ro.build.id": "next"}),
    "artifact": lambda r: with_job(r, artifact_sha256="3" * 64),
    "tool_version": lambda r: conditions(r, tool_version="9.9"),
}


def test_every_variable_is_changed_here() -> None:
    assert set(CHANGES) == set(VARIABLES)


def test_what_follows_from_a_variable_follows_from_one_that_there_is() -> None:
    assert len({field.name for field in FIELDS}) == len(FIELDS)
    for field in FIELDS:
        assert set(field.follows) <= set(VARIABLES)


@pytest.mark.parametrize("by", sorted(CHANGES))
def test_two_that_differ_in_one_variable_alone_may_be_compared_as_to_it(by: str) -> None:
    b = CHANGES[by](A)
    assert refusal(A, b, by) == ""
    assert by in {difference.field for difference in differences(A, b)}


@pytest.mark.parametrize("by", sorted(CHANGES))
@pytest.mark.parametrize("other", sorted(CHANGES))
def test_a_second_variable_is_in_the_way_and_named(by: str, other: str) -> None:
    if by == other or by in next(f for f in FIELDS if f.name == other).follows:
        return
    reason = refusal(A, CHANGES[other](CHANGES[by](A)), by)
    title = next(field.title for field in FIELDS if field.name == other)
    assert reason.startswith("they also differ in ")
    assert title in reason


def test_the_same_again_differs_in_nothing() -> None:
    again = hardware(with_job(A, seed=9, slot="elsewhere"), boot_id="another")
    assert differences(A, again) == []
    assert refusal(A, again, REPEAT) == ""


def test_a_repetition_of_something_else_is_none() -> None:
    assert refusal(A, with_job(A, threads=4), REPEAT) == "they differ in threads (1 / 4)"


def test_a_variable_in_which_they_do_not_differ_is_no_comparison() -> None:
    assert refusal(A, with_job(A, threads=4), "precision") == (
        "both have the same precision, float32"
    )


def test_simulated_beside_real_is_refused_whatever_else() -> None:
    assert is_simulated(A)
    assert not is_simulated(real(A))
    assert refusal(A, real(with_precision(A)), "precision") == (
        "A is SIMULATED and the other is not"
    )
    assert refusal(real(A), A, REPEAT) == "B is SIMULATED and the other is not"


def test_floating_point_on_one_device_against_quantized_on_another_is_refused() -> None:
    b = CHANGES["device"](with_precision(A))
    for by in ("device", "precision"):
        assert refusal(A, b, by).endswith(
            "floating point on one device says nothing against quantized on another"
        )
    half = CHANGES["device"](with_precision(A, "float16"))
    assert "says nothing" not in refusal(A, half, "device")
    assert "precision" in refusal(A, half, "device")


def test_of_a_system_what_differs_is_told_alone() -> None:
    properties = {f"ro.{number}": "same" for number in range(50)}
    a = hardware(A, properties={**properties, "ro.build.id": "first"})
    b = hardware(A, properties={**properties, "ro.build.id": "second"})
    assert refusal(a, b, REPEAT) == (
        "they differ in system software (ro.build.id=first / ro.build.id=second)"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda r: with_job(r, kind="accuracy"),
        lambda r: with_job(r, protocol="other"),
        lambda r: conditions(r, sampler_rate_hz=7.0),
        lambda r: inference(r, program="another"),
        lambda r: replace(r, workload=replace(r.workload, is_untrained=True)),
        lambda r: replace(r, workload=replace(r.workload, dataset="others")),
    ],
)
def test_what_is_no_variable_is_always_in_the_way(change: Callable[[Record], Record]) -> None:
    b = change(with_job(A, threads=4))
    assert in_the_way(differences(A, b), "threads")
    assert refusal(A, b, "threads")
