import pytest

from ibd_mobile.core.errors import InputError
from ibd_mobile.results.compare import compare
from ibd_mobile.results.regression import judge, limit_ratio

from .compared import FLOAT, cleared, finding, found, side, with_metric, with_precision

A, B = cleared(FLOAT), with_precision(cleared(FLOAT))


def judged(name: str, a_s: float, b_s: float, arm_s: float) -> str:
    pair = side(with_metric(A, name, a_s, arm_s)), side(with_metric(B, name, b_s, arm_s))
    by_name = {r.metric.name: r.judgement for r in judge([compare([pair], "precision")], 0.05)}
    return by_name[name]


@pytest.mark.parametrize("name", ["latency_s", "sustained_execution_s"])
@pytest.mark.parametrize(
    ("a_s", "b_s", "arm_s", "judgement"),
    [
        (0.100, 0.110, 0.001, "slower"),
        (0.100, 0.110, 0.009, "cannot tell"),  # 10 % slower, but that might be chance
        (0.100, 0.104, 0.0001, "within the limit"),  # slower beyond doubt, but by 4 %
        (0.100, 0.104, 0.003, "cannot tell"),
        (0.100, 0.090, 0.001, "within the limit"),
        (0.100, 0.100, 0.001, "within the limit"),
    ],
)
def test_slower_is_what_is_shown_and_beyond_the_limit(
    name: str, a_s: float, b_s: float, arm_s: float, judgement: str
) -> None:
    assert judged(name, a_s, b_s, arm_s) == judgement


def test_what_was_refused_is_not_judged() -> None:
    pair = side(A), side(found(B, finding("BUSY", "latency")))
    assert judge([compare([pair], "precision")], 0.05) == []


@pytest.mark.parametrize(
    ("text", "ratio"), [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05), (".5", 0.5), ("12.5%", 0.125)]
)
def test_a_limit_is_a_share(text: str, ratio: float) -> None:
    assert limit_ratio(text) == pytest.approx(ratio)


@pytest.mark.parametrize("text", ["", "five", "-5%", "5%%", "nan", "1e3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no share"):
        limit_ratio(text)
