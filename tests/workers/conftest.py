"""Host workers and native `ibd_bench`, started alike, so that what they leave can be compared."""

import hashlib
import importlib.util
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.payload import models_folder, payload
from ibd_mobile.core.registry import member
from ibd_mobile.frameworks._worker import LAUNCH, Worker
from ibd_mobile.results.journal import Journal, read_journal
from tests.payloads.tflite_file import write_dense

#: runs in a worker's process only, under the name of a library
collect_ignore = ["stand_in"]

NONCE = "nonce-3"
TINY_ADD = Path(__file__).parents[1] / "data" / "tiny_add.tflite"
SHAPES = {
    p: models_folder() / "mini" / f"shapes_classifier_tensorflow_{p}.tflite"
    for p in ("float32", "int8")
}
COUNTING = Path(__file__).parent / "counting_worker.py"


@dataclass(frozen=True)
class Ended:
    """What a measured program left."""

    status: int
    stderr: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def journal(self) -> Journal:
        """As the product reads it: chain, order and times are checked."""
        return read_journal(self.file, NONCE)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_bytes().splitlines()]

    @property
    def outputs(self) -> bytes:
        return (self.folder / "outputs.bin").read_bytes()

    @property
    def error(self) -> tuple[str, str]:
        """Name and message of the error in the journal."""
        found = self.journal.error
        assert found is not None
        return found.name, found.message


Start = Callable[..., Ended]


def starter(tmp_path: Path, name: str, program: list[str]) -> Start:
    """Make a function that starts a program with usual options, some of them replaced."""
    number = 0

    def start(*words: str, model: Path = TINY_ADD, **options: str | Path) -> Ended:
        nonlocal number
        number += 1
        folder = tmp_path / f"{name}-{number}"
        folder.mkdir()
        content = model.read_bytes() if model.is_file() else b""
        usual: dict[str, str | Path] = {
            "model": model,
            "model-sha256": hashlib.sha256(content).hexdigest(),
            "journal": folder / "journal.jsonl",
            "nonce": NONCE,
            "outputs": folder,
        }
        usual |= {key.replace("_", "-"): value for key, value in options.items()}
        told = [word for key, value in usual.items() for word in (f"--{key}", str(value))]
        done = subprocess.run(
            [*program, *told, *words], capture_output=True, text=True, check=False, timeout=280
        )
        return Ended(done.returncode, done.stderr, folder)

    return start


@pytest.fixture
def worker(tmp_path: Path) -> Start:
    """The worker of LiteRT."""
    return starter(tmp_path, "worker", [sys.executable, "-P", "-m", "ibd_mobile.workers.litert"])


@pytest.fixture
def counting(tmp_path: Path) -> Start:
    """A worker whose engine counts; its model is a JSON file that says what goes wrong."""
    return starter(tmp_path, "counting", [sys.executable, str(COUNTING)])


@pytest.fixture
def native(tmp_path: Path) -> Start:
    """The native program with the library of the same wheel."""
    program = payload(f"linux-{platform.machine()}", "ibd_bench")
    spec = importlib.util.find_spec("ai_edge_litert")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).parent / "libLiteRt.so"
    words = [str(program), "--engine", "litert", "--library", str(library)]
    return starter(tmp_path, "native", words)


@pytest.fixture
def launched(tmp_path: Path) -> Callable[..., Start]:
    """Make starters of workers, each in the Python that has its library, as the product does."""

    def launch(framework: str) -> Start:
        worker: Worker = member("ibd_mobile.frameworks", framework).WORKER
        found = worker.find()
        if isinstance(found, str):
            pytest.skip(f"{framework}: {found}")
        options = [word for o in worker.options for word in ("--option", o)]
        program = [found[0], "-P", str(LAUNCH), worker.module, *options]
        return starter(tmp_path, framework, program)

    return launch


@pytest.fixture
def fixed_batch(tmp_path: Path) -> Path:
    """A model whose leading dimension is 2 and stays it."""
    return write_dense(tmp_path / "fixed.tflite", width=8, layers=1, batch=2)


@pytest.fixture
def wish(tmp_path: Path) -> Path:
    """A model that wishes for nothing special."""
    return write_wish(tmp_path)


def write_wish(folder: Path, **wishes: Any) -> Path:
    path = folder / "wish.json"
    path.write_text(json.dumps(wishes))
    return path
