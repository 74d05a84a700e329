import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.core.model import AnchorLayer, BoxCoding, Quantization, Tensor
from ibd_mobile.power import fuel_gauge
from ibd_mobile.results.accuracy import NAMES, REFERENCES, Accuracy, accuracy_of
from ibd_mobile.results.facts import load
from ibd_mobile.results.stats import Interval


def job_of(make: Any, outputs: bytes, inferences_count: int, truth: Any, **changes: Any) -> Any:
    times = make.back_to_back(1005 * 10**9, [1_000_000] * inferences_count)
    job = make.Job(outputs=outputs, phases={"dataset": times}, truth=truth)
    for path, value in {"job.kind": "accuracy", **changes}.items():
        job.context = make.changed(job.context, path.replace("__", "."), value)
    return job


def told(path: Path, job: Any) -> Accuracy:
    return accuracy_of(load(job.file(path), fuel_gauge))


def value(figure: Interval | str) -> float:
    assert not isinstance(figure, str), figure
    return figure.value


def test_every_reference_is_held_against_a_metric_that_there_is() -> None:
    assert set(REFERENCES.values()) == {name for names in NAMES.values() for name in names}


# Classification


def test_a_classifier_is_told_by_its_ranks(tmp_path: Path, make: Any) -> None:
    scores = np.eye(10, dtype=np.uint8) * 200
    job = job_of(make, scores.tobytes(), 10, np.array([*range(9), 0], np.uint8))
    accuracy = told(tmp_path, job)
    assert value(accuracy.figures["top1_ratio"]) == 0.9
    assert value(accuracy.figures["top5_ratio"]) == 1.0  # 0 is the first of the nine with no score
    assert accuracy.note == "in 1 samples another class has the same score as the true one"


def test_with_five_classes_a_top_5_says_nothing(tmp_path: Path, make: Any) -> None:
    tensor = Tensor(name="s", dtype="uint8", shape=[1, 5])
    job = job_of(make, bytes([9, 1, 0, 0, 0] * 2), 2, np.zeros(2, np.uint8),
                 artifact__outputs=[tensor])  # fmt: skip
    figures = told(tmp_path, job).figures
    assert value(figures["top1_ratio"]) == 1.0
    assert figures["top5_ratio"] == "with 5 classes every answer is among the 5 best"


def with_variant(make: Any, job: Any, **changes: object) -> Any:
    variant = msgspec.structs.replace(job.context.model.variants[0], **changes)
    job.context = make.changed(job.context, "model.variants", [variant])
    return job


def test_a_background_before_the_classes_is_an_answer_but_never_right(
    tmp_path: Path, make: Any
) -> None:
    # of three pictures of class 0: the background, class 0 and class 1 have the highest score
    scores = np.zeros((3, 10), np.uint8)
    scores[[0, 1, 2], [0, 1, 2]] = 9
    job = job_of(make, scores.tobytes(), 3, np.zeros(3, np.uint8))
    job = with_variant(make, job, labels="imagenet_1001")
    assert value(told(tmp_path, job).figures["top1_ratio"]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("path", "held", "reason"),
    [
        ("artifact.is_untrained", True, "the weights are random"),
        ("model.dataset", None, "no data set of m is known"),
    ],
)
def test_where_no_accuracy_job_could_help_it_is_not_pointed_to(
    tmp_path: Path, make: Any, path: str, held: object, reason: str
) -> None:
    job = make.Job()
    job.context = make.changed(job.context, path, held)
    assert set(told(tmp_path, job).figures.values()) == {reason}


def test_what_is_missing_is_named_for_every_figure(tmp_path: Path, make: Any) -> None:
    scores, truth = bytes(100), np.zeros(10, np.uint8)

    def reasons(name: str, job: Any) -> set[Any]:
        return set(told(tmp_path / name, job).figures.values())

    job = job_of(make, scores, 10, truth, job__kind="measure")
    assert reasons("measure", job) == {"measured by an accuracy job"}
    assert reasons("bare", job_of(make, scores, 10, None)) == {
        "the truth of the data set is not at hand"
    }
    assert reasons("mute", job_of(make, b"", 10, truth)) == {"the program wrote no outputs"}
    job = make.Job(truth=truth)
    job.context = make.changed(job.context, "job.kind", "accuracy")
    assert reasons("other", job) == {"the job had no dataset phase"}
    job = job_of(make, scores, 10, np.zeros((0, 6), np.float32), model__application="detection")
    assert reasons("raw", job) == {"the model does not say how its outputs become boxes"}


# Detection: two anchors, the left and the right half of the picture, and two classes

CODING = BoxCoding(
    anchors=[AnchorLayer(rows=1, columns=2, boxes=[[1.0, 0.5]])],
    scale=[10.0, 10.0, 5.0, 5.0],
    scores="softmax",
    has_background=True,
    least_score_ratio=0.3,
    overlap_ratio=0.5,
    boxes_count=10,
)
CODES = Tensor(name="codes", dtype="float32", shape=[-1, 2, 4])
SCORES = Tensor(
    name="scores",
    dtype="int8",
    shape=[-1, 2, 3],
    quantization=Quantization(scale=0.1, zero_point=0),
)
LEFT, RIGHT = [0, 0, 1, 0.5], [0, 0.5, 1, 1]
TRUTH = np.array([[0, 0, *LEFT], [0, 1, *RIGHT], [2, 1, *LEFT]], np.float32)
#: of three pictures: left and right rightly, nothing, the right class on the wrong side
SEEN = [[[0, 90, 0], [0, 0, 80]], [[90, 0, 0], [90, 0, 0]], [[90, 0, 0], [0, 0, 70]]]


def detector(make: Any, outputs: list[Tensor], batch: int = 1, **changes: Any) -> Any:
    scores = np.array(SEEN, np.int8)
    scores = np.concatenate((scores, np.zeros((-len(scores) % batch, 2, 3), np.int8)))
    parts = {"codes": np.zeros((len(scores), 2, 4), "<f4"), "scores": scores}
    records = [
        b"".join(parts[t.name][first : first + batch].tobytes() for t in outputs)
        for first in range(0, len(scores), batch)
    ]
    facts = {
        "model__application": "detection", "model__boxes": CODING, "artifact__outputs": outputs,
        "model__dataset__count": 3, "job__batch": batch, **changes,
    }  # fmt: skip
    return job_of(make, b"".join(records), len(records), TRUTH, **facts)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("outputs", [[CODES, SCORES], [SCORES, CODES]], ids=["as is", "swapped"])
def test_a_detector_is_told_by_its_boxes(
    tmp_path: Path, make: Any, outputs: list[Tensor], batch: int
) -> None:
    figures = told(tmp_path, detector(make, outputs, batch)).figures
    assert list(figures) == list(NAMES["detection"])
    # class 0: found. class 1: one of two found, the wrong one has less score
    assert value(figures["map_voc_ratio"]) == pytest.approx((1 + 0.5) / 2)
    assert value(figures["map_voc07_ratio"]) == pytest.approx((1 + 6 / 11) / 2)
    assert value(figures["map_coco_ratio"]) == pytest.approx((1 + 51 / 101) / 2)
    assert value(figures["miou_ratio"]) == 1.0


def test_outputs_that_are_no_raw_boxes_are_refused(tmp_path: Path, make: Any) -> None:
    with pytest.raises(DataError, match=r"has outputs .*, not \(batch, anchors, 4\)"):
        told(tmp_path, detector(make, [SCORES, SCORES]))


def test_a_box_that_is_to_be_ignored_is_neither_found_nor_missed(tmp_path: Path, make: Any) -> None:
    job = detector(make, [CODES, SCORES])
    marked = np.column_stack((TRUTH, [0, 0, 1])).astype(np.float32)
    job.truth = np.concatenate((marked, [[2, 1, *RIGHT, 1]])).astype(np.float32)
    figures = told(tmp_path, job).figures
    # of the third picture nothing counts: neither what was missed on the left nor found right
    assert value(figures["map_voc_ratio"]) == 1.0
    assert value(figures["map_coco_ratio"]) == pytest.approx(1.0)


def test_four_scores_are_not_taken_for_a_box(tmp_path: Path, make: Any) -> None:
    with pytest.raises(DataError, match="4 scores cannot be told from the 4 numbers of a box"):
        told(tmp_path, detector(make, [CODES, CODES]))


# Super-resolution: two pictures of 12 × 16

PICTURES = np.random.RandomState(1).randint(0, 256, (2, 12, 16, 1)).astype(np.uint8)
OFF = np.where(PICTURES < 128, PICTURES + 2, PICTURES - 2).astype(np.float32)


def upscaler(make: Any, made: Any, layout: str = "NHWC", truth: Any = PICTURES) -> Any:
    stored = (made - 10.0) / 4.0
    stored = stored if layout == "NHWC" else stored.transpose(0, 3, 1, 2)
    outputs = [Tensor(name="y", dtype="float32", shape=list(stored.shape[1:]))]
    outputs = [msgspec.structs.replace(t, shape=[-1, *t.shape]) for t in outputs]
    job = job_of(make, np.ascontiguousarray(stored, "<f4").tobytes(), len(made), truth,
                 model__application="super_resolution", artifact__outputs=outputs,
                 artifact__layout=layout)  # fmt: skip
    variant = job.context.model.variants[0]
    taken = msgspec.structs.replace(variant.input, mean=[10.0], scale=[4.0])
    variants = [msgspec.structs.replace(variant, input=taken)]
    job.context = make.changed(job.context, "model.variants", variants)
    return job


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_a_picture_is_told_by_its_distance_from_the_true_one(
    tmp_path: Path, make: Any, layout: str
) -> None:
    figures = told(tmp_path, upscaler(make, OFF, layout)).figures
    psnr = figures["psnr_y_db"]
    assert value(psnr) == pytest.approx(20 * math.log10(255 / 2))
    assert not isinstance(psnr, str)
    assert (psnr.n, psnr.method) == (2, "t")
    assert 0.99 < value(figures["ssim_ratio"]) < 1.0


def test_pixels_are_those_of_a_screen_rounded_and_within_its_range(
    tmp_path: Path, make: Any
) -> None:
    white = np.full((2, 12, 16, 1), 255, np.uint8)
    made = np.full((2, 12, 16, 1), 300.0)
    made[:, 0, 0] = 252.4  # becomes 252
    figures = told(tmp_path, upscaler(make, made, truth=white)).figures
    assert value(figures["psnr_y_db"]) == pytest.approx(10 * math.log10(255**2 * 192 / 9))


def test_a_border_is_left_out_of_both_measures(tmp_path: Path, make: Any) -> None:
    made = OFF.copy()
    made[:, 0], made[:, :, -1] = 0, 0  # far off, but in the border
    job = upscaler(make, made)
    job.context = make.changed(job.context, "model.border_px", 1)
    assert value(told(tmp_path / "cut", job).figures["psnr_y_db"]) == pytest.approx(
        20 * math.log10(255 / 2)
    )
    assert told(tmp_path / "cut2", job).figures["ssim_ratio"] == (
        "pictures below 11 × 11 pixels are too small for SSIM"  # 10 × 14 are left
    )
    whole = told(tmp_path / "whole", upscaler(make, made)).figures
    assert value(whole["psnr_y_db"]) < 30


def test_a_picture_that_is_the_true_one_has_no_bound(tmp_path: Path, make: Any) -> None:
    made = OFF.copy()
    made[0] = PICTURES[0]
    figures = told(tmp_path, upscaler(make, made)).figures
    assert figures["psnr_y_db"] == ("1 of 2 pictures are the true ones, so their PSNR has no bound")
    assert value(figures["ssim_ratio"]) > 0.99


def test_pixels_that_are_no_numbers_are_no_picture(tmp_path: Path, make: Any) -> None:
    made = OFF.copy()
    made[1, 3, 3] = np.nan
    figures = told(tmp_path, upscaler(make, made)).figures
    assert set(figures.values()) == {"1 of 2 pictures hold pixels that are no numbers"}


def test_a_picture_too_small_for_ssim_has_a_psnr_still(tmp_path: Path, make: Any) -> None:
    figures = told(tmp_path, upscaler(make, OFF[:, :10], truth=PICTURES[:, :10])).figures
    assert value(figures["psnr_y_db"]) == pytest.approx(20 * math.log10(255 / 2))
    assert figures["ssim_ratio"] == "pictures below 11 × 11 pixels are too small for SSIM"


def test_pictures_of_another_size_are_refused(tmp_path: Path, make: Any) -> None:
    with pytest.raises(DataError, match=r"holds pictures of \(12, 16, 1\), but the true ones are"):
        told(tmp_path, upscaler(make, OFF, truth=PICTURES[:, :, :8]))
