import pytest

from ibd_mobile.core.metric import Metric
from ibd_mobile.core.record import Record
from ibd_mobile.results.key import REPEAT
from ibd_mobile.results.ranking import accuracy_gate
from ibd_mobile.results.stats import wilson

from .compared import ACCURACY, FLOAT, cleared, finding, found, replace, side, with_precision


def right(top1: float, n: int = 1000, record: Record = ACCURACY) -> Record:
    """An accuracy record with that top-1, as Wilson has it."""
    share = wilson(round(top1 * n), n)

    def changed(metric: Metric) -> Metric:
        if metric.name != "top1_ratio":
            return replace(metric, value=None, low=None, high=None, missing="not asked")
        return replace(metric, value=share.value, low=share.low, high=share.high, n=n)

    kept = cleared(record)
    return replace(kept, metrics=[changed(metric) for metric in kept.metrics])


A = side(cleared(FLOAT), right(0.692))


def test_the_published_fast_and_wrong_answer_is_not_ranked() -> None:
    # AIIA, README of 2019-03-27: MobileNet_v2 on a Snapdragon 845, INT8 on the DSP by SNPE:
    # 104.77 frames/s at 0.30 % top-1; FP16 on its GPU: 90.6 frames/s at 69.2 %.
    b = side(cleared(with_precision(FLOAT)), right(0.003, record=with_precision(ACCURACY)))
    reason = accuracy_gate(A, b, "precision")
    assert reason.startswith("ACCURACY-LOST in B: its top1_ratio is 68.9% below that of A")
    assert accuracy_gate(b, A, "precision").startswith("ACCURACY-LOST in A")


@pytest.mark.parametrize("top1", [0.60, 0.692, 0.68, 0.655, 0.80])
def test_the_gate_opens_within_the_loss_that_the_paper_accepts(top1: float) -> None:
    b = side(cleared(with_precision(FLOAT)), right(top1, record=with_precision(ACCURACY)))
    assert bool(accuracy_gate(A, b, "precision")) == (abs(top1 - 0.692) > 0.04)


def enlarged(psnr_db: float, arm_db: float = 0.2, record: Record = ACCURACY) -> Record:
    """An accuracy record of super-resolution."""
    metric = Metric(
        name="psnr_y_db", group="accuracy", unit="dB", value=psnr_db, low=psnr_db - arm_db,
        high=psnr_db + arm_db, n=100, interval_method="t", better="higher",
    )  # fmt: skip
    return replace(cleared(record), metrics=[metric])


@pytest.mark.parametrize(("psnr_db", "is_lost"), [(24.19, False), (24.0, False), (23.8, True)])
def test_decibels_are_gated_as_decibels(psnr_db: float, is_lost: bool) -> None:
    # AIIA's VDSR: 24.92 dB on a Kirin 980, 24.19 dB on a Snapdragon 845, both published as sound
    a = side(cleared(FLOAT), enlarged(24.92))
    b = side(cleared(with_precision(FLOAT)), enlarged(psnr_db, record=with_precision(ACCURACY)))
    reason = accuracy_gate(a, b, "precision")
    assert bool(reason) == is_lost
    if is_lost:
        assert reason == (
            "ACCURACY-LOST in B: its psnr_y_db is 1.1 dB below that of A, more than 1.0 dB"
        )


def test_a_loss_is_not_gated_beside_the_accuracy_that_it_is_of() -> None:
    def lossy(record: Record, loss: float) -> Record:
        metric = Metric(
            name="top1_loss_ratio", group="accuracy", unit="ratio", value=loss, low=loss - 0.01,
            high=loss + 0.01, n=1000, better="lower",
        )  # fmt: skip
        return replace(record, metrics=[*record.metrics, metric])

    a = side(cleared(FLOAT), lossy(right(0.692), 0.0))
    b = side(
        cleared(with_precision(FLOAT)), lossy(right(0.692, record=with_precision(ACCURACY)), 0.5)
    )
    assert accuracy_gate(a, b, "precision") == ""


def test_a_loss_that_so_few_samples_do_not_show_closes_nothing() -> None:
    few = side(cleared(FLOAT), right(0.7, n=20))
    b = side(cleared(with_precision(FLOAT)), right(0.6, n=20, record=with_precision(ACCURACY)))
    assert accuracy_gate(few, b, "precision") == ""


@pytest.mark.parametrize("by", ["training_framework", "input_size", "model"])
def test_another_network_may_be_less_accurate(by: str) -> None:
    assert accuracy_gate(A, side(cleared(FLOAT), right(0.5)), by) == ""


@pytest.mark.parametrize("by", ["precision", "model", REPEAT])
def test_what_was_found_wrong_is_never_ranked(by: str) -> None:
    lost = side(cleared(FLOAT), found(right(0.692), finding("ACCURACY-LOST", "accuracy")))
    assert accuracy_gate(A, lost, by) == "ACCURACY-LOST in B: so much, should be less"


def test_without_accuracy_the_gate_says_nothing() -> None:
    assert accuracy_gate(side(cleared(FLOAT)), side(cleared(FLOAT)), REPEAT) == ""
