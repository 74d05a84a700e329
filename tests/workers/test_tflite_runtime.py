"""The worker of tflite-runtime against that of LiteRT: one is the other's ancestor."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.workers.failure import Status

from .conftest import SHAPES, TINY_ADD, Start


@pytest.fixture
def ancestor(launched: Callable[..., Start]) -> Start:
    return launched("tflite_runtime")


def distance(ours: bytes, theirs: bytes) -> int:
    """The most by which 8-bit outputs differ; both versions of XNNPACK may round their way."""
    both = [np.frombuffer(content, np.int8).astype(int) for content in (ours, theirs)]
    return int(np.abs(both[0] - both[1]).max())


@pytest.mark.parametrize("batch", [1, 3])
def test_integers_come_out_as_from_litert(ancestor: Start, worker: Start, batch: int) -> None:
    words = ("--seed", "9", "--batch", str(batch))
    ours, theirs = (start(*words, model=SHAPES["int8"]) for start in (ancestor, worker))
    assert (ours.status, theirs.status) == (0, 0), ours.stderr
    assert distance(ours.outputs, theirs.outputs) <= 1
    assert ours.journal.begin.engine == "tflite_runtime"
    assert ours.journal.ready is not None
    assert ours.journal.ready.inputs[0].shape == [batch, 64, 64, 3]


def test_two_inputs_are_told_apart(ancestor: Start, worker: Start) -> None:
    ours, theirs = ancestor("--seed", "42"), worker("--seed", "42")
    assert ours.status == 0, ours.stderr
    assert ours.outputs == theirs.outputs


def test_a_data_set_is_inferred_record_by_record(
    ancestor: Start, worker: Start, tmp_path: Path
) -> None:
    records = bytes(k % 251 for k in range(4 * 64 * 64 * 3))
    (tmp_path / "set").write_bytes(records)
    ours, theirs = (
        start("--count", "4", model=SHAPES["int8"], dataset=tmp_path / "set")
        for start in (ancestor, worker)
    )
    assert distance(ours.outputs, theirs.outputs) <= 1
    assert len(ours.outputs) == 40
    assert len({ours.outputs[k : k + 10] for k in range(0, 40, 10)}) > 1


def test_a_fixed_batch_is_not_bent(ancestor: Start, fixed_batch: Path) -> None:
    assert ancestor("--batch", "2", model=fixed_batch).status == 0
    ended = ancestor("--batch", "3", model=fixed_batch)
    assert ended.status == Status.MODEL_REFUSED
    assert "fixed leading dimension of 2; a batch of 3 was asked for" in ended.error[1]


def test_what_it_cannot_do_is_named_and_not_replaced(ancestor: Start, tmp_path: Path) -> None:
    ended = ancestor("--accelerator", "gpu", model=TINY_ADD)
    assert ended.error[0] == "ACCELERATOR_UNAVAILABLE"
    (tmp_path / "not.tflite").write_bytes(b"not really a model")
    ended = ancestor(model=tmp_path / "not.tflite")
    assert ended.error[0] == "MODEL_REFUSED"
