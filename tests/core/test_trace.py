import numpy as np

from ibd_mobile.core.trace import InferenceTrace, Window


def test_durations_are_end_less_start() -> None:
    trace = InferenceTrace("latency", np.array([0, 10]), np.array([4, 15]))
    assert trace.duration_ns.tolist() == [4, 5]


def test_a_window_tells_seconds() -> None:
    assert Window(0, 1_500_000_000).duration_s == 1.5
