"""Laws of the order effect: it finds the drift that was put in, and none where there is none."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.record import Record
from ibd_mobile.results.order_effect import NOT_ESTIMATED, OrderEffect, order_effects

from .compared import ACCURACY, FLOAT, cleared, finding, replace, with_job, with_metric

BASE_S = (0.010, 0.200, 0.003, 0.050)


def measured(
    drift: float, repeats: int, *, cells: int = 4, noise: float = 0.0, seed: int = 1
) -> list[Record]:
    """Measure in the mirrored order; times grow by a factor of exp(drift) with each job."""
    chance = random.Random(seed)
    made = []
    for repetition in range(repeats):
        order = range(cells) if repetition % 2 == 0 else reversed(range(cells))
        for cell in order:
            grown = math.exp(drift * len(made) + chance.gauss(0, noise))
            made.append(at(len(made), cell, repetition, BASE_S[cell] * grown))
    return made


def at(place: int, cell: int, repetition: int, time_s: float) -> Record:
    record = with_metric(cleared(FLOAT), "execution_s", time_s, time_s / 50)
    record = with_job(record, threads=cell + 1, seed=1 + repetition)
    began = f"2026-01-01T00:{place:02}:00.000+00:00"
    return replace(record, conditions=replace(record.conditions, host_started_at=began))


def effect(records: Sequence[Record]) -> OrderEffect:
    (found,) = order_effects(records)
    return found


@given(st.floats(-0.05, 0.05), st.integers(2, 4), st.integers(2, 4), st.randoms())
def test_a_pure_drift_is_found_exactly_in_whatever_order_the_records_come(
    drift: float, repeats: int, cells: int, chance: random.Random
) -> None:
    records = measured(drift, repeats, cells=cells)
    chance.shuffle(records)
    found = effect(records)
    assert found.n == cells * (repeats - 1)
    assert found.change_ratio == pytest.approx(math.expm1(drift), abs=1e-9)
    assert found.low == pytest.approx(found.high, abs=1e-9)


@given(st.floats(-0.05, 0.05), st.sampled_from([2, 4]))
def test_the_mirrored_order_cancels_a_drift_in_the_means(drift: float, repeats: int) -> None:
    records = measured(drift, repeats)
    logs: dict[int, list[float]] = {}
    for record in records:
        time = next(m.value for m in record.metrics if m.name == "execution_s")
        assert time is not None
        logs.setdefault(record.job.threads, []).append(math.log(time))
    grown = [sum(own) / repeats - math.log(BASE_S[k - 1]) for k, own in sorted(logs.items())]
    assert grown == pytest.approx([grown[0]] * len(grown), abs=1e-9)


def test_without_a_drift_the_interval_holds_zero_as_often_as_it_says() -> None:
    found = [effect(measured(0.0, 2, noise=0.02, seed=seed)) for seed in range(400)]
    shown = sum(one.is_shown for one in found)
    assert 4 <= shown <= 40, "5 % of 400 are 20"
    quiet = next(one for one in found if not one.is_shown)
    assert quiet.text.endswith("n = 4: no effect shown")


def test_a_drift_under_noise_is_shown_and_said_with_its_sign() -> None:
    slower = effect(measured(0.02, 2, noise=0.005))
    assert slower.is_shown
    assert slower.text.startswith("Order: time changes by +1.83 % [+1.70 to +")
    assert slower.text.endswith("with each job later, n = 4: shown")
    faster = effect(measured(-0.02, 2, noise=0.005))
    assert "changes by −" in faster.text


def test_two_repetitions_are_the_slope_through_the_origin_of_their_pairs() -> None:
    records = measured(0.01, 2, noise=0.05)
    times = [next(m.value or 0 for m in r.metrics if m.name == "execution_s") for r in records]
    pairs = [(7 - 2 * k, math.log(times[7 - k] / times[k])) for k in range(4)]
    slope = sum(d * y for d, y in pairs) / sum(d * d for d, _ in pairs)
    assert effect(records).change_ratio == pytest.approx(math.expm1(slope))


def test_once_measured_says_nothing() -> None:
    found = effect(measured(0.01, 1))
    assert (found.n, found.change_ratio) == (0, None)
    assert found.text == f"Order: {NOT_ESTIMATED}"
    assert order_effects([]) == []


def test_one_pair_has_no_interval() -> None:
    found = effect(measured(0.01, 2, cells=1))
    assert (found.n, found.low, found.high, found.is_shown) == (1, None, None, False)
    assert found.text.endswith("n = 1: no interval, so not known")


def test_what_is_missing_or_another_program_drops_out_and_the_rest_counts() -> None:
    records = measured(0.01, 2)
    lacking = replace(records[0], metrics=[])
    other = replace(
        records[1],
        metrics=[replace(m, spoiled_by=["FALLBACK"]) for m in records[1].metrics],
        findings=[finding("FALLBACK", "latency")],
    )
    found = effect([lacking, other, *records[2:]])
    assert found.n == 2
    assert found.change_ratio == pytest.approx(math.expm1(0.01))


def test_accuracy_jobs_take_a_place_but_are_no_measurement_of_time() -> None:
    records = measured(0.01, 2)
    began = "2026-01-01T01:00:00.000+00:00"
    judged = replace(ACCURACY, conditions=replace(ACCURACY.conditions, host_started_at=began))
    assert effect([judged, *records]) == effect(records)


def test_each_slot_has_its_own_order() -> None:
    cold, hot = measured(0.0, 2), measured(0.03, 2)
    hot = [with_job(record, slot="other") for record in hot]
    first, second = order_effects([*cold, *hot])
    assert first.change_ratio == pytest.approx(0, abs=1e-9)
    assert (second.slot, second.change_ratio) == ("other", pytest.approx(math.expm1(0.03)))
