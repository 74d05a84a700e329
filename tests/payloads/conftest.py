"""The compiled programs, and a reader of their files that shares no code with the product's."""

import hashlib
import json
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.payload import payload

Row = dict[str, Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


class BrokenChain(Exception):
    """A line of a journal is not what its chain says."""


def read_chain(content: bytes, nonce: str) -> list[Row]:
    """All lines of a journal, or BrokenChain with the number of the first bad one."""
    chain = hashlib.sha256(nonce.encode()).digest()
    rows: list[Row] = []
    for number, line in enumerate(content.split(b"\n")[:-1]):
        body, key, tail = line.rpartition(b',"chain":"')
        chain = hashlib.sha256(chain + body).digest()
        if not key or tail != chain.hex().encode() + b'"}':
            raise BrokenChain(number)
        rows.append(json.loads(line))
    if not content.endswith(b"\n"):
        raise BrokenChain(len(rows))
    if [row["seq"] for row in rows] != list(range(len(rows))):
        raise BrokenChain("numbers")
    return rows


@dataclass(frozen=True)
class Journal:
    """What one run of ibd_bench left."""

    exit_status: int
    stderr: str
    content: bytes
    folder: Path

    def rows(self, nonce: str = "nonce-1") -> list[Row]:
        return read_chain(self.content, nonce)

    def of(self, event: str) -> list[Row]:
        return [row for row in self.rows() if row["event"] == event]

    @property
    def outputs(self) -> bytes:
        return (self.folder / "outputs" / "outputs.bin").read_bytes()


Bench = Callable[..., Journal]


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of this computer's programs."""
    folder = payload(f"linux-{platform.machine()}", "ibd_bench").parent
    assert folder.is_dir(), f"{folder} is missing: pip install -e . compiles the payloads"
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file that the fake engine takes for a model."""
    path = tmp_path / "model.bin"
    path.write_bytes(b"not really a model")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def bench(programs: Path, model: Path, tmp_path: Path) -> Bench:
    """Runs ibd_bench; options are words, or values by name that replace the usual ones."""
    runs = 0

    def run(
        *words: str,
        prefix: Sequence[str] = (),
        program: Path = programs / "ibd_bench",
        timeout_s: float = 120,
        **named: str | Path,
    ) -> Journal:
        nonlocal runs
        runs += 1
        folder = tmp_path / f"run-{runs}"
        folder.mkdir()
        journal = folder / "journal.jsonl"
        path = Path(named.get("model", model))
        known = sha256(path) if path.is_file() else "0" * 64
        usual: dict[str, str | Path] = {
            "engine": "fake",
            "model": path,
            "model-sha256": known,
            "journal": journal,
            "nonce": "nonce-1",
            "outputs": folder / "outputs",
        }
        usual |= {name.replace("_", "-"): value for name, value in named.items()}
        options = [word for name, value in usual.items() for word in (f"--{name}", str(value))]
        done = subprocess.run(
            [*prefix, str(program), *options, *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout_s,
        )
        content = journal.read_bytes() if journal.is_file() else b""
        return Journal(done.returncode, done.stderr, content, folder)

    return run


@dataclass(frozen=True)
class Recording:
    """What one run of ibd_sampler left."""

    exit_status: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def summary(self) -> Row:
        found: Row = json.loads((self.folder / "sampler.json").read_text())
        return found

    def sealed(self, name: str) -> list[str]:
        """Lines of a file without its end line, the hashes of which are checked."""
        content = (self.folder / name).read_bytes()
        body, mark, tail = content.rpartition(b"#end ")
        assert mark
        assert tail.rstrip(b"\n").rpartition(b"sha256=")[2].decode() == (
            hashlib.sha256(body).hexdigest()
        )
        key = {"samples.tsv": "samples_sha256", "child.tsv": "child_sha256"}[name]
        assert self.summary[key] == hashlib.sha256(content).hexdigest()
        return body.decode().splitlines()

    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.sealed("samples.tsv") if not line.startswith("#")]

    def words(self) -> list[str]:
        return [line.partition("\t")[2] for line in self.sealed("child.tsv")]


Sampler = Callable[..., Recording]


@pytest.fixture
def sampler(programs: Path, tmp_path: Path) -> Sampler:
    """Runs ibd_sampler with the words given and, behind `--`, a child."""
    runs = 0

    def run(
        *words: str,
        nodes: dict[str, Path] | None = None,
        child: Sequence[str] = (),
        prefix: Sequence[str] = (),
        program: Path = programs / "ibd_sampler",
        out: Path | None = None,
    ) -> Recording:
        nonlocal runs
        runs += 1
        folder = out or tmp_path / f"recording-{runs}"
        argv = [*prefix, str(program), "--out", str(folder), "--nonce", "nonce-2"]
        if nodes is not None:
            listed = tmp_path / f"nodes-{runs}.tsv"
            listed.write_text("".join(f"{name}\t{path}\n" for name, path in nodes.items()))
            argv += ["--nodes", str(listed)]
        argv += [*words, *(["--", *child] if child else [])]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        return Recording(done.returncode, done.stdout, done.stderr, folder)

    return run
