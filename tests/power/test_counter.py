import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.trace import SensorTrace, Window
from ibd_mobile.power._counter import power_of, total
from ibd_mobile.results.energy import estimate_power

S = 1_000_000_000


def counter(
    watts: float,
    *,
    renewal_s: float,
    seconds: float = 4.0,
    quantum_j: float = 1e-6,
    wrap_j: float = 0,
) -> SensorTrace:
    """A counter that is renewed so often, read at 100 Hz; it starts again at `wrap_j`."""
    t_ns = np.arange(0, round(seconds * S), S // 100)
    renewed_s = np.floor(t_ns / S / renewal_s) * renewal_s
    energy_j = np.floor(watts * renewed_s / quantum_j) * quantum_j
    return SensorTrace("c", "energy", "package", t_ns, energy_j % wrap_j if wrap_j else energy_j)


@given(st.floats(1, 500), st.sampled_from([0.001, 0.01, 0.02, 0.1]))
def test_a_steady_load_is_found_whatever_the_renewal(watts: float, renewal_s: float) -> None:
    trace = power_of(counter(watts, renewal_s=renewal_s), "package", 0.0)
    assert trace is not None
    found = estimate_power(trace, Window(S, 3 * S))
    assert found.mean_w == pytest.approx(watts, rel=0.02)


def test_energy_between_two_reads_is_not_lost() -> None:
    """A burst shorter than a read is in the counter; a gauge would have missed it."""
    t_ns = np.arange(0, 4 * S, S // 100)
    energy_j = 10.0 * t_ns / S + np.where(t_ns > 2 * S, 5.0, 0.0)
    trace = power_of(SensorTrace("c", "energy", "package", t_ns, energy_j), "package", 0.0)
    assert trace is not None
    found = estimate_power(trace, Window(S, 3 * S))
    assert found.mean_w * 2 == pytest.approx(25.0, rel=0.02)


def test_a_counter_that_starts_again_loses_that_step_only() -> None:
    whole = power_of(counter(50, renewal_s=0.001), "package", 0.0)
    wrapped = power_of(counter(50, renewal_s=0.001, wrap_j=70.0), "package", 0.0)
    assert whole is not None
    assert wrapped is not None
    assert len(whole.t_ns) - len(wrapped.t_ns) == 2
    assert (wrapped.power_w > 0).all()
    assert estimate_power(wrapped, Window(S, 3 * S)).mean_w == pytest.approx(50, rel=0.02)


def test_a_counter_that_stands_still_tells_nothing() -> None:
    assert power_of(counter(0, renewal_s=0.001), "package", 0.0) is None


def test_reads_that_failed_are_left_out() -> None:
    trace = counter(20, renewal_s=0.001)
    trace.value[100:110] = np.nan
    found = power_of(trace, "package", 3.0)
    assert found is not None
    assert np.isfinite(found.power_w).all()
    assert found.power_w.mean() == pytest.approx(20, rel=0.02)
    assert found.gain_error_pct == 3.0


def test_packages_add_up() -> None:
    parts = [power_of(counter(w, renewal_s=0.001), "package", 3.0) for w in (20, 30)]
    whole = total([p for p in parts if p is not None], "package")
    assert whole is not None
    assert whole.power_w.mean() == pytest.approx(50, rel=0.02)
    assert total([], "package") is None
