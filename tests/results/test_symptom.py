from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.trace import InferenceTrace, SensorTrace, Window
from ibd_mobile.results import symptom
from ibd_mobile.results.samples import Samples, read_samples

S = 1_000_000_000


def trace(values: Sequence[float], step_s: float = 1.0) -> SensorTrace:
    t_ns = (np.arange(len(values)) * step_s * S).astype(np.int64)
    return SensorTrace("x", "frequency", "prime", t_ns, np.array(values, float))


def inferences(durations_ns: list[int]) -> InferenceTrace:
    ends = np.cumsum(durations_ns)
    return InferenceTrace("power", ends - np.array(durations_ns), ends)


NAN = float("nan")
ALL = Window(0, 100 * S)


def test_failed_reads_are_no_values() -> None:
    known = trace([1, NAN, 3, 4])
    assert symptom.values_in(known, Window(0, 2 * S)) == [1.0, 3.0]
    assert symptom.value_at(known, S) == 1.0
    assert symptom.value_at(known, 99 * S) == 4.0
    assert symptom.value_at(known, -S) == 1.0
    assert symptom.value_at(trace([NAN]), S) is None


@pytest.mark.parametrize(
    ("values", "held_s"),
    [
        ([1, 2, 3, 4], 0.0),
        ([1, 1, 1, 2, 2], 2.0),
        ([1, 2, 2, NAN, 2, 2, 3], 4.0),
        ([5, 5, 5], 2.0),
        ([], 0.0),
    ],
)
def test_the_longest_time_without_a_change_is_found(values: list[float], held_s: float) -> None:
    assert symptom.longest_unchanged_s(trace(values), ALL) == held_s


def test_only_the_window_counts_for_a_time_without_a_change() -> None:
    assert symptom.longest_unchanged_s(trace([1] * 50), Window(10 * S, 14 * S)) == 4.0


def samples(deadlines: list[int], reads: list[int]) -> Samples:
    return Samples(
        traces=[], texts={}, errors={}, deadline_ns=np.array(deadlines),
        first_read_ns=np.array(reads), period_ns=10, boot_id="", rows=len(reads), missed=0,
        is_complete=True,
    )  # fmt: skip


def test_gaps_and_steps_of_the_clock_are_measured() -> None:
    steady = samples([10, 20, 30], [11, 29, 31])
    assert symptom.clock_gap_s(steady) == pytest.approx(18e-9)
    assert symptom.clock_set_back_s(steady) == 0.0
    assert symptom.clock_set_back_s(samples([10, 20], [11, 15])) == pytest.approx(5e-9)
    assert symptom.clock_set_back_s(samples([10, 20], [31, 21])) == pytest.approx(10e-9)
    none = replace(steady, deadline_ns=np.array([]), first_read_ns=np.array([]), rows=0)
    assert symptom.clock_gap_s(none) == symptom.clock_set_back_s(none) == 0.0


def test_a_cap_that_falls_for_a_moment_is_seen() -> None:
    load = Window(4 * S, 9 * S)
    assert symptom.cap_fall_ratio(trace([10] * 12), load) == 1.0
    assert symptom.cap_fall_ratio(trace([10] * 6 + [8] + [10] * 5), load) == 0.8
    assert symptom.cap_fall_ratio(trace([10] * 11 + [5]), load) == 1.0  # after the load
    assert symptom.cap_fall_ratio(trace([9] + [8] * 11), load) == pytest.approx(8 / 9)
    assert symptom.cap_fall_ratio(trace([]), load) == 1.0


def test_a_clock_that_comes_back_did_not_fall() -> None:
    load = Window(0, 20 * S)
    assert symptom.clock_fall_ratio(trace([10] * 21), load) == 1.0
    assert symptom.clock_fall_ratio(trace([10] * 10 + [6] * 11), load) == 0.6
    assert symptom.clock_fall_ratio(trace([10] * 10 + [6] * 9 + [10, 6]), load) == 1.0
    assert symptom.clock_fall_ratio(trace([3] * 10 + [10] * 11), load) == 1.0
    assert symptom.clock_fall_ratio(trace([NAN] * 21), load) == 1.0


def test_drift_compares_the_ends_of_a_phase() -> None:
    slower, sigmas = symptom.drift(inferences([100, 101] * 20 + [120, 121] * 20))
    assert slower == pytest.approx(1.2, rel=0.01)
    assert sigmas > 10
    assert symptom.drift(inferences([100] * 8)) == (1.0, 0.0)
    assert symptom.drift(inferences([100] * 40)) == (1.0, 0.0)
    slower, sigmas = symptom.drift(inferences([100] * 20 + [130] * 20))
    assert slower == pytest.approx(1.3)
    assert sigmas == np.inf


@given(st.integers(0, 2**32 - 1))
def test_scatter_alone_is_no_drift(seed: int) -> None:
    scattered = np.random.default_rng(seed).normal(10_000, 500, 400).astype(int).tolist()
    slower, sigmas = symptom.drift(inferences(scattered))
    assert abs(slower - 1) < 0.05
    assert abs(sigmas) < 6.5


def test_the_real_recordings_clock_has_no_step(recordings: Any, make: Any) -> None:
    sensors = [
        make.sensor(id, "status", "text")
        for id in ("battery_current", "uptime", "load", "process_limit")
    ]
    known = read_samples(recordings / "session" / "samples.tsv", sensors, "5e55")
    assert symptom.clock_set_back_s(known) == 0.0
    assert symptom.clock_gap_s(known) < 0.2
