"""How often the stated interval of a detector's accuracy holds the truth.

Goal: 95 of 100. Synthetic detectors of known quality see sets of pictures; the truth is what the
same detector has on a set so large that chance is gone. Three kinds of bootstrap interval are told
side by side, all from the same draws, because which one is right is no matter of taste:

- basic, which the product states: the figure less what draws are above it;
- percentile: the middle 95 % of the draws;
- BCa: percentiles moved by the draws' bias and the skewness of leaving one picture out.

The width beside each is the mean of high less low.
"""

import argparse
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from paired import conditions

from ibd_mobile.results.bootstrap import basic_interval, draws
from ibd_mobile.results.boxes import Boxes
from ibd_mobile.results.detection import Detections, match
from ibd_mobile.results.stats import wilson

_LARGE_COUNT = 20_000  #: pictures of the set that tells the truth
_FIGURES = ("map_coco", "map_voc", "miou")
_KINDS = ("basic", "percentile", "BCa")
_NORMAL = NormalDist()
_Bounds = tuple[float, float]


@dataclass(frozen=True)
class Detector:
    """A detector by what it does to a true box."""

    name: str
    labels_count: int = 5
    looseness_ratio: float = 0.015  #: deviation of corners, of the picture
    found_ratio: float = 0.9  #: of easy boxes; of the hardest 0.4 less
    invented_count: float = 1.0  #: per picture
    score_steps: int = 0  #: quantized scores; 0 = none


_DETECTORS = (
    Detector("middling"),
    Detector("good", looseness_ratio=0.006, found_ratio=1.1, invented_count=0.3),
    Detector("poor", looseness_ratio=0.03, found_ratio=0.8, invented_count=3.0),
    Detector("quantized", labels_count=10, score_steps=30),
)


def scene(detector: Detector, seed: int, pictures_count: int) -> Detections:
    """Draw true boxes, let the detector look at them, and hold one against the other."""
    dice = np.random.default_rng(seed)
    true_count = dice.integers(1, 5, pictures_count)
    picture = np.repeat(np.arange(pictures_count), true_count)
    hardness = np.repeat(dice.beta(2, 2, pictures_count), true_count)
    n = len(picture)
    label = dice.integers(detector.labels_count, size=n)
    low = dice.random((n, 2)) * 0.6
    corner = np.concatenate((low, low + 0.1 + dice.random((n, 2)) * 0.3), axis=1)
    truth = Boxes(picture, label, corner, np.ones(n))
    is_found = dice.random(n) < detector.found_ratio - 0.4 * hardness
    moved = (
        corner + dice.normal(0, detector.looseness_ratio, corner.shape) * (1 + hardness)[:, None]
    )
    invented = np.repeat(
        np.arange(pictures_count), dice.poisson(detector.invented_count, pictures_count)
    )
    wrong = dice.random((len(invented), 2)) * 0.6
    scores = np.concatenate((dice.beta(5, 2, n)[is_found], dice.beta(2, 4, len(invented))))
    if detector.score_steps:
        scores = np.rint(scores * detector.score_steps) / detector.score_steps
    found = (
        np.concatenate((picture[is_found], invented)),
        np.concatenate((label[is_found], dice.integers(detector.labels_count, size=len(invented)))),
        np.concatenate((moved[is_found], np.concatenate((wrong, wrong + 0.2), axis=1))),
        scores,
    )
    order = np.argsort(found[0], kind="stable")
    return match(truth, Boxes(*(part[order] for part in found)), pictures_count)


def intervals(seen: Detections) -> dict[tuple[str, str], _Bounds]:
    """Make each kind of interval of each figure."""
    n = seen.pictures_count
    parts = [seen.figures(weight) for weight in draws(n)]
    without = seen.figures(1 - np.eye(n, dtype=np.int64))
    made: dict[tuple[str, str], _Bounds] = {}
    for name in _FIGURES:
        value = float(seen.figures()[name][0])
        drawn = np.concatenate([part[name] for part in parts])
        basic = basic_interval(value, drawn, n)
        made[name, "basic"] = (basic.low or 0.0, basic.high or 1.0)
        low, high = np.percentile(drawn, [2.5, 97.5])
        made[name, "percentile"] = (float(low), float(high))
        made[name, "BCa"] = _bca(value, drawn, without[name])
    return made


def _bca(value: float, drawn: NDArray[np.float64], without: NDArray[np.float64]) -> _Bounds:
    below = np.mean(drawn < value) + np.mean(drawn == value) / 2
    bias = _NORMAL.inv_cdf(float(np.clip(below, 5e-4, 1 - 5e-4)))
    gain = without.mean() - without
    speed = float((gain**3).sum() / (6 * (gain**2).sum() ** 1.5))
    places = [bias + z for z in (_NORMAL.inv_cdf(0.025), _NORMAL.inv_cdf(0.975))]
    low, high = np.quantile(drawn, [_NORMAL.cdf(bias + z / (1 - speed * z)) for z in places])
    return float(low), float(high)


def main() -> None:
    """Print how often each kind holds the truth, with the interval of that share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="sets per detector")
    parser.add_argument("--pictures", type=int, default=100, help="in each set")
    chosen = parser.parse_args()
    conditions()
    for detector in _DETECTORS:
        truth = scene(detector, 0, _LARGE_COUNT).figures()
        made = [
            intervals(scene(detector, seed, chosen.pictures))
            for seed in range(1, chosen.rounds + 1)
        ]
        for name in _FIGURES:
            value = float(truth[name][0])
            print(f"{detector.name}, {chosen.pictures} pictures: {name} is {value:.3f}")
            for kind in _KINDS:
                bounds = [each[name, kind] for each in made]
                held = wilson(sum(low <= value <= high for low, high in bounds), len(bounds))
                width = float(np.mean([high - low for low, high in bounds]))
                print(
                    f"  {kind:10} holds it {held.value:.1%} [{held.low:.1%}–{held.high:.1%}],"
                    f" width {width:.4f}"
                )


if __name__ == "__main__":
    main()
