"""Latency that `ibd_bench` reports against a bare loop over the same engine, model and input.

The bare loop is a process of its own that does nothing but call LiteRT's compiled model; both get
the same number of inferences per round. Goal: 0.99–1.01.
"""

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import interleave, verdict

from ibd_mobile.catalog import library
from ibd_mobile.core.payload import payload

BARE = """
import sys, time, statistics
import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import CpuOptions, Options
options = Options(hardware_accelerators=HardwareAccelerator.CPU,
                  cpu_options=CpuOptions(num_threads=1))
model = CompiledModel.from_file(sys.argv[1], options=options)
key = next(iter(model.get_signature_list()))
name, = model.get_signature_list()[key]["inputs"]
detail = model.get_input_tensor_details(key)[name]
shape = [int(d) for d in detail.get("shape_signature", detail["shape"])]
if shape[0] < 0:
    model.resize_input_tensor(0, [1, *shape[1:]])
inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
data = np.fromfile(sys.argv[2], np.dtype(detail["dtype"])).reshape([1, *shape[1:]])
inputs[0].write(data)
times = []
for _ in range(int(sys.argv[3]) + 1):
    start = time.perf_counter_ns()
    model.run_by_index(0, inputs, outputs)
    times.append(time.perf_counter_ns() - start)
print(statistics.median(times[1:]))
"""


def reported_ns(words: list[str], folder: Path) -> float:
    """Run ibd_bench as a session does, and take the median of its journal's inferences."""
    journal = folder / f"{secrets.token_hex(8)}.jsonl"
    subprocess.run([*words, "--journal", str(journal)], check=True, stdout=subprocess.DEVNULL)
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    timed = [e for e in events if e["event"] == "inferences" and e["phase"] == "latency"]
    times = [b - a for e in timed for a, b in zip(e["start_ns"], e["end_ns"], strict=True)]
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=400)
    args = parser.parse_args()
    import ai_edge_litert
    import numpy as np

    shared_library = Path(ai_edge_litert.__file__).parent / "libLiteRt.so"
    model = library.models()["shapes_classifier"]
    for artifact in model.artifacts:
        path = library.artifact_path(model, artifact)
        with tempfile.TemporaryDirectory() as scratch:
            data = Path(scratch) / "input.bin"
            tensor = artifact.inputs[0]
            rng = np.random.default_rng(1)
            shape = (1, *tensor.shape[1:])
            values = rng.random(shape) if tensor.dtype == "float32" else rng.integers(-99, 99, shape)
            values.astype(tensor.dtype).tofile(data)
            words = [
                str(payload("linux-x86_64", "ibd_bench")), "--engine", "litert",
                "--library", str(shared_library), "--model", str(path),
                "--model-sha256", artifact.sha256, "--nonce", "0", "--input", str(data),
                "--warmup", "1", "--runs", str(args.runs),
            ]  # fmt: skip
            bare = [sys.executable, "-c", BARE, str(path), str(data), str(args.runs)]

            def theirs(words: list[str] = bare) -> float:
                done = subprocess.run(words, check=True, capture_output=True, text=True)
                return float(done.stdout.split()[-1])

            found, pairs = interleave(
                lambda words=words, s=scratch: reported_ns(words, Path(s)), theirs, args.rounds
            )
        bare_us = statistics.median(p[1] for p in pairs) / 1e3
        print(f"{artifact.precision}: bare loop {bare_us:.1f} µs")
        verdict(f"{artifact.precision} reported / bare", found, 0.99, 1.01)


if __name__ == "__main__":
    main()
