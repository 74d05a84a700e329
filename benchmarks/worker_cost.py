"""What a framework costs before and beside its inferences, as a run on this computer meets it.

For each framework that is here, in turn: from `ibd-mobile run` to the first inference, from the
start of its worker to that, of it the initialisation (library loaded, model read, memory made, for
some compiled), and the most memory that the worker held. One small trained network in each form;
the ratios are to `litert` within each round. No goal: most of it is the library's.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from paired import conditions, ratio

from ibd_mobile.core.registry import member
from ibd_mobile.core.units import BYTES_PER_MIB, NS_PER_S

FRAMEWORKS = (
    "litert", "tflite_runtime", "onnxruntime", "openvino", "pytorch", "pytorch_compiled"
)  # fmt: skip
STUDY = """\
schema = 1
id = "one"
name = "One job"
models = ["shapes_classifier"]
training_frameworks = ["pytorch"]
precisions = ["float32"]
frameworks = ["litert"]
processors = ["cpu"]
threads = [1]
batches = [1]
kinds = ["measure"]
protocol = "quick"
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run met."""

    run_s: float  #: from the command to the first inference, its warm-up
    worker_s: float  #: from the start of the worker to that
    init_s: float  #: of it
    memory_mib: float

    def __str__(self) -> str:
        return (
            f"first inference {self.run_s:.2f} s after the command, {self.worker_s:.2f} s after"
            f" the worker's start, of that {self.init_s:.2f} s initialisation;"
            f" {self.memory_mib:.0f} MiB"
        )


def cost(framework: str, study: Path) -> Cost:
    """Run one job.

    Raises:
        subprocess.CalledProcessError: it cannot be run here; `stdout` says why.
    """
    program = Path(sys.executable).with_name("ibd-mobile")
    with tempfile.TemporaryDirectory() as runs:
        words = ["run", "--device", "host_cpu", "--study", str(study), "--framework", framework]
        start_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        subprocess.run(
            [str(program), *words, "--runs", runs],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        (journal,) = Path(runs).rglob("journal.jsonl")
        events = [json.loads(line) for line in journal.read_text().splitlines()]
        sampler = json.loads(journal.with_name("sampler.json").read_text())
    ready = next(e for e in events if e["event"] == "ready")
    first_ns = next(e for e in events if e["event"] == "inferences")["start_ns"][0]
    return Cost(
        run_s=(first_ns - start_ns) / NS_PER_S,
        worker_s=(first_ns - sampler["child_start_ns"]) / NS_PER_S,
        init_s=(ready["init_end_ns"] - ready["init_start_ns"]) / NS_PER_S,
        memory_mib=sampler["rusage"]["max_rss_bytes"] / BYTES_PER_MIB,
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--framework", action="append", help="one of these, beside litert")
    args = parser.parse_args()
    wanted = ["litert", *(args.framework or FRAMEWORKS[1:])]
    conditions()
    found: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "one.toml"
        study.write_text(STUDY, encoding="utf-8")
        for framework in wanted:
            reason = member("ibd_mobile.frameworks", framework).WORKER.missing_reason("desktop")
            if reason:
                print(f"{framework}: {reason}")
                continue
            cost(framework, study)  # converts, compiles and caches what the first run of all would
            found[framework] = []
        for _ in range(args.rounds):
            for framework, costs in found.items():
                costs.append(cost(framework, study))
    for framework, costs in found.items():
        told = (
            statistics.median(getattr(c, name) for c in costs) for name in Cost.__dataclass_fields__
        )
        print(f"{framework}: {Cost(*told)} (medians of {args.rounds})")
        for name in () if framework == "litert" else ("run_s", "worker_s", "memory_mib"):
            sides = zip(costs, found["litert"], strict=True)
            pairs = [(getattr(a, name), getattr(b, name)) for a, b in sides]
            print(f"  {name} ÷ litert's: {ratio(pairs)}")
    conditions()


if __name__ == "__main__":
    main()
