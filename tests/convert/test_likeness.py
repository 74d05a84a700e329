import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ibd_mobile.convert.likeness import TOLERANCES, compare, first_departure, shortfall
from ibd_mobile.core.device import Precision

RNG = np.random.default_rng(7)
SCORES = RNG.normal(size=(32, 10)).astype(np.float32)

floats = st.floats(-100, 100, width=32)
outputs = hnp.arrays(np.float32, st.tuples(st.integers(2, 8), st.integers(2, 6)), elements=floats)


def noisy(ratio: float) -> np.ndarray:
    noise = RNG.normal(size=SCORES.shape)
    return (SCORES + ratio * noise).astype(np.float32)


@given(outputs)
def test_a_network_is_like_itself(source: np.ndarray) -> None:
    found = compare("y", source, source)
    assert found.max_abs == found.noise_ratio == 0
    assert found.cosine == pytest.approx(1)
    assert found.top1_agreement_ratio in (1.0, None)
    assert shortfall(found, TOLERANCES["float32"]) == ""


@given(outputs, st.floats(1, 1e3))
def test_the_ratio_does_not_depend_on_the_unit(source: np.ndarray, factor: float) -> None:
    made = source + 1
    plain, scaled = compare("y", source, made), compare("y", source * factor, made * factor)
    if np.isfinite(plain.noise_ratio):
        assert scaled.noise_ratio == pytest.approx(plain.noise_ratio, rel=1e-3)
    assert scaled.top1_agreement_ratio == pytest.approx(plain.top1_agreement_ratio)


@pytest.mark.parametrize(
    ("precision", "good", "bad"),
    [("float32", 1e-4, 0.01), ("float16", 0.01, 0.1), ("int8", 0.1, 1.0)],
)
def test_each_precision_has_its_own_tolerance(
    precision: Precision, good: float, bad: float
) -> None:
    tolerance = TOLERANCES[precision]
    assert shortfall(compare("y", SCORES, noisy(good)), tolerance) == ""
    assert "departs by" in shortfall(compare("y", SCORES, noisy(bad)), tolerance)


def test_a_precision_that_keeps_more_is_not_judged_more_mildly() -> None:
    order: list[Precision] = ["float32", "float16", "int8_dynamic", "int8"]
    ratios = [TOLERANCES[p].noise_ratio for p in order]
    assert ratios == sorted(ratios)


def test_permuted_classes_are_found_even_where_all_scores_are_near_each_other() -> None:
    source = (0.1 + 1e-4 * SCORES).astype(np.float32)  # as softmax of an untrained network
    found = compare("y", source, np.roll(source, 1, axis=1))
    assert found.cosine > 0.99999  # says nothing here
    assert "departs by" in shortfall(found, TOLERANCES["int8"])


def test_an_output_that_does_not_depend_on_the_input_proves_nothing() -> None:
    source = np.ones((4, 10), np.float32)
    found = compare("y", source, source + np.float32(1e-6))
    assert "does not depend on the input" in shortfall(found, TOLERANCES["int8"])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_never_alike(value: float) -> None:
    made = SCORES.copy()
    made[3, 3] = value
    with np.errstate(all="ignore"):
        found = compare("y", SCORES, made)
    assert "no numbers" in shortfall(found, TOLERANCES["int8"])


def test_samples_that_the_source_does_not_decide_do_not_count() -> None:
    source = np.array([[0, 1.0, 1.0001], [5, 0, 1]], np.float32)
    made = np.array([[0, 1.0001, 1.0], [5, 0, 1]], np.float32)
    assert compare("y", source, made).top1_agreement_ratio == 1.0


def test_pictures_have_no_top_1() -> None:
    picture = RNG.normal(size=(2, 4, 4, 1)).astype(np.float32)
    assert compare("y", picture, picture).top1_agreement_ratio is None


def test_the_first_departure_is_the_first_in_the_order_of_the_graph() -> None:
    pairs = [(SCORES, SCORES), (SCORES, noisy(2.0)), (SCORES, noisy(3.0))]
    assert first_departure(["a", "b", "c"], pairs, TOLERANCES["int8"]) == "b"
    assert first_departure(["a"], pairs[:1], TOLERANCES["int8"]) == ""
