import re

import numpy as np
import pytest

from ibd_mobile.core.trace import InferenceTrace, Window
from ibd_mobile.results.chart.job import job
from ibd_mobile.results.timeline import Series, Timeline
from tests.results.compared import FLOAT

from .drawn import texts


def timeline(count: int = 50, slow_ns: int = 1_000_000) -> Timeline:
    start = np.arange(count, dtype=np.int64) * 2_000_000 + 5_000_000_000
    end = start + 1_000_000
    end[-1] = start[-1] + slow_ns
    t_ns = np.arange(0, 9_000_000_000, 10_000_000, dtype=np.int64)
    return Timeline(
        record=FLOAT,
        windows={"idle before": Window(10**9, 4 * 10**9), "power": Window(start[0], end[-1])},
        phases=[InferenceTrace("power", start, end)],
        series=[
            Series("power", "power", "battery", "w", t_ns, np.sin(t_ns / 1e9) + 2),
            Series("skin_temperature", "temperature", "skin", "c", t_ns, np.full(len(t_ns), 30.0)),
            Series("prime_frequency", "frequency", "prime", "hz", t_ns, np.full(len(t_ns), 2e9)),
            Series("prime_frequency_cap", "frequency", "prime", "hz", t_ns, np.full(900, 3e9)),
            Series("dead", "temperature", "dead", "c", t_ns, np.full(len(t_ns), np.nan)),
        ],
    )


def test_a_job_is_drawn_with_all_that_was_read() -> None:
    found = texts(job(timeline()))
    assert {"inference, ms", "power, W", "temperature, °C", "clock, GHz"} <= set(found)
    assert "time since the job began, s" in found
    assert "skin" in found
    assert "dead" not in found


def test_the_windows_are_shaded_in_every_panel() -> None:
    svg = job(timeline())
    assert svg.count("opacity: 0.12") == 2 * 4


@pytest.mark.parametrize(("slow_ns", "is_wide"), [(1_200_000, False), (900_000_000, True)])
def test_a_few_slow_inferences_do_not_flatten_the_others(slow_ns: int, is_wide: bool) -> None:
    ticks = [t for t in texts(job(timeline(slow_ns=slow_ns))) if re.fullmatch(r"[\d.]+", t)]
    assert ("100" in ticks) == is_wide


def test_ten_thousand_inferences_make_no_larger_drawing_than_a_thousand() -> None:
    few, many = len(job(timeline(1000))), len(job(timeline(10_000)))
    assert many < 1.3 * few
    assert many < 150_000


def test_a_job_of_which_nothing_was_read_has_no_drawing() -> None:
    assert job(Timeline(FLOAT, {}, [], [])) == ""
