"""What `ibd_sampler` at 100 Hz costs the program it watches. Goal: less than 0.5 % slower.

The sampler watches `ibd_bench` as in a session: it starts it, reads as many nodes of this computer
as a phone's catalog entry has, and writes its rows. Every tenth of a second it is stopped or let go
on again (SIGSTOP and SIGCONT), so that the same process infers with it and without it in turn: two
processes of one program differ by more than what is looked for here.
"""

import argparse
import json
import secrets
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import ai_edge_litert
import numpy as np
from paired import conditions, ratio, verdict
from turns import Stretch, Times, boot_ns, paired_stretches

from ibd_mobile.catalog import library
from ibd_mobile.core.payload import payload

_STRETCH_S = 0.1
_RATE_HZ = 100.0
#: after each change of state this much is left out, for the signal and for caches
_SETTLE_S = 0.01
_START_S = 1.0
_NODES_FOLDER = Path("/sys/class/net/lo/statistics")  # kernel nodes that every Linux has


def watched(
    folder: Path, precision: str, node_count: int, rate_hz: float, seconds: float
) -> list[str]:
    """Say how a session would start it: the sampler with the program as its child."""
    model = library.models()["shapes_classifier"]
    artifact = next(a for a in model.variants[0].artifacts if a.precision == precision)
    paths = sorted(_NODES_FOLDER.iterdir())
    nodes = folder / "nodes.tsv"
    nodes.write_text("".join(f"node{i}\t{paths[i % len(paths)]}\n" for i in range(node_count)))
    return [
        str(payload("linux-x86_64", "ibd_sampler")), "--out", str(folder), "--nonce", "0",
        "--rate-hz", f"{rate_hz:g}", "--nodes", str(nodes), "--",
        str(payload("linux-x86_64", "ibd_bench")), "--engine", "litert",
        "--library", str(Path(ai_edge_litert.__file__).parent / "libLiteRt.so"),
        "--model", str(library.model_folder(model) / artifact.file),
        "--model-sha256", artifact.sha256, "--journal", str(folder / "journal.jsonl"),
        "--nonce", "0", "--power-s", str(seconds),
    ]  # fmt: skip


def alternate(sampler: subprocess.Popen[bytes], count: int) -> list[Stretch]:
    """Let the sampler run for a stretch and stand still for the next, and so on."""
    stretches = []
    for number in range(count):
        is_running = number % 2 == 0
        sampler.send_signal(signal.SIGCONT if is_running else signal.SIGSTOP)
        start_ns = boot_ns()
        time.sleep(_STRETCH_S)
        stretches.append(Stretch(start_ns, boot_ns(), is_running))
    return stretches


def read_times(journal: Path) -> Times:
    """Return the inferences of the power phase."""
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    told = [e for e in events if e["event"] == "inferences" and e["phase"] == "power"]
    start_ns, end_ns = (
        np.concatenate([np.asarray(e[key], np.int64) for e in told])
        for key in ("start_ns", "end_ns")
    )
    return Times(start_ns, end_ns)


def measure(precision: str, node_count: int, rate_hz: float, rounds: int, folder: Path) -> None:
    """Watch one process and print what the watching costs."""
    count = 2 * rounds + 3
    words = watched(folder, precision, node_count, rate_hz, count * _STRETCH_S + _START_S + 2.0)
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as sampler:
        time.sleep(_START_S)
        try:
            stretches = alternate(sampler, count)
        finally:
            sampler.send_signal(signal.SIGCONT)
    if sampler.returncode:
        raise SystemExit(f"ibd_sampler ended with {sampler.returncode}; see {folder}")
    times = read_times(folder / "journal.jsonl")
    pairs = paired_stretches(stretches, times, times, _SETTLE_S, np.mean)
    summary = json.loads((folder / "sampler.json").read_text())
    row_us = summary["sampler_cpu_ns"] / summary["rows"] / 1e3
    print(
        f"{precision}: {statistics.median(b for _, b in pairs) / 1e3:.1f} µs an inference;"
        f" {row_us:.0f} µs of CPU time a row of {node_count} nodes,"
        f" {row_us * rate_hz / 1e4:.2f} % of a core"
    )
    verdict(f"{precision}, with sampler / without", ratio(pairs), 0, 1.005)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="of 0.2 s, per precision")
    parser.add_argument(
        "--nodes", type=int, default=len(library.phones()["pixel_4"].sensors), help="per row"
    )
    parser.add_argument(
        "--rate-hz", type=float, default=_RATE_HZ, help="0.01: a control, where nothing is read"
    )
    args = parser.parse_args()
    conditions()
    for precision in ("float32", "int8"):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / secrets.token_hex(4)
            folder.mkdir()
            measure(precision, args.nodes, args.rate_hz, args.rounds, folder)
    conditions()


if __name__ == "__main__":
    main()
