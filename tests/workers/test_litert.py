"""The LiteRT worker against native `ibd_bench` with the library of the same wheel."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.results.journal import Journal
from ibd_mobile.workers.failure import Status
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

from .conftest import SHAPES, TINY_ADD, Ended, Start

LOST = ("waited_ns", "stolen_ns")


def shape_of(ended: Ended) -> list[tuple[str, list[str]]]:
    """The events of a journal with the names of their fields; a long phase counts as one line.

    What its threads lost to others is told by a worker alone.
    """
    found: list[tuple[str, list[str]]] = []
    for row in ended.rows:
        entry = (row["event"], [name for name in row if name not in LOST])
        if entry[0] != "inferences" or found[-1] != entry:
            found.append(entry)
    return found


def described(journal: Journal) -> list[object]:
    assert journal.ready is not None
    ready = journal.ready
    return [ready.inputs, ready.outputs, ready.accelerator, ready.fully_accelerated]


@pytest.mark.parametrize(
    ("model", "batch"),
    [(SHAPES["float32"], 1), (SHAPES["int8"], 1), (SHAPES["int8"], 3), (TINY_ADD, 4)],
    ids=["float32", "int8", "int8-batch-3", "two-inputs"],
)
def test_worker_and_native_program_leave_the_same(
    worker: Start, native: Start, model: Path, batch: int
) -> None:
    words = ("--seed", "9", "--batch", str(batch), "--power-s", "0.02", "--threads", "1")
    ours, theirs = worker(*words, model=model), native(*words, model=model)
    assert (ours.status, theirs.status) == (0, 0), ours.stderr
    assert ours.outputs == theirs.outputs
    assert shape_of(ours) == shape_of(theirs)
    assert described(ours.journal) == described(theirs.journal)
    assert ours.journal.outputs[0].sha256 == theirs.journal.outputs[0].sha256


def test_a_data_set_gives_the_same_outputs(worker: Start, native: Start, tmp_path: Path) -> None:
    records = np.random.default_rng(3).integers(-128, 128, (5, 64 * 64 * 3), np.int8)
    (tmp_path / "set").write_bytes(records.tobytes())
    ours, theirs = (
        start("--count", "5", model=SHAPES["int8"], dataset=tmp_path / "set")
        for start in (worker, native)
    )
    assert ours.outputs == theirs.outputs
    assert len(ours.outputs) == 50
    assert len({ours.outputs[k : k + 10] for k in range(0, 50, 10)}) > 1
    assert shape_of(ours) == shape_of(theirs)


def test_two_inputs_are_added_exactly(worker: Start) -> None:
    ended = worker("--seed", "42")
    both = seeded_bytes([TensorInfo("both", "float32", [8], 32)], 42)
    expected = np.frombuffer(both, np.float32).reshape(2, 4).sum(axis=0)
    np.testing.assert_array_equal(np.frombuffer(ended.outputs, np.float32), expected)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--accelerator", "gpu"), Status.ACCELERATOR_UNAVAILABLE),
        (("--model-sha256", "0" * 64), Status.MODEL_HASH),
        (("--model", "/nowhere"), Status.MODEL_UNREADABLE),
        (("--dataset", "/nowhere", "--count", "1"), Status.INPUT_UNREADABLE),
        (("--outputs", "/nowhere/folder"), Status.OUTPUT_FAILED),
    ],
)
def test_both_refuse_the_same_with_the_same_status(
    worker: Start, native: Start, words: tuple[str, ...], status: Status
) -> None:
    ours, theirs = worker(*words), native(*words)
    assert ours.status == theirs.status == status
    assert ours.error[0] == theirs.error[0] == status.name
    assert shape_of(ours) == shape_of(theirs)
    begun = [vars_of(ended) for ended in (ours, theirs)]
    assert begun[0] == begun[1]


def vars_of(ended: Ended) -> tuple[str, int, str]:
    begin = ended.journal.begin
    return begin.model_sha256, begin.model_bytes, begin.boot_id


def test_another_accelerator_is_never_replaced_by_the_cpu(worker: Start) -> None:
    ended = worker("--accelerator", "gpu")
    assert ended.error[1] == "LiteRT on a host runs on the cpu, not on the gpu"
    assert not ended.journal.phases


def test_a_file_that_is_no_model_is_refused(worker: Start, tmp_path: Path) -> None:
    (tmp_path / "not.tflite").write_bytes(b"not really a model")
    ended = worker(model=tmp_path / "not.tflite")
    assert ended.status == Status.MODEL_REFUSED
    assert ended.error[0] == "MODEL_REFUSED"


def test_a_fixed_batch_is_not_bent(worker: Start, native: Start, fixed_batch: Path) -> None:
    assert worker("--batch", "2", model=fixed_batch).status == 0
    ours, theirs = (start("--batch", "3", model=fixed_batch) for start in (worker, native))
    assert ours.status == theirs.status == Status.MODEL_REFUSED
    assert ours.error == theirs.error
    assert "fixed leading dimension of 2; a batch of 3" in ours.error[1]


def test_a_missing_library_is_told_as_one() -> None:
    package = Path(__file__).parents[2] / "host"
    script = (
        f"import sys; sys.path.insert(0, {str(package)!r})\n"
        "from ibd_mobile.workers import litert, loop\n"
        "try: litert.Engine(None)\n"
        "except loop.Failure as failure: print(failure.status.name, failure)"
    )
    # Without `site` there are no installed packages, as on a computer that lacks the library.
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("ENGINE_UNAVAILABLE No module named 'ai_edge_litert'"), done
