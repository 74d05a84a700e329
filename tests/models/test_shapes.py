"""The data set is the same bytes everywhere, balanced, and not too easy to tell apart."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

# Of seed 99, 20 pictures; the same on numpy 1.26, 2.1, 2.4 and 2.5, Python 3.11 to 3.13, and with
# numpy's AVX code switched off.
IMAGES_SHA256 = "efb509a48cf16cdd8be7965ce94db6feb3e2c2c614ace8ee9734edf107bb5590"
LABELS_SHA256 = "55b1e75f9fecbf54bd44cf6c8808c8261794e671819127af337eee4666bfec57"


def test_the_pictures_are_the_recorded_bytes(shapes: ModuleType) -> None:
    pictures = shapes.images(99, 20)
    assert pictures.shape == (20, shapes.SIZE, shapes.SIZE, 3)
    assert pictures.dtype == np.uint8
    assert shapes.sha256(pictures) == IMAGES_SHA256


def test_the_labels_are_the_recorded_bytes(shapes: ModuleType) -> None:
    assert shapes.sha256(shapes.labels(99, 20)) == LABELS_SHA256


def test_truth_is_the_labels(shapes: ModuleType) -> None:
    assert np.array_equal(shapes.truth(5, 7), shapes.labels(5, 7))


def test_each_class_is_drawn_equally_often(shapes: ModuleType) -> None:
    counts = np.bincount(shapes.labels(1, 1000), minlength=len(shapes.LABELS))
    assert counts.tolist() == [100] * 10


def test_labels_do_not_follow_a_pattern(shapes: ModuleType) -> None:
    rows = {tuple(row) for row in shapes.labels(1, 1000).reshape(-1, 10).tolist()}
    assert len(rows) == 100


def test_a_shorter_set_is_the_beginning_of_a_longer_one(shapes: ModuleType) -> None:
    assert np.array_equal(shapes.images(5, 7), shapes.images(5, 13)[:7])
    assert np.array_equal(shapes.labels(5, 7), shapes.labels(5, 13)[:7])


def test_another_seed_gives_other_pictures(shapes: ModuleType) -> None:
    assert shapes.sha256(shapes.images(5, 3)) != shapes.sha256(shapes.images(6, 3))


def test_no_picture_of_the_test_set_is_in_another(shapes: ModuleType) -> None:
    sets = [{picture.tobytes() for picture in shapes.images(seed, 50)} for seed in (1, 2, 3)]
    assert len(set.union(*sets)) == 150


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_integers_saturate(shapes: ModuleType, dtype: str) -> None:
    ends = np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1, 1)
    stored = shapes.tensor(ends, [0.0], [255.0], (1 / 1000, 0), dtype)
    limits = np.iinfo(dtype)
    assert stored.dtype == dtype
    assert stored.ravel().tolist() == [0, limits.max]


def test_a_picture_becomes_the_number_that_the_input_says(shapes: ModuleType) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(256, 1, 1, 1).repeat(3, axis=3)
    real = shapes.tensor(levels, [10.0, 0.0, 255.0], [2.0, 255.0, 1.0])
    assert real.dtype == np.float32
    expected = np.stack([(np.arange(256) - 10) / 2, np.arange(256) / 255, np.arange(256) - 255], 1)
    assert np.array_equal(real[:, 0, 0], expected.astype(np.float32))


def test_the_script_prints_hashes_and_draws_a_sheet(mini: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    words = ["--seed", "99", "--count", "20", "--sheet", str(sheet)]
    done = subprocess.run(
        [sys.executable, str(mini / "shapes.py"), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["images", IMAGES_SHA256, "truth", LABELS_SHA256]
    assert sheet.read_bytes().startswith(b"\x89PNG")
