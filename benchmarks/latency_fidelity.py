"""Reported latency against a bare loop over the same engine, model and input. Goal: 0.99–1.01.

For `ibd_bench` (what runs on a phone) and for the worker on a host, and for each file of a model.
The bare loop (`bare_loop.c`, `bare_loop.py`) is a process of its own that does nothing but call
LiteRT the same way. Each round starts both anew on one core, with as many inferences each, and lets
them run in turn for a tenth of a second; its ratio is the median over these turns. That they
compute the same is checked by the hash of their outputs.
"""

import argparse
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ai_edge_litert
import numpy as np
from paired import conditions, ratio, verdict
from turns import Times, paired_stretches, take_turns

from ibd_mobile.catalog import library
from ibd_mobile.core.model import Artifact, Model
from ibd_mobile.core.payload import payload
from ibd_mobile.workers.seeded import TensorInfo, seeded_bytes

_SEED = 1
_STRETCH_S = 0.1
_SETTLE_S = 0.01  #: after each turn, for caches
_LIBRARY = Path(ai_edge_litert.__file__).parent / "libLiteRt.so"
_BARE = Path(__file__).with_name("bare_loop.py")
_COMPILERS = (["cc"], ["clang"], [sys.executable, "-m", "ziglang", "cc"])


@dataclass(frozen=True, slots=True)
class Told:
    """What one process tells of its inferences."""

    times: Times
    output_sha256: str


def input_bytes(artifact: Artifact) -> bytes:
    """Make the input that our programs make of the seed."""
    tensor = artifact.inputs[0]
    shape = [1, *tensor.shape[1:]]
    size = int(np.prod(shape)) * np.dtype(tensor.dtype).itemsize
    return seeded_bytes([TensorInfo(tensor.name, tensor.dtype, shape, size)], _SEED)


def told_by_us(folder: Path) -> Told:
    """Read the journal and the outputs of a measured program."""
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    timed = [e for e in events if e["event"] == "inferences" and e["phase"] == "latency"]
    start_ns, end_ns = (
        np.concatenate([np.asarray(e[key], np.int64) for e in timed])
        for key in ("start_ns", "end_ns")
    )
    output_sha256 = hashlib.sha256((folder / "outputs.bin").read_bytes()).hexdigest()
    return Told(Times(start_ns, end_ns), output_sha256)


def told_by_bare_loop(path: Path) -> Told:
    """Read what a bare loop wrote; an inference begins where the one before it ended."""
    stamps_ns = np.loadtxt(path, np.int64)
    output = path.with_name(f"{path.name}.output").read_bytes()
    return Told(Times(stamps_ns[:-1], stamps_ns[1:]), hashlib.sha256(output).hexdigest())


def compare(words: list[str], bare_words: list[str], cpu: int) -> list[tuple[float, float]]:
    """Run both once, in turn on one core, and return (ours, theirs) by median and by mean, ns."""
    pinned = ["taskset", "--cpu-list", str(cpu)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        words = [*pinned, *words, "--journal", str(folder / "journal.jsonl"), "--outputs", scratch]
        bare_words = [*pinned, *bare_words, str(folder / "bare")]
        with (
            subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ours,
            subprocess.Popen(
                bare_words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as theirs,
        ):
            stretches = take_turns(ours, theirs, _STRETCH_S)
        if ours.returncode or theirs.returncode:
            raise SystemExit(f"ended with {ours.returncode} and {theirs.returncode}: {words}")
        us, them = told_by_us(folder), told_by_bare_loop(folder / "bare")
    if us.output_sha256 != them.output_sha256:
        raise SystemExit(f"the outputs differ: {words}")
    found = []
    for average in (np.median, np.mean):
        pairs = paired_stretches(stretches, us.times, them.times, _SETTLE_S, average)
        middle = ratio(pairs).median
        theirs_ns = statistics.median(b for _, b in pairs)
        found.append((middle * theirs_ns, theirs_ns))
    return found


def compile_loop(folder: Path) -> str:
    """Compile the bare loop with whatever compiler is here, and return its path."""
    made = folder / "bare_loop"
    for compiler in _COMPILERS:
        words = [*compiler, "-std=gnu11", "-O2", "-w", str(_BARE.with_suffix(".c")), "-ldl"]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([*words, "-o", str(made)], check=True, capture_output=True)
            return str(made)
    raise SystemExit("no C compiler here: apt install clang, or pip install ziglang")


def programs(path: Path, artifact: Artifact, runs: int) -> dict[str, list[str]]:
    """Name the measured programs, with the words that start each as a session does."""
    words = [
        "--model", str(path), "--model-sha256", artifact.sha256, "--nonce", "0",
        "--warmup", "1", "--runs", str(runs), "--seed", str(_SEED),
    ]  # fmt: skip
    native = [str(payload("linux-x86_64", "ibd_bench")), "--engine", "litert"]
    worker = [sys.executable, "-P", "-m", "ibd_mobile.workers.litert"]
    return {
        "ibd_bench": [*native, "--library", str(_LIBRARY), *words],
        "host worker": [*worker, *words],
    }


def measure(model: Model, artifact: Artifact, rounds: int, runs: int) -> None:
    """Compare all programs on one file of a model."""
    path = library.model_folder(model) / artifact.file
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "input.bin"
        data.write_bytes(input_bytes(artifact))
        loops = {
            "ibd_bench": [compile_loop(Path(scratch)), str(_LIBRARY)],
            "host worker": [sys.executable, str(_BARE)],
        }
        for program, words in programs(path, artifact, runs).items():
            bare_words = [*loops[program], str(path), str(data), str(runs + 1)]
            medians, means = zip(
                *(compare(words, bare_words, cores[i % len(cores)]) for i in range(rounds)),
                strict=True,
            )
            name = f"{program}, {artifact.precision}"
            bare_us = statistics.median(b for _, b in medians) / 1e3
            print(f"{name}: bare loop {bare_us:.1f} µs (median), same outputs")
            verdict(f"{name}, reported / bare, medians", ratio(medians), 0.99, 1.01)
            verdict(f"{name}, reported / bare, means", ratio(means), 0.99, 1.01)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="pairs of processes")
    parser.add_argument("--runs", type=int, default=15000, help="timed inferences per process")
    args = parser.parse_args()
    conditions()
    model = library.models()["shapes_classifier"]
    for artifact in model.variants[0].artifacts:
        if artifact.format != "tflite" or artifact.precision == "float16":
            continue  # float16 is float32 in memory
        measure(model, artifact, args.rounds, args.runs)
    conditions()


if __name__ == "__main__":
    main()
