"""Time series of one job, on the clock of the device (boot time, ns)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class InferenceTrace:
    """Start and end of every inference of one phase; shapes share n >= 1."""

    phase: str  #: "warmup", "latency", "power" or "dataset"
    start_ns: NDArray[np.int64]  #: (n,) boot time, ns
    end_ns: NDArray[np.int64]  #: (n,) boot time, ns; >= start_ns

    @property
    def duration_ns(self) -> NDArray[np.int64]:
        """(n,) ns each inference took."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class PowerTrace:
    """Power drawn at one site over one job.

    Shapes share n, the number of samples, n >= 2; times strictly increase.
    """

    site: str  #: where it was measured: "battery", "vbus", or a rail's name
    t_ns: NDArray[np.int64]  #: (n,) boot time, ns
    power_w: NDArray[np.float64]  #: (n,) W; positive while the phone draws
    period_s: float  #: renewal period of the source, s; 0 where every read is fresh
    mean_window_s: float  #: a sample is the mean over this long before it, s
    gain_error_pct: float  #: one sigma of the source's scale error


@dataclass(frozen=True, slots=True)
class SensorTrace:
    """One sensor over one job, in SI units (°C for temperatures); n >= 0."""

    id: str
    quantity: str
    site: str
    t_ns: NDArray[np.int64]  #: (n,) boot time, ns, right after each read
    value: NDArray[np.float64]  #: (n,) NaN where the read failed


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of boot time."""

    start_ns: int
    end_ns: int

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return (self.end_ns - self.start_ns) * 1e-9
