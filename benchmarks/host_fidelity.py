"""Latency that our workers report over what other tools say of the same network, in turn.

LiteRT's own benchmark tool (goal 0.98–1.02), ONNX Runtime's profiler, torch.utils.benchmark, and
MLPerf LoadGen, SingleStream and Offline, driving the very engine that our worker measures (goal: at
least 0.98 of its throughput, so at most 1/0.98 of its time). Each round starts both sides anew, on
one core, one after the other; compared are the medians and the least times of an inference.

Which Python has a framework is found as in a run; LoadGen is looked for in that of `onnxruntime`
or in the one named by IBD_PYTHON_LOADGEN.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paired import conditions, interleave, ratio, verdict

from ibd_mobile.core.registry import member
from ibd_mobile.frameworks._worker import LAUNCH

Figures = tuple[float, float]  #: median and least, s

_HERE = Path(__file__).parent
_PACKAGE = LAUNCH.parents[2]


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our frameworks and what it is compared with."""

    framework: str
    timer: str
    file: str
    low: float
    high: float


PAIRS = (
    Pair("litert", "litert_benchmark", "network.tflite", 0.98, 1.02),
    Pair("onnxruntime", "onnxruntime_profile", "network.onnx", 0.98, 1.02),
    Pair("pytorch", "torch_timer", "network.pt2", 0.98, 1.02),
    Pair("onnxruntime", "loadgen_single_stream", "network.onnx", 0.0, 1 / 0.98),
    Pair("onnxruntime", "loadgen_offline", "network.onnx", 0.0, 1 / 0.98),
)


def python_of(framework: str) -> str:
    """Return the Python that has a framework.

    Raises:
        SystemExit: none has.
    """
    found = member("ibd_mobile.frameworks", framework).WORKER.find()
    if isinstance(found, str):
        raise SystemExit(f"{framework}: {found}")
    return str(found[0])


def ours(pair: Pair, model: Path, runs: int, cpu: int) -> Callable[[], Figures]:
    """Make a measurement by our worker, as a session starts it."""
    worker = member("ibd_mobile.frameworks", pair.framework).WORKER
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()

    def measure() -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder) / "journal.jsonl"
            words = [
                python_of(pair.framework), "-P", str(LAUNCH), worker.module,
                "--model", str(model), "--model-sha256", sha256, "--journal", str(journal),
                "--nonce", "0", "--warmup", "5", "--runs", str(runs), "--cpus", str(cpu),
            ]  # fmt: skip
            subprocess.run(words, check=True, capture_output=True)
            events = [json.loads(line) for line in journal.read_text().splitlines()]
        times_ns = [
            end - start
            for e in events
            if e["event"] == "inferences" and e["phase"] == "latency"
            for start, end in zip(e["start_ns"], e["end_ns"], strict=True)
        ]
        if pair.timer == "loadgen_offline":  # it tells the mean of all
            mean_s = statistics.fmean(times_ns) * 1e-9
            return mean_s, mean_s
        return statistics.median(times_ns) * 1e-9, min(times_ns) * 1e-9

    return measure


def theirs(pair: Pair, model: Path, runs: int, cpu: int) -> Callable[[], Figures]:
    """Make a measurement by the other tool, on the same core."""
    python = python_of(pair.framework)
    if pair.timer.startswith("loadgen"):
        python = os.environ.get("IBD_PYTHON_LOADGEN", python)
    words = ["taskset", "--cpu-list", str(cpu), python, str(_HERE / "other_timers.py")]
    environment = {**os.environ, "PYTHONPATH": str(_PACKAGE)}

    def measure() -> Figures:
        done = subprocess.run(
            [*words, pair.timer, str(model), str(runs)],
            capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        median_s, least_s = json.loads(done.stdout.splitlines()[-1])
        return median_s, least_s

    return measure


def make_networks(folder: Path) -> None:
    """Write one network in every form that a worker here reads."""
    words = [python_of("pytorch"), str(_HERE / "make_networks.py"), str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    sys.path.insert(0, str(_HERE.parent))
    from tests.payloads.tflite_file import write_dense

    write_dense(folder / "network.tflite", width=1536, layers=4)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="pairs of processes")
    parser.add_argument("--runs", type=int, default=300, help="timed inferences per process")
    parser.add_argument("--only", default="", help="the name of one timer")
    args = parser.parse_args()
    conditions()
    cpu = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        make_networks(Path(scratch))
        for pair in PAIRS:
            if args.only not in pair.timer:
                continue
            model = Path(scratch) / pair.file
            sides = (side(pair, model, args.runs, cpu) for side in (ours, theirs))
            pairs = interleave(*sides, args.rounds)
            their_ms = min(least_s for _, (_, least_s) in pairs) * 1e3
            print(f"{pair.framework} and {pair.timer}: theirs {their_ms:.3f} ms at least")
            for k, name in enumerate(("median", "least")):
                found = ratio([(a[k], b[k]) for a, b in pairs])
                verdict(f"{pair.framework} / {pair.timer}, {name}", found, pair.low, pair.high)
    conditions()


if __name__ == "__main__":
    main()
