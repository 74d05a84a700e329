"""Energy and mean power over a window, with an interval that says how well they are known."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.trace import PowerTrace, Window
from ibd_mobile.core.units import NS_PER_S, S_PER_NS
from ibd_mobile.results.stats import Interval, successive_difference_variance, t_quantile

#: a value may be read this much after its renewal: one period of a 100 Hz sampler
_READ_LAG_S = 0.01
#: a single one says nothing of how the load fluctuates
_LEAST_SAMPLES = 2
_ROOT_12 = math.sqrt(12)  # a width over this is the standard deviation of a uniform distribution


@dataclass(frozen=True, slots=True)
class PowerEstimate:
    """Mean power over a stretch of time, and how well it is known.

    Two parts of the uncertainty are kept apart, each one sigma: the gain error is the same in all
    windows of one phone and so scales a difference too, the rest is new in each window.
    """

    mean_w: float
    n_fresh: int  #: renewals of the gauge in that time
    random_w: float  #: sampling, edges and quantum
    random_dof: float  #: degrees of freedom of `random_w`; inf where it was not estimated
    gain_ratio: float  #: relative scale error of the gauge

    def interval(self) -> Interval:
        """Return the mean with its 95 % interval, W.

        Parts are combined by the law of propagation, the factor is Student's t with the degrees of
        freedom of Welch and Satterthwaite (JCGM 100:2008, 5.1 and G.4).
        """
        sigma_w = math.hypot(self.random_w, self.mean_w * self.gain_ratio)
        dof = math.inf
        if self.random_w > 0:
            dof = self.random_dof * (sigma_w / self.random_w) ** 4
        half_w = t_quantile(dof) * sigma_w
        return Interval(
            self.mean_w, self.mean_w - half_w, self.mean_w + half_w, self.n_fresh, "gauge"
        )

    def less(self, idle: "PowerEstimate") -> "PowerEstimate":
        """Subtract a baseline of the same gauge."""
        random_w = math.hypot(self.random_w, idle.random_w)
        dof = _joint_dof(
            random_w, (self.random_w, self.random_dof), (idle.random_w, idle.random_dof)
        )
        net_w = self.mean_w - idle.mean_w
        return PowerEstimate(net_w, self.n_fresh, random_w, dof, self.gain_ratio)


def middle(first: PowerEstimate, second: PowerEstimate) -> PowerEstimate:
    """Take the mean of two baselines; where they disagree, the truth is anywhere between.

    What lies between is taken as uniformly distributed (JCGM 100:2008, 4.3.7).
    """
    halves = [(p.random_w / 2, p.random_dof) for p in (first, second)]
    between_w = abs(first.mean_w - second.mean_w) / _ROOT_12
    random_w = math.hypot(halves[0][0], halves[1][0], between_w)
    return PowerEstimate(
        mean_w=(first.mean_w + second.mean_w) / 2,
        n_fresh=first.n_fresh + second.n_fresh,
        random_w=random_w,
        random_dof=_joint_dof(random_w, *halves),
        gain_ratio=first.gain_ratio,
    )


def _joint_dof(sigma: float, *parts: tuple[float, float]) -> float:
    """Welch and Satterthwaite's degrees of freedom of parts (one sigma, its own dof)."""
    spread = math.fsum(part**4 / dof for part, dof in parts)
    return sigma**4 / spread if spread > 0 else math.inf


def energy_j(trace: PowerTrace, window: Window) -> float:
    """Integrate power over a window by the trapezoid rule.

    Power at the two ends is interpolated, so a window shorter than the sampling period still gets
    its share. A mean of samples times the duration is not the same: sources drop samples. This is
    the plain integral of what was sampled, and adds up over split windows; at a step of power it
    is late by up to a renewal, which `estimate_power` avoids.

    Args:
        trace: samples that reach past both ends of the window.
        window: boot time.

    Returns:
        Energy, J; negative only where the phone was charged.

    Raises:
        DataError: the trace starts after the window does, or stops before it.

    >>> ramp = PowerTrace("battery", np.array([0, 10**9]), np.array([1.0, 3.0]), 1.0, 0.0, 0.0)
    >>> energy_j(ramp, Window(0, 10**9))
    2.0
    """
    t_ns = _centres_ns(trace)
    if t_ns[0] > window.start_ns or t_ns[-1] < window.end_ns:
        raise DataError(
            f"power trace of {trace.site}",
            f"does not cover {window.start_ns}..{window.end_ns} ns",
            "Measure the job again with `ibd-mobile resume`.",
        )
    inside = (t_ns > window.start_ns) & (t_ns < window.end_ns)
    ends_w = np.interp([window.start_ns, window.end_ns], t_ns, trace.power_w)
    power_w = np.concatenate((ends_w[:1], trace.power_w[inside], ends_w[1:]))
    return _trapezoid_j(t_ns[inside], power_w, window)


def uncovered_reason(trace: PowerTrace, window: Window) -> str:
    """Say why a window's power cannot be told from a trace, or "" if it can."""
    if window.end_ns <= window.start_ns:
        return "the window is empty"
    count = int(_settled(trace, window).sum())
    if count >= _LEAST_SAMPLES:
        return ""
    renewal_s = max(trace.period_s, trace.mean_window_s)
    return (
        f"{count} readings of the gauge, which renews every {renewal_s:.3g} s, tell of the"
        f" {window.duration_s:.3g} s window alone; it takes {_LEAST_SAMPLES}"
    )


def estimate_power(trace: PowerTrace, window: Window, quantum_w: float = 0.0) -> PowerEstimate:
    """Estimate mean power over a window by the trapezoid rule over what tells of it alone.

    A value that a gauge shows at a time t is of some moment, or a mean, between t less one
    renewal (or the mean's length) and t. Values that may reach back to before the window are
    left out, and the first and last ones left are held to the window's ends; so a step of power
    at an end, from idle to load, does not leak in. Means stand for the middle of their time.

    The interval is made of four parts:

    - Sampling: the trace is a systematic sample of a load that fluctuates. Its error is estimated
      from differences of neighbours, which allows for autocorrelation, with the finite population
      correction where means leave little of the window unseen (`stats`; Cochran, "Sampling
      Techniques", 2.6). A load that swings in step with the gauge can fool any regular sampling.
    - Edges: when exactly a shown value was taken is not known to better than one renewal, so at
      each end the step of power there counts over a uniformly distributed lag of that width.
    - Quantum: a steady load may sit anywhere within one step of the gauge, uniformly.
    - Gain: the scale error of the gauge, which no averaging removes.

    Args:
        trace: `uncovered_reason` is "" for it and `window`.
        window: boot time.
        quantum_w: the gauge's smallest step.

    Raises:
        DataError: no sample tells of the window alone.
    """
    if reason := uncovered_reason(trace, window):
        raise DataError(f"power trace of {trace.site}", reason, "Make the window longer.")
    used = _settled(trace, window)
    power_w, t_ns = trace.power_w[used], _centres_ns(trace)[used]
    held_w = np.concatenate((power_w[:1], power_w, power_w[-1:]))
    mean_w = _trapezoid_j(t_ns, held_w, window) / window.duration_s
    sampling_w, dof = _sampling_error(trace, power_w, window)
    random_w = math.hypot(sampling_w, _edge_error(trace, mean_w, window), quantum_w / _ROOT_12)
    return PowerEstimate(
        mean_w=mean_w,
        n_fresh=int(_inside(trace, window).sum()),
        random_w=random_w,
        random_dof=_joint_dof(random_w, (sampling_w, dof)),
        gain_ratio=trace.gain_error_pct / 100,
    )


def _centres_ns(trace: PowerTrace) -> NDArray[np.int64]:
    return trace.t_ns - round(trace.mean_window_s * NS_PER_S / 2)


def _reach_ns(trace: PowerTrace) -> int:
    """How far back what a value tells may lie."""
    return round(max(trace.period_s, trace.mean_window_s) * NS_PER_S)


def _inside(trace: PowerTrace, window: Window) -> NDArray[np.bool_]:
    return (trace.t_ns >= window.start_ns) & (trace.t_ns <= window.end_ns)


def _settled(trace: PowerTrace, window: Window) -> NDArray[np.bool_]:
    return _inside(trace, window) & (trace.t_ns - _reach_ns(trace) >= window.start_ns)


def _trapezoid_j(t_ns: NDArray[np.int64], power_w: NDArray[np.float64], window: Window) -> float:
    """Integrate from end to end of a window; `power_w` has one value more at either end."""
    at_ns = np.concatenate(([window.start_ns], t_ns, [window.end_ns])).astype(np.int64)
    steps_s = np.diff(at_ns) * S_PER_NS
    return math.fsum(((power_w[1:] + power_w[:-1]) / 2 * steps_s).tolist())


def _sampling_error(
    trace: PowerTrace, power_w: NDArray[np.float64], window: Window
) -> tuple[float, float]:
    """Return one sigma of the sampling error, W, and its degrees of freedom."""
    renewal_s = max(trace.period_s, _READ_LAG_S)
    lag = max(1, round(trace.mean_window_s / renewal_s))  # closer means share what they averaged
    n = len(power_w)
    variance = successive_difference_variance(power_w, min(lag, n - 1))
    n_apart = max(n / lag, 1.0)
    unseen = 1.0
    if trace.mean_window_s > 0:
        seen_s = min(trace.period_s, trace.mean_window_s) * (n - 1) + trace.mean_window_s
        unseen = max(1 - seen_s / window.duration_s, 0.0)
    # of the estimator from successive differences, for normal values (von Neumann 1941)
    dof = 2 * (n_apart - 1) ** 2 / (3 * n_apart - 4) if n_apart >= 2 else 1.0
    return math.sqrt(variance / n_apart * unseen), max(dof, 1.0)


def _edge_error(trace: PowerTrace, mean_w: float, window: Window) -> float:
    before = trace.power_w[trace.t_ns < window.start_ns]
    after = trace.power_w[trace.t_ns - _reach_ns(trace) > window.end_ns]
    steps_w = [mean_w - float(w) for w in (*before[-1:], *after[:1])]
    lag_s = max(trace.period_s, _READ_LAG_S) + _READ_LAG_S
    return math.hypot(*steps_w) * lag_s / _ROOT_12 / window.duration_s
