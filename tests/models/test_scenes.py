"""Scenes and their boxes are the same bytes everywhere, and the boxes fit what is drawn."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

# Of seed 99, 20 pictures.
IMAGES_SHA256 = "aadbcaedf6a0d8c296544771eb97aface47e8575499434684243a7f75f7c116a"
TRUTH_SHA256 = "58e78d9b3c590124c65efa4919c5e12482bf5688883b4477cd7a8b048a948939"


def test_the_pictures_are_the_recorded_bytes(scenes: ModuleType) -> None:
    pictures = scenes.images(99, 20)
    assert pictures.shape == (20, scenes.SIZE, scenes.SIZE, 3)
    assert pictures.dtype == np.uint8
    assert scenes.sha256(pictures) == IMAGES_SHA256


def test_the_boxes_are_the_recorded_bytes(scenes: ModuleType) -> None:
    boxes = scenes.truth(99, 20)
    assert boxes.dtype == np.float32
    assert scenes.sha256(boxes) == TRUTH_SHA256


def test_boxes_are_of_their_pictures_in_order(scenes: ModuleType) -> None:
    boxes = scenes.truth(1, 200)
    counts = np.bincount(boxes[:, 0].astype(int), minlength=200)
    assert (np.diff(boxes[:, 0]) >= 0).all()
    assert counts.min() >= 1
    assert counts.max() == 4
    assert np.bincount(boxes[:, 1].astype(int)).min() > 0.15 * len(boxes)


def test_boxes_lie_within_their_picture_on_the_grid_of_samples(scenes: ModuleType) -> None:
    corners = scenes.truth(1, 200)[:, 2:].astype(np.float64)
    assert corners.min() >= 0
    assert corners.max() <= 1
    assert ((corners[:, 2:] - corners[:, :2]) * scenes.SIZE > 8).all()
    samples = corners * scenes.SIZE * 3
    assert samples == pytest.approx(np.rint(samples), abs=1e-4)


def test_boxes_of_a_scene_hardly_overlap(scenes: ModuleType) -> None:
    boxes = scenes.truth(1, 200).astype(np.float64)
    for picture in range(200):
        held = boxes[boxes[:, 0] == picture][:, 2:]
        for one, other in combinations(held, 2):
            sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
            smaller = min((one[2:] - one[:2]).prod(), (other[2:] - other[:2]).prod())
            assert np.clip(sides, 0, None).prod() <= 0.1 * smaller + 1e-6


def test_a_box_is_brighter_than_what_lies_around_it(scenes: ModuleType) -> None:
    # A shape is brighter than the ground there; clutter is of any colour.
    pictures, is_brighter = scenes.images(1, 100).astype(np.float64).sum(axis=3), []
    for picture, _, *ends in scenes.truth(1, 100).tolist():
        top, left, bottom, right = (round(end * scenes.SIZE) for end in ends)
        middle_y, middle_x = (top + bottom) // 2, (left + right) // 2
        whole = pictures[int(picture)]
        middle = np.median(whole[middle_y - 2 : middle_y + 3, middle_x - 2 : middle_x + 3])
        is_brighter.append(middle > np.median(whole))
    assert np.mean(is_brighter) > 0.85


def test_a_shorter_set_is_the_beginning_of_a_longer_one(scenes: ModuleType) -> None:
    assert np.array_equal(scenes.images(5, 4), scenes.images(5, 9)[:4])
    long = scenes.truth(5, 9)
    assert np.array_equal(scenes.truth(5, 4), long[long[:, 0] < 4])


def test_another_seed_gives_other_scenes(scenes: ModuleType) -> None:
    assert scenes.sha256(scenes.images(5, 3)) != scenes.sha256(scenes.images(6, 3))
    assert scenes.sha256(scenes.truth(5, 3)) != scenes.sha256(scenes.truth(6, 3))


def test_the_script_prints_hashes_and_draws_a_sheet(mini: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    words = ["--seed", "99", "--count", "20", "--sheet", str(sheet)]
    done = subprocess.run(
        [sys.executable, str(mini / "scenes.py"), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["images", IMAGES_SHA256, "truth", TRUTH_SHA256]
    assert sheet.read_bytes().startswith(b"\x89PNG")
