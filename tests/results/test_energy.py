import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ibd_mobile.core.device import Sensor
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.trace import PowerTrace, SensorTrace, Window
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.energy import (
    PowerEstimate,
    energy_j,
    estimate_power,
    middle,
    uncovered_reason,
)

S = 1_000_000_000


def trace(t_s: list[float], power_w: list[float], **facts: float) -> PowerTrace:
    known = {"period_s": 1.0, "mean_window_s": 0.0, "gain_error_pct": 0.0, **facts}
    t_ns = np.round(np.array(t_s) * S).astype(np.int64)
    return PowerTrace("battery", t_ns, np.array(power_w), **known)


def window(start_s: float, end_s: float) -> Window:
    return Window(round(start_s * S), round(end_s * S))


STEPS_S = st.lists(st.floats(0.01, 5), min_size=3, max_size=40)


@given(STEPS_S, st.floats(-5, 20), st.floats(0, 0.49), st.floats(0.51, 1))
def test_constant_power_gives_power_times_time(
    steps_s: list[float], power_w: float, start: float, end: float
) -> None:
    t_s = np.cumsum(steps_s)
    span = t_s[-1] - t_s[0]
    part = window(t_s[0] + start * span + 1e-8, t_s[0] + end * span - 1e-8)
    constant = trace(t_s.tolist(), [power_w] * len(t_s))
    expected_j = power_w * part.duration_s
    assert energy_j(constant, part) == pytest.approx(expected_j, rel=1e-9, abs=1e-12)


@given(STEPS_S, st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_energy_adds_up_over_split_windows(steps_s: list[float], seed: int, cut: float) -> None:
    t_s = np.cumsum(steps_s)
    power_w = np.random.default_rng(seed).uniform(-1, 5, len(t_s))
    known = trace(t_s.tolist(), power_w.tolist())
    first, last = int(known.t_ns[0]), int(known.t_ns[-1])
    at = first + int((last - first) * cut)
    parts_j = energy_j(known, Window(first, at)) + energy_j(known, Window(at, last))
    assert parts_j == pytest.approx(energy_j(known, Window(first, last)), abs=1e-9)


def test_uneven_samples_are_integrated_and_not_averaged() -> None:
    # a ramp from 0 to 10 W in 10 s with one long gap: the mean of the samples would say 32 J
    known = trace([0, 1, 2, 3, 10], [0, 1, 2, 3, 10])
    assert energy_j(known, window(0, 10)) == pytest.approx(50.0)


def test_a_window_beyond_the_samples_is_refused() -> None:
    known = trace([0, 1, 2], [1, 1, 1])
    for part in (window(-1, 1), window(1, 3)):
        with pytest.raises(DataError, match="power trace of battery: does not cover"):
            energy_j(known, part)


def test_a_mean_stands_for_the_middle_of_its_time() -> None:
    # power jumps from 0 to 4 W at 10 s; each value is the mean of the 2 s before it
    t_s = [8.0, 9, 10, 11, 12, 13, 14]
    means_w = [0.0, 0, 0, 2, 4, 4, 4]
    assert energy_j(trace(t_s, means_w, mean_window_s=2), window(9, 13)) == pytest.approx(12.0)


def test_a_step_at_the_ends_of_a_window_does_not_leak_into_it() -> None:
    t_s = [k + 0.4 for k in range(30)]
    power_w = [4.0 if 10 <= t < 20 else 1.0 for t in t_s]
    known = trace(t_s, power_w)
    assert estimate_power(known, window(10, 20)).mean_w == pytest.approx(4.0)
    assert energy_j(known, window(10, 20)) != pytest.approx(40.0, abs=0.5)
    lagging = trace([t + 0.9 for t in t_s], power_w)  # shown a renewal late
    assert estimate_power(lagging, window(10, 20)).mean_w == pytest.approx(4.0)
    interval = estimate_power(known, window(10, 20)).interval()
    assert interval.high is not None
    assert 4.1 < interval.high < 5.5  # a renewal's lag of 3 W at both ends


def test_too_few_readings_are_a_reason_and_not_a_number() -> None:
    known = trace([0, 12, 24, 36], [1, 1, 1, 1], period_s=12)
    reason = uncovered_reason(known, window(0, 12))
    assert reason == (
        "1 readings of the gauge, which renews every 12 s, tell of the 12 s window alone;"
        " it takes 2"
    )
    with pytest.raises(DataError, match="it takes 2"):
        estimate_power(known, window(0, 12))
    assert uncovered_reason(known, Window(5, 5)) == "the window is empty"
    assert uncovered_reason(known, window(0, 36)) == ""


def test_gain_and_quantum_bound_even_a_steady_load() -> None:
    known = trace([float(t) for t in range(60)], [4.0] * 60, gain_error_pct=2.6)
    exact, coarse = (estimate_power(known, window(5, 50), q).interval() for q in (0.0, 1.0))
    assert exact.high == pytest.approx(4.0 * (1 + 1.96 * 0.026), rel=1e-4)
    assert exact.method == "gauge"
    assert exact.n == 46
    sigma_w = math.hypot(4.0 * 0.026, 1 / math.sqrt(12))
    assert coarse.high == pytest.approx(4.0 + 1.96 * sigma_w, rel=1e-4)


def test_means_that_leave_nothing_unseen_have_no_sampling_error() -> None:
    swinging = [3.0, 5.0] * 20
    apart = estimate_power(
        trace([2.5 * k for k in range(40)], swinging, period_s=2.5), window(0, 90)
    )
    joined = estimate_power(
        trace([2.5 * k for k in range(40)], swinging, period_s=2.5, mean_window_s=2.5),
        window(0, 90),
    )
    assert joined.random_w < apart.random_w / 4


def estimate(mean_w: float, random_w: float = 0.1, gain: float = 0.0) -> PowerEstimate:
    return PowerEstimate(mean_w, 10, random_w, 9.0, gain)


@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_the_middle_of_two_baselines_reaches_to_both(first: float, second: float) -> None:
    both = middle(estimate(first, 0.001), estimate(second, 0.001)).interval()
    assert both.value == pytest.approx((first + second) / 2)
    assert both.low is not None
    assert both.low <= min(first, second) + 1e-9
    assert both.high is not None
    assert both.high >= max(first, second) - 1e-9


def test_a_difference_keeps_the_gain_error_of_the_difference_alone() -> None:
    net = estimate(5.0, 0.0, 0.02).less(estimate(4.0, 0.0, 0.02))
    assert net.mean_w == 1.0
    assert net.interval().high == pytest.approx(1.0 + 1.96 * 0.02, abs=1e-4)
    noisy = estimate(5.0, 0.3).less(estimate(4.0, 0.4))
    assert noisy.random_w == pytest.approx(0.5)
    assert 9.0 < noisy.random_dof < 18.0


# --- the law: the truth lies inside the stated interval ------------------------------------------


@dataclass(frozen=True)
class Gauge:
    period_s: float
    mean_window_s: float = 0.0
    least_s: float = 10.0  #: shortest window tried


GAUGES = {
    "every read": Gauge(0.0),
    "0.18 s": Gauge(0.1758),
    "1 s": Gauge(1.0),
    "mean of 2.5 s": Gauge(2.5, 2.5),
    "mean of 2.5 s every 0.25 s": Gauge(0.25, 2.5),
    "12 s": Gauge(12.0, 1.0, least_s=55.0),
}
STEP_S = 0.004  #: of the simulated load
GAIN_PCT = 1.0
VOLTS_V = 4.0


def noise(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Fluctuation within ±30 %, correlated over 10 ms … 5 s."""
    keep = math.exp(-STEP_S / 10 ** random.uniform(-2, 0.7))
    drive = random.standard_normal(n) * math.sqrt(1 - keep * keep)
    level, levels = float(random.standard_normal()), []
    for step in drive.tolist():
        level = keep * level + step
        levels.append(level)
    return np.clip(np.array(levels) * 0.17, -0.3, 0.3)


def measured_and_true(gauge: Gauge, seed: int) -> tuple[PowerEstimate, float, float]:
    """Let a gauge watch a phone at work; return what is made of it, the truth in W, and s."""
    random = np.random.default_rng(seed)
    start_s = 8 + gauge.period_s * 2 + random.uniform(0, 1)
    end_s = start_s + random.uniform(gauge.least_s, 60)
    t_s = np.arange(0, end_s + 6 + 2 * gauge.period_s, STEP_S)
    idle_a, load_a = random.uniform(0.08, 0.25), random.uniform(0.3, 1.3)
    is_load = (t_s >= start_s) & (t_s < end_s)
    current_a = np.where(is_load, load_a * (1 + noise(random, len(t_s))), idle_a)
    charge = np.concatenate(([0.0], np.cumsum(current_a) * STEP_S))
    at_s = np.append(t_s, t_s[-1] + STEP_S)
    true_w = VOLTS_V * np.diff(np.interp([start_s, end_s], at_s, charge))[0] / (end_s - start_s)

    read_s = np.arange(0.02, t_s[-1] - 0.02, 0.01)
    read_s = read_s + random.uniform(0, 0.002, len(read_s))
    renewed_s = read_s
    if gauge.period_s:
        phase_s = random.uniform(0, gauge.period_s)
        renewed_s = np.floor((read_s - phase_s) / gauge.period_s) * gauge.period_s + phase_s
    if gauge.mean_window_s:
        ends = np.interp([renewed_s - gauge.mean_window_s, renewed_s], at_s, charge)
        shown_a = (ends[1] - ends[0]) / gauge.mean_window_s
    else:
        shown_a = current_a[np.clip((renewed_s / STEP_S).astype(int), 0, len(t_s) - 1)]
    shown_a = np.round(shown_a * (1 + random.normal(0, GAIN_PCT / 100)) / 156.25e-6) * 156.25e-6
    read_ns = np.round(read_s * S).astype(np.int64)
    sensors = [
        Sensor(
            id="i", quantity="current", site="battery", unit="A", positive="discharging",
            period_s=gauge.period_s, mean_window_s=gauge.mean_window_s,
            gain_error_pct=GAIN_PCT, status="confirmed", source="test",
        ),
        Sensor(
            id="u", quantity="voltage", site="battery", unit="V", status="confirmed", source="test"
        ),
    ]  # fmt: skip
    traces = [
        SensorTrace("i", "current", "battery", read_ns, shown_a),
        SensorTrace("u", "voltage", "battery", read_ns, np.full(len(read_ns), VOLTS_V)),
    ]
    power = fuel_gauge.parse(traces, sensors)
    assert power is not None
    found = estimate_power(power, window(start_s, end_s), 156.25e-6 * VOLTS_V)
    return found, true_w, end_s - start_s


def test_the_truth_lies_inside_the_stated_interval_in_93_of_100_runs() -> None:
    runs = 40
    hits: dict[str, list[bool]] = {}
    halves: dict[str, list[float]] = {}
    for number, (name, gauge) in enumerate(GAUGES.items()):
        hits[name], halves[name] = [], []
        for seed in range(runs):
            found, true_w, _ = measured_and_true(gauge, 1000 * number + seed)
            interval = found.interval()
            assert interval.low is not None
            assert interval.high is not None
            hits[name].append(interval.low <= true_w <= interval.high)
            halves[name].append((interval.high - interval.low) / 2 / true_w)
    every = [hit for known in hits.values() for hit in known]
    assert np.mean(every) >= 0.93, {name: float(np.mean(known)) for name, known in hits.items()}
    for name, known in hits.items():
        assert np.mean(known) >= 0.85, name  # 40 of a true 95 % fall below once in 20
    widths = {name: float(np.median(known)) for name, known in halves.items()}
    assert widths["every read"] < 0.03, widths
    assert widths["0.18 s"] < 0.04, widths
    assert widths["mean of 2.5 s every 0.25 s"] < 0.04, widths
    assert widths["1 s"] < 0.10, widths
    assert widths["mean of 2.5 s"] < 0.10, widths


def test_errors_have_no_direction() -> None:
    errors = []
    for seed in range(80):
        found, true_w, _ = measured_and_true(GAUGES["1 s"], 7000 + seed)
        errors.append((found.mean_w - true_w) / true_w)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / math.sqrt(len(errors))


def test_a_narrower_claim_would_fail_the_law() -> None:
    hits = []
    for seed in range(60):
        found, true_w, _ = measured_and_true(GAUGES["1 s"], 8000 + seed)
        bold = replace(found, random_w=found.random_w / 6, gain_ratio=found.gain_ratio / 6)
        interval = bold.interval()
        assert interval.low is not None
        assert interval.high is not None
        hits.append(interval.low <= true_w <= interval.high)
    assert np.mean(hits) < 0.93
