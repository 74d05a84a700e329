"""What a worker costs before and beside its inferences, per framework that is here.

From starting the process to its first timed inference, of that the initialisation, and the most
memory it held. One small network in each form; no goal, since most of it is the library's.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from paired import conditions

from ibd_mobile.core.payload import models_folder
from ibd_mobile.core.registry import member
from ibd_mobile.frameworks._worker import LAUNCH

_NET = Path(__file__).parents[1] / "tests" / "data" / "small_net"
MODELS = {
    "tflite": models_folder() / "mini" / "shapes_classifier_float32.tflite",
    "onnx": _NET / "small.onnx",
    "pt2": _NET / "small.pt2",
}
FRAMEWORKS = ("litert", "tflite_runtime", "onnxruntime", "openvino", "pytorch", "qnn_htp")
_NS_PER_S = 1e9
_BYTES_PER_MIB = 1 << 20


def cost(framework: str) -> tuple[float, float, float]:
    """Start a worker once; return (s to the first timed inference, s of initialisation, MiB)."""
    adapter = member("ibd_mobile.frameworks", framework)
    (format,) = adapter.formats
    model = MODELS[format]
    found = adapter.WORKER.find()
    if isinstance(found, str):
        raise LookupError(found)
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.jsonl"
        words = [
            found[0], "-P", str(LAUNCH), adapter.WORKER.module, "--model", str(model),
            "--model-sha256", hashlib.sha256(model.read_bytes()).hexdigest(),
            "--journal", str(journal), "--nonce", "0", "--cpus", str(max(os.sched_getaffinity(0))),
        ]  # fmt: skip
        for option in adapter.WORKER.options:
            words += ["--option", option]
        start_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise LookupError(f"the worker ended with {os.waitstatus_to_exitcode(status)}")
        events = [json.loads(line) for line in journal.read_text().splitlines()]
    ready = next(e for e in events if e["event"] == "ready")
    first = next(e for e in events if e["event"] == "inferences" and e["phase"] == "latency")
    return (
        (first["start_ns"][0] - start_ns) / _NS_PER_S,
        (ready["init_end_ns"] - ready["init_start_ns"]) / _NS_PER_S,
        usage.ru_maxrss * 1024 / _BYTES_PER_MIB,
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    conditions()
    for framework in FRAMEWORKS:
        try:
            found = [cost(framework) for _ in range(rounds)]
        except LookupError as error:
            print(f"{framework}: {error}")
            continue
        first_s, init_s, memory_mib = (
            statistics.median(column) for column in zip(*found, strict=True)
        )
        print(
            f"{framework}: first inference after {first_s:.2f} s, of that {init_s:.2f} s"
            f" initialisation; {memory_mib:.0f} MiB (medians of {rounds})",
            flush=True,
        )
    conditions()


if __name__ == "__main__":
    main()
