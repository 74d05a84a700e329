"""The worker of TensorRT over a stand-in of NVIDIA's interface; on a card it has not been run."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from ibd_mobile.frameworks._worker import LAUNCH
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

from .conftest import Start, starter

STAND_IN = Path(__file__).parent / "stand_in"


@pytest.fixture
def tensorrt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    program = [sys.executable, "-P", str(LAUNCH), "tensorrt", "--accelerator", "gpu"]
    return starter(tmp_path, "tensorrt", program)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    path.write_text(json.dumps({"shape": [-1, 4]}))
    return path


def test_inputs_go_to_the_card_and_outputs_come_back(tensorrt: Start, network: Path) -> None:
    ended = tensorrt("--seed", "3", "--batch", "2", "--power-s", "0.01", model=network)
    assert ended.status == 0, ended.stderr
    drawn = np.frombuffer(seeded_bytes([TensorInfo("x", "float32", [2, 4], 32)], 3), np.float32)
    np.testing.assert_array_equal(np.frombuffer(ended.outputs, np.float32), drawn * 2)
    journal = ended.journal
    assert list(journal.phases) == ["warmup", "latency", "transfers", "power"]
    assert journal.ready is not None
    assert journal.ready.device == "NVIDIA Stand-In sm_75"
    assert len(journal.device_ns["latency"]) == 5
    assert (journal.device_ns["latency"] <= journal.phases["latency"].duration_ns).all()


def test_an_engine_is_kept_for_its_card_file_batch_and_precision(
    tensorrt: Start, network: Path, tmp_path: Path
) -> None:
    def note(*words: str) -> str:
        cache = f"cache={tmp_path / 'engines'}"
        ready = tensorrt("--option", cache, *words, model=network).journal.ready
        assert ready is not None
        return ready.note

    built, kept = "engine built in this initialisation", "engine from the cache"
    assert [note(), note()] == [built, kept]
    assert [note("--batch", "2"), note("--batch", "2")] == [built, kept]
    assert note("--option", "precision=int8") == built
    assert len(list((tmp_path / "engines").iterdir())) == 3


def test_a_computer_without_a_card_is_told_as_one(
    tensorrt: Start, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_CARD", "1")
    ended = tensorrt(model=network)
    assert ended.error == ("ACCELERATOR_UNAVAILABLE", "CUDA finds no card on this computer")
    assert tensorrt("--accelerator", "cpu", model=network).error[0] == "ACCELERATOR_UNAVAILABLE"


def test_a_card_that_is_lost_keeps_what_was_measured(
    tensorrt: Start, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSE_AFTER", "4")  # one to fill it, then there and back, and there
    ended = tensorrt("--runs", "5", model=network)
    assert ended.error[0] == "DEVICE_LOST"
    assert "CUDA failure 719" in ended.error[1]
    assert len(ended.journal.phases["latency"].start_ns) == 5
    assert len(ended.journal.phases["transfers"].start_ns) == 1


def test_a_network_that_cannot_be_read_or_batched_is_refused(
    tensorrt: Start, network: Path, tmp_path: Path
) -> None:
    (tmp_path / "not.onnx").write_bytes(b"not really a model")
    assert tensorrt(model=tmp_path / "not.onnx").error == (
        "MODEL_REFUSED",
        "TensorRT cannot read the network: no node could be read",
    )
    network.write_text(json.dumps({"shape": [2, 4]}))
    ended = tensorrt("--batch", "3", model=network)
    assert "fixed leading dimension of 2; a batch of 3 was asked for" in ended.error[1]


def test_a_missing_library_is_told_as_one(
    tensorrt: Start, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert tensorrt(model=network).error == ("ENGINE_UNAVAILABLE", "No module named 'tensorrt'")
