"""The litert engine against the Python interpreter of the same wheel."""

import importlib.util
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from .conftest import Bench, Journal, sha256
from .test_input import splitmix64
from .tflite_file import write_add, write_dense

TINY_ADD = Path(__file__).parents[1] / "data" / "tiny_add.tflite"

Infer = Callable[..., Journal]


@pytest.fixture(scope="session")
def library() -> Path:
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "libLiteRt.so"


@pytest.fixture
def infer(bench: Bench, library: Path) -> Infer:
    def run(*words: str, **named: str | Path) -> Journal:
        return bench(*words, **{"engine": "litert", "library": library, **named})

    return run


def seeded(seed: int, *shapes: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """Inputs as include/ibd/splitmix64.h makes them."""
    draws = splitmix64(seed, sum(int(np.prod(shape)) for shape in shapes))
    flat = np.array([x >> 40 for x in draws], np.float64) * 2.0**-24
    found = []
    for shape in shapes:
        count = int(np.prod(shape))
        found.append(flat[:count].astype(np.float32).reshape(shape))
        flat = flat[count:]
    return found


def interpret(model: Path, inputs: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    interpreter = Interpreter(str(model), num_threads=1)
    details = interpreter.get_input_details()
    for detail, values in zip(details, inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], list(values.shape))
    interpreter.allocate_tensors()
    for detail, values in zip(details, inputs, strict=True):
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    answer: NDArray[np.float32] = interpreter.get_tensor(
        interpreter.get_output_details()[0]["index"]
    )
    return answer


def test_the_committed_model_is_what_its_script_makes(tmp_path: Path) -> None:
    assert write_add(tmp_path / "tiny_add.tflite").read_bytes() == TINY_ADD.read_bytes()


@pytest.mark.parametrize("batch", [1, 3])
def test_two_inputs_are_added_exactly(infer: Infer, batch: int) -> None:
    journal = infer("--seed", "42", "--batch", str(batch), model=TINY_ADD)
    assert journal.exit_status == 0, journal.stderr
    left, right = seeded(42, (batch, 4), (batch, 4))
    answer = np.frombuffer(journal.outputs, np.float32).reshape(batch, 4)
    np.testing.assert_array_equal(answer, left + right)
    ready = journal.of("ready")[0]
    assert [(t["name"], t["dtype"], t["shape"], t["bytes"]) for t in ready["inputs"]] == [
        ("left", "float32", [batch, 4], 16 * batch),
        ("right", "float32", [batch, 4], 16 * batch),
    ]
    assert [(t["name"], t["shape"]) for t in ready["outputs"]] == [("sum", [batch, 4])]
    assert ready["accelerator"] == "cpu"
    assert ready["fully_accelerated"] is True
    assert ready["init_end_ns"] > ready["init_start_ns"]


@pytest.mark.parametrize(("batch", "threads"), [(1, 1), (5, 1), (5, 2)])
def test_a_network_answers_as_the_interpreter_does(
    infer: Infer, tmp_path: Path, batch: int, threads: int
) -> None:
    model = write_dense(tmp_path / "dense.tflite", width=96, layers=3)
    journal = infer("--seed", "3", "--batch", str(batch), "--threads", str(threads), model=model)
    assert journal.exit_status == 0, journal.stderr
    answer = np.frombuffer(journal.outputs, np.float32).reshape(batch, 96)
    expected = interpret(model, seeded(3, (batch, 96)))
    difference = float(np.max(np.abs(answer - expected)))
    print(f"largest difference from the interpreter: {difference:.3g}")
    assert difference <= 1e-5
    assert float(np.max(np.abs(expected))) > 0.1


def test_a_dataset_answers_as_the_interpreter_does(infer: Infer, tmp_path: Path) -> None:
    model = write_dense(tmp_path / "dense.tflite", width=32, layers=2)
    records = np.random.default_rng(1).standard_normal((6, 32)).astype(np.float32)
    (tmp_path / "dataset.bin").write_bytes(records.tobytes())
    journal = infer("--count", "6", model=model, dataset=tmp_path / "dataset.bin")
    answers = np.frombuffer(journal.outputs, np.float32).reshape(6, 32)
    expected = np.concatenate([interpret(model, [record[None]]) for record in records])
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-5)
    assert len({answer.tobytes() for answer in answers}) == 6


def test_the_thread_count_takes_effect(programs: Path, library: Path, tmp_path: Path) -> None:
    model = write_dense(tmp_path / "wide.tflite", width=512, layers=2)
    most = {}
    for threads in (1, 2, 4):
        journal = tmp_path / f"journal-{threads}"
        words = [programs / "ibd_bench", "--engine", "litert", "--library", library]
        words += ["--model", model, "--model-sha256", sha256(model), "--journal", journal]
        words += ["--nonce", "n", "--threads", str(threads), "--power-s", "1", "--batch", "64"]
        with subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL) as process:
            seen = 0
            tasks = Path(f"/proc/{process.pid}/task")
            while process.poll() is None:
                seen = max(seen, len(list(tasks.iterdir())) if tasks.is_dir() else 0)
                time.sleep(0.01)
        assert process.returncode == 0
        most[threads] = seen
    assert most == {1: 1, 2: 2, 4: 4}


def test_a_fixed_batch_is_not_bent(infer: Infer, tmp_path: Path) -> None:
    model = write_dense(tmp_path / "fixed.tflite", width=8, layers=1, batch=2)
    assert infer("--batch", "2", model=model).exit_status == 0
    journal = infer("--batch", "3", model=model)
    assert journal.exit_status == 70
    assert journal.of("error")[0]["message"] == (
        'input "x" has a fixed leading dimension of 2; a batch of 3 was asked for'
    )


def test_a_file_that_is_no_model_is_refused(infer: Infer, model: Path) -> None:
    journal = infer()
    assert journal.exit_status == 70
    assert journal.of("error")[0]["name"] == "MODEL_REFUSED"
    assert "LiteRT: model: status" in journal.of("error")[0]["message"]


def test_a_changed_model_is_never_loaded(infer: Infer, tmp_path: Path) -> None:
    model = tmp_path / "changed.tflite"
    model.write_bytes(TINY_ADD.read_bytes() + b"\0")
    journal = infer(model=model, model_sha256=sha256(TINY_ADD))
    assert journal.exit_status == 66
    assert journal.of("begin")[0]["model_sha256"] == sha256(model)


def test_a_missing_library_is_named(infer: Infer, tmp_path: Path) -> None:
    journal = infer(model=TINY_ADD, library=tmp_path / "libLiteRt.so")
    assert journal.exit_status == 68
    assert "libLiteRt.so cannot be loaded" in journal.of("error")[0]["message"]


def test_another_library_is_named_with_the_versions_that_are_accepted(infer: Infer) -> None:
    journal = infer(model=TINY_ADD, library="libc.so.6")
    assert journal.exit_status == 68
    message = journal.of("error")[0]["message"]
    assert "libc.so.6 has no LiteRtCreateEnvironment" in message
    assert "accepted are the libraries of ai-edge-litert 2.1.6, 2.2.0, 2.3.0" in message


def test_the_version_names_the_very_library(infer: Infer, library: Path) -> None:
    begin = infer(model=TINY_ADD).of("begin")[0]
    assert begin["engine"] == "litert"
    assert begin["engine_version"].endswith(f"sha256 {sha256(library)[:16]}")


def test_the_engine_has_no_options(infer: Infer) -> None:
    journal = infer("--option", "speed=1", model=TINY_ADD)
    assert journal.exit_status == 64
    assert 'no option "speed"' in journal.of("error")[0]["message"]
