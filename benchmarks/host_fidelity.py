"""Latency that our workers report over what other tools say of the same network, in turn.

LiteRT's own benchmark tool (goal 0.98–1.02), ONNX Runtime's profiler, torch.utils.benchmark, and
MLPerf LoadGen, SingleStream and Offline, driving the very engine that our worker measures (goal: at
least 0.98 of its throughput, so at most 1/0.98 of its time). The network is MobileNet v1 with
random weights, made by the product: what a tool adds to each inference is small beside it. Each
round starts both sides anew, on one core, in an order that turns round each time; compared are the
medians and the least times of an inference within each round.

Which Python has a framework is found as in a run. LoadGen gets one of its own, with the very
version of ONNX Runtime, unless IBD_PYTHON_LOADGEN names one.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paired import conditions, interleave, ratio, verdict

from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.core.environment import Needs, make
from ibd_mobile.core.model import ArtifactFormat
from ibd_mobile.core.registry import member
from ibd_mobile.frameworks._worker import LAUNCH, environment

Figures = tuple[float, float]  #: median and least, s

_HERE = Path(__file__).parent
_PACKAGE = LAUNCH.parents[2]


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our frameworks and what it is compared with."""

    framework: str
    timer: str
    format: ArtifactFormat
    low: float
    high: float


PAIRS = (
    Pair("litert", "litert_benchmark", "tflite", 0.98, 1.02),
    Pair("onnxruntime", "onnxruntime_profile", "onnx", 0.98, 1.02),
    Pair("pytorch", "torch_timer", "pt2", 0.98, 1.02),
    Pair("onnxruntime", "loadgen_single_stream", "onnx", 0.0, 1 / 0.98),
    Pair("onnxruntime", "loadgen_offline", "onnx", 0.0, 1 / 0.98),
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
    python = loadgen() if pair.timer.startswith("loadgen") else python_of(pair.framework)
    words = ["taskset", "--cpu-list", str(cpu), python, str(_HERE / "other_timers.py")]
    variables = {**os.environ, "PYTHONPATH": str(_PACKAGE)}

    def measure() -> Figures:
        done = subprocess.run(
            [*words, pair.timer, str(model), str(runs)],
            capture_output=True, text=True, check=True, env=variables,
        )  # fmt: skip
        median_s, least_s = json.loads(done.stdout.splitlines()[-1])
        return median_s, least_s

    return measure


def loadgen() -> str:
    """Return a Python with LoadGen and the ONNX Runtime that our worker has; made where missing."""
    if named := os.environ.get("IBD_PYTHON_LOADGEN"):
        return named
    folder = environment("loadgen")
    python = folder / "bin" / "python"
    if not python.is_file():
        _, version = member("ibd_mobile.frameworks", "onnxruntime").WORKER.find()
        pinned = version.replace(" ", "==")
        make(folder, Needs(">=3.11", ("mlcommons-loadgen", pinned, "numpy")))
    return str(python)


def network(format: ArtifactFormat) -> Path:
    """Return MobileNet v1 in a form that a worker reads; made at the first time."""
    model = Stock.read().models["mobilenet_v1"]
    variant = model.variant("pytorch")
    assert variant is not None  # noqa: S101 - the catalog's own
    batch = 1 if format == "tflite" else -1
    wish = Wish(format=format, batch=batch, is_untrained=True)
    return Maker(say=print).make(model, variant, wish)[-1].files["model"]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="pairs of processes")
    parser.add_argument("--runs", type=int, default=100, help="timed inferences per process")
    parser.add_argument("--only", default="", help="the name of one timer")
    args = parser.parse_args()
    conditions()
    cpu = max(os.sched_getaffinity(0))
    for pair in PAIRS:
        if args.only not in pair.timer:
            continue
        model = network(pair.format)
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
