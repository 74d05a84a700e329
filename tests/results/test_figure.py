import re
from math import isclose

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ibd_mobile.core.metric import Metric
from ibd_mobile.results.figure import figure, shared_scale


def _metric(
    value: float | None,
    unit: str = "s",
    low: float | None = None,
    high: float | None = None,
    method: str = "t",
) -> Metric:
    return Metric(
        name="x",
        group="latency",
        unit=unit,
        value=value,
        low=low,
        high=high,
        interval_method=method,
        missing="" if value is not None else "no sensor",
    )


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (_metric(None), "n/a"),
        (_metric(0.0), "0.00 s"),
        (_metric(-4e-6, "dB", -1.0, 1.0), "0.00 ± 1.00 dB"),
        (_metric(0.0018342), "1.83 ms"),
        (_metric(0.00099996), "1.00 ms"),
        (_metric(999.96, "1/s"), "1.00 k/s"),
        (_metric(545.2, "1/s"), "545 /s"),
        (_metric(1.4321, "W"), "1.43 W"),
        (_metric(-0.0123, "W"), "−12.3 mW"),
        (_metric(1.4321e9, "ops/J"), "1.43 G/J"),
        (_metric(2.4e16, "ops/J"), "24000 T/J"),
        (_metric(3e-12, "J"), "0.00300 nJ"),
        (_metric(0.98, "ratio"), "98.0 %"),
        (_metric(1.234, "ratio"), "123 %"),
        (_metric(1234.5, "samples"), "1234 samples"),
        (_metric(0.0018342, "s", 0.0017942, 0.0018742), "1.83 ± 0.04 ms"),
        (_metric(0.003, "ratio", -0.0237, 0.0297), "0.30 ± 2.67 %"),
        (_metric(0.0018342, "s", 0.0018340, 0.0018344), "1.8342 ± 0.0002 ms"),
        (_metric(0.0018342, "s", 0.00183419999, 0.00183420001), "1.8342 ± <0.0001 ms"),
        (_metric(0.123, "s", 0.0, 0.246), "123 ± 123 ms"),
        (_metric(1.0, "s", 1.0, 1.0), "1.00 ± 0.00 s"),
        (_metric(1.0, "s", 0.9, 1.3), "1.00 s [0.90–1.30]"),
        (_metric(0.1, "W", -0.1, 0.5), "100 mW [−100 to 500]"),
        (_metric(0.982, "ratio", 0.9662, 0.9908, "wilson"), "98.2 % [96.6–99.1]"),
        (_metric(0.5, "ratio", 0.4, 0.6, "wilson"), "50.0 % [40.0–60.0]"),
        (_metric(1.0, "ratio", 0.9924, 1.0, "wilson"), "100.0 % [99.2–100.0]"),
    ],
)
def test_a_metric_reads_like_this(metric: Metric, text: str) -> None:
    assert str(figure(metric)) == text


_PREFIXES = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@given(st.floats(1e-9, 9e14), st.sampled_from([1.0, -1.0]))
def test_three_digits_are_kept_whatever_the_prefix(size: float, sign: float) -> None:
    found = figure(_metric(sign * size, "W"))
    read = float(found.value.replace("−", "-")) * _PREFIXES[found.unit.removesuffix("W")]
    assert isclose(read, sign * size, rel_tol=0.0051)
    assert len(re.sub(r"[−.]", "", found.value)) <= 4


@given(st.floats(1e-6, 1e6), st.floats(1e-5, 0.9))
def test_the_arm_is_told_to_half_of_its_last_digit(value: float, share: float) -> None:
    arm = value * share
    found = figure(_metric(value, "J", value - arm, value + arm))
    assume("<" not in found.interval)
    digits = found.interval.removeprefix("± ")
    last = 10.0 ** -len(digits.partition(".")[2])
    read = float(digits) * _PREFIXES[found.unit.removesuffix("J")]
    assert abs(read - arm) <= 0.51 * last * _PREFIXES[found.unit.removesuffix("J")]
    assert found.value.partition(".")[2].__len__() == digits.partition(".")[2].__len__()


def test_neighbours_can_share_a_prefix() -> None:
    scale = shared_scale([0.0018342, 0.00072])
    assert str(figure(_metric(0.00072), scale)) == "0.720 ms"
    assert str(figure(_metric(0.0018342), scale)) == "1.83 ms"


@pytest.mark.parametrize("values", [[], [0.0], [1.0, 0.05], [1000.0, 1.0]])
def test_values_too_far_apart_share_none(values: list[float]) -> None:
    assert shared_scale(values) is None
