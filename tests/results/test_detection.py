import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.results.average_precision import Matches, average_precision, coco_recall
from ibd_mobile.results.boxes import Boxes, true_boxes
from ibd_mobile.results.detection import Detections, match
from ibd_mobile.results.stats import Interval

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/detection.json").read_text())
#: the references add a last bit to divisors, and sum in another order
DIGITS = {"rel": 0, "abs": 1e-12}


def found_boxes(rows: Any) -> Boxes:
    """Take rows of picture, class, score, y0, x0, y1, x1."""
    table = np.array(rows, float).reshape(-1, 7)
    table = table[np.argsort(table[:, 0], kind="stable")]
    picture, label = (table[:, k].astype(np.int64) for k in (0, 1))
    return Boxes(picture, label, table[:, 3:], table[:, 2])


def detections(truth: Any, found: Any, pictures_count: int) -> Detections:
    columns = len(truth[0]) if len(truth) else 6
    true = true_boxes(np.array(truth, float).reshape(-1, columns))
    return match(true, found_boxes(found), pictures_count)


def estimates(truth: Any, found: Any, pictures_count: int = 8) -> list[float | None]:
    figures = detections(truth, found, pictures_count).figures()
    return [None if np.isnan(f[0]) else float(f[0]) for f in figures.values()]


def at_overlap(made: Detections, place: int) -> float:
    """Return COCO's AP at one of its ten overlaps."""
    parts = [
        Matches(
            m.picture,
            m.overlap[[place]],
            m.true_count,
            None if m.is_ignored is None else m.is_ignored[[place]],
        )
        for m in made.coco
    ]
    once = np.ones((1, made.pictures_count), np.int64)
    known = [average_precision(m, coco_recall, once)[0] for m in parts]
    return float(np.mean([ap for ap in known if not np.isnan(ap)] or [np.nan]))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: c["name"].replace(" ", "_"))
def test_the_reference_programs_say_the_same(case: dict[str, Any]) -> None:
    made = detections(case["truth"], case["found"], case["pictures_count"])
    told = {name: float(figure[0]) for name, figure in made.figures().items()}
    told |= {"map_coco_50": at_overlap(made, 0), "map_coco_75": at_overlap(made, 5)}
    assert told.keys() == case["expected"].keys()
    for name, expected in case["expected"].items():
        number = np.nan if expected is None else expected
        assert told[name] == pytest.approx(number, nan_ok=True, **DIGITS), name


def test_the_golden_cases_tell_the_measures_apart() -> None:
    """A file in which all figures agree would hold nothing."""
    for one, other in (("map_coco", "map_coco_50"), ("map_voc", "map_voc07"),
                       ("map_coco_50", "map_voc")):  # fmt: skip
        assert any(
            abs((c["expected"][one] or 0) - (c["expected"][other] or 0)) > 0.01
            for c in GOLDEN["cases"]
        )


def test_what_is_to_be_ignored_matters_in_the_golden_cases() -> None:
    """Counting such boxes, or leaving them out, would give other figures."""
    for name in ("map_coco", "map_voc", "map_voc07"):
        place = {"map_coco": 0, "map_voc": 1, "map_voc07": 2}[name]
        for case in (c for c in GOLDEN["cases"] if c["name"].endswith("some to be ignored")):
            rows = case["truth"]
            for truth in ([row[:6] for row in rows], [row[:6] for row in rows if not row[6]]):
                told = estimates(truth, case["found"], case["pictures_count"])[place]
                assert told is not None
                assert abs(told - case["expected"][name]) > 0.005, name


def test_what_cannot_be_said_has_a_reason() -> None:
    no_truth = "the data set has no true box"
    no_hit = "no true box was found, so nothing can be said of the fit"
    nothing_true = detections([], [[0, 0, 0.9, 0, 0, 1, 1]], 1).intervals()
    assert list(nothing_true.values()) == [no_truth, no_truth, no_truth, no_hit]
    assert detections([], [], 3).intervals() == nothing_true
    nothing_found = detections([[0, 0, 0, 0, 1, 1]], [], 1).intervals()
    assert nothing_found["miou"] == no_hit
    assert nothing_found["map_coco"] == Interval(0.0, None, None, 1, "")


def scene(seed: int, pictures_count: int = 8) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Draw truth and claims whose scores all differ."""
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 20))
    low, size = random.random((n, 2)) * 0.6, 0.1 + random.random((n, 2)) * 0.3
    corner = np.concatenate((low, low + size), axis=1)
    where, label = random.integers(0, pictures_count, n), random.integers(0, 3, n)
    truth = np.column_stack((where, label, corner))
    kept = random.random(n) < 0.8
    moved = corner + random.normal(0, 0.03, corner.shape)
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 0.02)
    claims = np.column_stack((where, label, random.permutation(n) / n * 0.9 + 0.05, moved))[kept]
    noise = np.column_stack(
        (random.integers(0, pictures_count, 3), random.integers(0, 3, 3),
         random.random(3) * 0.04 + 0.005, *np.tile([[0.8], [0.8], [0.9], [0.9]], 3))
    )  # fmt: skip
    return truth, np.concatenate((claims, noise))


SEEDS = st.integers(0, 2**32 - 1)
UNHURRIED = settings(deadline=None, max_examples=50)  # a busy computer is no failure


@UNHURRIED
@given(SEEDS)
def test_perfect_boxes_have_all_figures_at_one(seed: int) -> None:
    truth, _ = scene(seed)
    scores = np.random.default_rng(seed).random(len(truth))
    assert estimates(truth, np.insert(truth, 2, scores, axis=1)) == [pytest.approx(1.0)] * 4


@UNHURRIED
@given(SEEDS)
def test_the_order_of_pictures_does_not_matter_where_scores_differ(seed: int) -> None:
    truth, found = scene(seed)
    place = np.random.default_rng(seed).permutation(8)
    before = estimates(truth, found)
    truth[:, 0], found[:, 0] = place[truth[:, 0].astype(int)], place[found[:, 0].astype(int)]
    for was, now in zip(before, estimates(truth, found), strict=True):
        assert now == (was if was is None else pytest.approx(was, abs=1e-12))


@UNHURRIED
@given(SEEDS)
def test_only_the_order_of_scores_matters(seed: int) -> None:
    truth, found = scene(seed)
    before = estimates(truth, found)
    found[:, 2] = found[:, 2] ** 3
    assert estimates(truth, found) == before


@UNHURRIED
@given(SEEDS, st.integers(0, 7), st.integers(0, 2))
def test_a_wrong_box_below_all_others_never_raises_a_precision(
    seed: int, picture: int, label: int
) -> None:
    truth, found = scene(seed)
    before = estimates(truth, found)
    extra = [[picture, label, 0.001, 0.97, 0.97, 0.99, 0.99]]
    after = estimates(truth, np.concatenate((found, extra)))
    assert after == before
    above = [[picture, label, 0.999, 0.97, 0.97, 0.99, 0.99]]
    worse = estimates(truth, np.concatenate((found, above)))
    assert all((b or 0) <= (a or 0) + 1e-12 for a, b in zip(before[:3], worse[:3], strict=True))
    assert worse[3] == before[3]


@UNHURRIED
@given(SEEDS)
def test_a_miss_that_becomes_a_hit_never_lowers_a_precision(seed: int) -> None:
    truth, found = scene(seed)
    row = truth[int(seed % len(truth))]
    missing = np.concatenate((truth, [[8, row[1], 0, 0, 1, 1]]))
    hit = np.concatenate((found, [[8, row[1], 0.99, 0, 0, 1, 1]]))
    before, after = estimates(missing, found, 9), estimates(missing, hit, 9)
    assert all((a or 0) >= (b or 0) for b, a in zip(before[:3], after[:3], strict=True))


def test_intervals_hold_their_figures_and_are_the_same_each_time() -> None:
    made = detections(*scene(3, 40), 40)
    intervals = made.intervals()
    assert intervals == made.intervals()
    assert list(intervals) == ["map_coco", "map_voc", "map_voc07", "miou"]
    for name, interval in intervals.items():
        assert not isinstance(interval, str)
        assert interval.value == made.figures()[name][0]
        assert interval.n == 40
        if name == "map_voc07":
            assert (interval.low, interval.high, interval.method) == (None, None, "")
            continue
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low < interval.value < interval.high
        assert interval.method == "bootstrap"


def test_more_pictures_narrow_the_interval() -> None:
    def width(pictures_count: int) -> float:
        scenes = [scene(seed, 1) for seed in range(pictures_count)]
        for number, (truth, found) in enumerate(scenes):
            truth[:, 0] = found[:, 0] = number
        truth, found = (np.concatenate(part) for part in zip(*scenes, strict=True))
        figure = detections(truth, found, pictures_count).intervals()["map_voc"]
        assert not isinstance(figure, str)
        return (figure.high or 0) - (figure.low or 0)

    assert width(100) < 0.7 * width(25)


def test_a_perfect_score_has_no_bounds() -> None:
    figures = detections([[0, 0, 0, 0, 1, 1]], [[0, 0, 0.9, 0, 0, 1, 1]], 5).intervals()
    assert set(figures.values()) == {Interval(1.0, None, None, 5, "")}
