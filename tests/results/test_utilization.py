from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.results.stats import Interval
from ibd_mobile.results.utilization import no_peak_reason, peak_of, utilization


def test_published_figures_give_the_published_share() -> None:
    # ResNet50 INT8 on a P4: 1770 images/s at 4.12 GMAC of 22 Tops (AI Matrix, ptflops)
    rate = Interval(1770.0, None, None, 1, "")
    assert utilization(rate, 4_120_000_000, 22e12).value == pytest.approx(0.66, abs=0.005)


def test_a_share_above_1_is_not_clamped() -> None:
    # VGG16 FP32 on a P4: 180 images/s at 15.5 GMAC of 5.5 Tflops
    rate = Interval(180.0, 179.0, 181.0, 5, "t")
    found = utilization(rate, 15_500_000_000, 5.5e12)
    assert found.value == pytest.approx(1.0145, abs=1e-3)
    assert found.high is not None
    assert found.high > found.value


@given(st.floats(1, 1e4), st.integers(1, 10**10), st.floats(1e9, 1e14))
def test_share_times_peak_is_twice_the_macs_per_second(
    rate: float, macs_count: int, peak: float
) -> None:
    share = utilization(Interval(rate, None, None, 1, ""), macs_count, peak).value
    assert share * peak == pytest.approx(2 * macs_count * rate)


def test_a_peak_is_of_the_jobs_processor_and_precision(make: Any) -> None:
    context = make.Job().context
    peak = peak_of(context)
    assert peak is not None
    assert peak.ops_per_s == 2e11
    assert peak_of(make.changed(context, "job.precision", "int8")) is None


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("job.processor", "dsp", "no peak is published"),
        ("job.precision", "int8", "no int8 peak is known of Kryo 485"),
        ("job.processor", "npu", "Snapdragon 855 has no processor 'npu' in the catalog"),
    ],
)
def test_the_reason_for_no_peak_is_said(make: Any, path: str, value: str, reason: str) -> None:
    assert no_peak_reason(make.changed(make.Job().context, path, value)) == reason
