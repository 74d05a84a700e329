import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import Tensor
from ibd_mobile.results.boxes import Boxes, true_boxes
from ibd_mobile.results.classification import rank_labels
from ibd_mobile.results.contrast import contrast
from ibd_mobile.results.detection import match
from ibd_mobile.results.job_folder import JobFolder
from ibd_mobile.results.outcome import Outcome, outcome_of, paired_difference
from ibd_mobile.results.stats import wilson

from .compared import ACCURACY, replace


def answers(a: Any, b: Any) -> tuple[Outcome, Outcome]:
    made = [Outcome("t", "i", {"top1_ratio": np.asarray(x, float)}) for x in (a, b)]
    return made[0], made[1]


def test_what_two_networks_share_falls_out() -> None:
    # 900 right in both, 85 wrong in both, 5 lost and 10 gained
    a = [1] * 900 + [0] * 85 + [1] * 5 + [0] * 10
    b = [1] * 900 + [0] * 85 + [0] * 5 + [1] * 10
    found = paired_difference(*answers(a, b), "top1_ratio")
    assert found is not None
    assert found.value == pytest.approx(0.005)
    # Bonett and Price: (11 - 6) / 1002 ± 1.96 √((17/1002 - (5/1002)²) / 1002)
    half = 1.959964 * math.sqrt((17 / 1002 - (5 / 1002) ** 2) / 1002)
    assert found.low == pytest.approx(5 / 1002 - half, abs=1e-6)
    assert found.high == pytest.approx(5 / 1002 + half, abs=1e-6)
    assert (found.n, found.method) == (1000, "paired answers")
    apart = contrast(wilson(905, 1000), wilson(910, 1000)).difference
    assert found.high is not None
    assert found.low is not None
    assert apart.high is not None
    assert apart.low is not None
    assert found.high - found.low < 0.4 * (apart.high - apart.low)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_a_paired_interval_holds_its_figure_and_turns_with_its_sides(
    pairs: list[tuple[bool, bool]],
) -> None:
    forth, back = answers(*zip(*pairs, strict=True))
    there = paired_difference(forth, back, "top1_ratio")
    again = paired_difference(back, forth, "top1_ratio")
    assert there is not None
    assert again is not None
    assert there.low is not None
    assert there.high is not None
    assert again.low is not None
    assert there.low <= there.value <= there.high
    assert there.value == pytest.approx(-again.value)
    assert there.high == pytest.approx(-again.low)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    shared, held = 0.03, 0
    for _ in range(400):
        a = random.random(500) < 0.9
        b = np.where(random.random(500) < shared, ~a, a)
        found = paired_difference(*answers(a, b), "top1_ratio")
        truth = shared * (0.1 - 0.9)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 400 <= 0.99


def test_other_pictures_are_not_paired() -> None:
    a, b = answers([1, 0], [1, 1])
    for other in (
        Outcome("t", "other", b.figures),
        Outcome("other", "i", b.figures),
        Outcome("t", "i", {}),
    ):
        assert paired_difference(a, other, "top1_ratio") is None


def test_decibels_are_paired_by_student_and_only_if_all_are_numbers() -> None:
    def of(values: list[float]) -> Outcome:
        return Outcome("t", "i", {"psnr_y_db": np.array(values)})

    found = paired_difference(of([30, 20, 25]), of([29.9, 19.8, 24.9]), "psnr_y_db")
    assert found is not None
    assert found.value == pytest.approx(-0.4 / 3)
    assert found.high is not None
    assert found.high < 0.03
    assert found.method == "paired t"
    assert paired_difference(of([30, math.inf]), of([30, 30]), "psnr_y_db") is None


def boxes(shift: float, missed: int) -> Boxes:
    n = 60
    rows = np.array([[k, 0, 0.1, 0.1 + shift, 0.5, 0.5 + shift] for k in range(missed, n)])
    true = true_boxes(rows)
    return Boxes(true.picture, true.label, true.corner, np.linspace(0.9, 0.5, n - missed))


def test_detectors_are_drawn_together() -> None:
    truth = boxes(0.0, 0)
    a, b = (match(truth, boxes(0.02, missed), 60) for missed in (10, 12))
    one, other = Outcome("t", "i", {}, a), Outcome("t", "i", {}, b)
    found = paired_difference(one, other, "map_voc_ratio")
    assert found is not None
    assert found.value == pytest.approx(
        float(b.figures()["map_voc"][0] - a.figures()["map_voc"][0])
    )
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < 0
    apart = [x.intervals()["map_voc"] for x in (a, b)]
    assert not isinstance(apart[0], str)
    assert not isinstance(apart[1], str)
    wide = contrast(apart[0], apart[1]).difference
    assert wide.high is not None
    assert wide.low is not None
    assert found.high - found.low < 0.7 * (wide.high - wide.low)
    assert paired_difference(one, other, "map_voc07_ratio") is None
    same = paired_difference(one, one, "map_voc_ratio")
    assert same is not None
    assert (same.value, same.low, same.high) == (0.0, None, None)


# Read from the archive


def filed(path: Path, make: Any) -> tuple[JobFolder, Any]:
    random = np.random.default_rng(2)
    scores = random.integers(0, 200, (20, 10), np.uint8)
    truth = random.integers(0, 10, 20).astype(np.uint8)
    times = make.back_to_back(1005 * 10**9, [1_000_000] * 20)
    job = make.Job(outputs=scores.tobytes(), phases={"dataset": times}, truth=truth)
    job.context = make.changed(job.context, "job.kind", "accuracy")
    folder = job.file(path)
    record = replace(ACCURACY, raw_sha256=folder.raw_sha256())
    expected = rank_labels(scores.astype(float), truth).rank
    return folder, (record, expected)


def test_an_archive_tells_of_each_picture(tmp_path: Path, make: Any) -> None:
    folder, (record, rank) = filed(tmp_path, make)
    found = outcome_of(folder, record)
    assert found is not None
    assert found.figures["top1_ratio"].tolist() == (rank == 1).tolist()
    assert found.figures["top5_ratio"].tolist() == (rank <= 5).tolist()


def test_what_was_changed_since_is_not_compared(tmp_path: Path, make: Any) -> None:
    folder, (record, _) = filed(tmp_path, make)
    content = bytearray(folder.outputs.read_bytes())
    content[7] ^= 1
    folder.outputs.write_bytes(content)
    with pytest.raises(DataError, match="was changed after the job was filed"):
        outcome_of(folder, record)


def test_without_outputs_nothing_is_told_of_a_picture(tmp_path: Path, make: Any) -> None:
    folder, (record, _) = filed(tmp_path, make)
    folder.outputs.unlink()
    assert outcome_of(folder, record) is None


def test_pictures_of_super_resolution_are_told_one_by_one(tmp_path: Path, make: Any) -> None:
    truth = np.random.default_rng(3).integers(0, 256, (3, 12, 12, 1)).astype(np.uint8)
    made = np.where(truth < 128, truth + 2, truth - 2).astype("<f4")
    made[1] = truth[1]
    tensor = Tensor(name="y", dtype="float32", shape=[-1, 12, 12, 1])
    job = make.Job(
        outputs=made.tobytes(), truth=truth,
        phases={"dataset": make.back_to_back(1005 * 10**9, [1_000_000] * 3)},
    )  # fmt: skip
    for place, value in {
        "job.kind": "accuracy", "model.application": "super_resolution",
        "artifact.outputs": [tensor],
    }.items():  # fmt: skip
        job.context = make.changed(job.context, place, value)
    folder = job.file(tmp_path)
    record = msgspec.structs.replace(ACCURACY, raw_sha256=folder.raw_sha256())
    found = outcome_of(folder, record)
    assert found is not None
    expected = 20 * math.log10(255 / 2)
    assert found.figures["psnr_y_db"].tolist() == pytest.approx([expected, math.inf, expected])
