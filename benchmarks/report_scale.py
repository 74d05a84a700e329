"""Time and memory of reports and queries over archives of 100, 1 000 and 10 000 records.

Each record has its traces: 10 000 records have five million samples and as many inferences. Each
command runs in a process of its own. Goals: CPU time grows at most in proportion to the records,
and the tables and charts of one study take less than 5 s (by the clock on an idle computer).
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from paired import conditions

from ibd_mobile.core.record import Record
from ibd_mobile.core.study import Variable
from ibd_mobile.results import document
from ibd_mobile.results.query import write_parquet
from ibd_mobile.results.run_info import RunInfo

EXAMPLE = Path(__file__).parents[1] / "tests" / "data" / "example_run.json"
_JOBS_PER_RUN_COUNT = 100
_ROWS_COUNT = 500  #: of each of two trace files of a job
_STUDY_COUNT = 24  #: jobs of one study

SAMPLES = "SELECT sensor, count(*), avg(value) FROM samples GROUP BY sensor"
METRICS = (
    "SELECT precision, count(*), avg(value) FROM metrics JOIN jobs USING (run, job)"
    " WHERE metric = 'latency_s' GROUP BY precision"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def archive(root: Path, count: int, per_run: int, variable: Variable = "") -> list[Path]:
    """Write runs that hold so many records, with traces, of a study about that variable."""
    example = msgspec.json.decode(EXAMPLE.read_bytes())
    plan = msgspec.convert(example["run"], RunInfo)
    records = msgspec.convert(example["records"], list[Record])
    traces = _traces(root / ".traces")
    runs = []
    for first in range(0, count, per_run):
        made = [_record(records, number) for number in range(first, min(first + per_run, count))]
        info = msgspec.structs.replace(
            plan,
            id=f"2026-01-01T00-00-00Z_{first:05d}",
            study=msgspec.structs.replace(plan.study, variable=variable),
            jobs=[r.job for r in made],
            skips=[],
        )
        runs.append(root / info.id)
        for record in made:
            _file(runs[-1] / "jobs" / record.job_id, record, traces)
        (runs[-1] / "run.json").write_bytes(document.encode(info))
    shutil.rmtree(root / ".traces")
    return runs


def _record(records: list[Record], number: int) -> Record:
    record = records[number % 2]  # measuring and accuracy in turn
    job = msgspec.structs.replace(
        record.job, threads=1 + number // 2 % 8, batch=1 << number // 16 % 6, seed=number // 96
    )
    return msgspec.structs.replace(record, job=job, job_id=job.id)


def _traces(folder: Path) -> Path:
    t_ns = np.arange(_ROWS_COUNT, dtype=np.int64) * 10_000_000
    power_w = 2 + np.sin(t_ns / 1e9)
    write_parquet(folder / "power.parquet", {"t_ns": t_ns, "power_w": power_w})
    times = {"start_ns": t_ns, "end_ns": t_ns + 1_800_000}
    write_parquet(folder / "inferences_power.parquet", times)
    return folder


def _file(folder: Path, record: Record, traces: Path) -> None:
    (folder / "traces").mkdir(parents=True)
    (folder / "raw").mkdir()
    (folder / "raw" / "context.json").write_bytes(b'{"sensors":[]}')
    for path in traces.iterdir():
        shutil.copyfile(path, folder / "traces" / path.name)
    (folder / "record.json").write_bytes(document.encode(record))


def cost(*words: str) -> Cost:
    """Run `ibd-mobile` and say what it took."""
    command = [sys.executable, "-c", "from ibd_mobile.cli.app import main; main()", *words]
    start_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start_s
    if status:
        raise SystemExit(f"{' '.join(words)}: {told.decode()}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def scale(counts: list[int], root: Path) -> None:
    """Print what each command takes at each size, and how it grows."""
    found: dict[str, list[Cost]] = {}
    for count in counts:
        start_s = time.perf_counter()
        runs = archive(root / str(count), count, _JOBS_PER_RUN_COUNT)
        (whole,) = archive(root / f"{count}-in-one", count, count)
        print(f"{count} records written in {time.perf_counter() - start_s:.0f} s", flush=True)
        place = ("--runs", str(root / str(count)))
        page = str(root / "page.html")
        for name, words in {
            "report of one run": ("report", str(whole)),
            "page of one run": ("report", str(whole), "--html", page, "--draw", "0"),
            "page of all runs": ("report", *map(str, runs), "--html", page, "--draw", "0"),
            "query of metrics": ("query", METRICS, *place),
            "query of samples": ("query", SAMPLES, *place),
        }.items():
            found.setdefault(name, []).append(cost(*words))
        shutil.rmtree(root / str(count))
        shutil.rmtree(root / f"{count}-in-one")
    for name, costs in found.items():
        told = "; ".join(
            f"{count}: {c.wall_s:.2f} s ({c.cpu_s:.2f} s of CPU, {c.peak_mib:.0f} MiB)"
            for count, c in zip(counts, costs, strict=True)
        )
        print(f"{name}: {told}; CPU grows with the power {_growth(counts, costs):.2f} of records")


def _growth(counts: list[int], costs: list[Cost]) -> float:
    """Exponent between the two largest sizes; what a start takes is taken off."""
    if len(counts) < 3:
        return math.nan
    start_s = costs[0].cpu_s * 0.9
    small, large = (max(c.cpu_s - start_s, 0.01) for c in costs[-2:])
    return math.log(large / small) / math.log(counts[-1] / counts[-2])


def study(root: Path, rounds: int) -> None:
    """Print what the page of one study takes."""
    (run,) = archive(root / "study", _STUDY_COUNT, _STUDY_COUNT, "batch")
    words = ("report", str(run), "--html", str(root / "page.html"), "--draw", "0")
    costs = [cost(*words) for _ in range(rounds)]
    wall_s, cpu_s = min(c.wall_s for c in costs), min(c.cpu_s for c in costs)
    told = f"{wall_s:.2f} s, {cpu_s:.2f} s of CPU, least of {rounds}"
    print(f"tables and charts of one study, {_STUDY_COUNT} jobs: {told}")
    for name, taken_s in (("by the clock", wall_s), ("of CPU", cpu_s)):
        print(f"goal: below 5 s {name}:", "reached" if taken_s < 5 else "MISSED", flush=True)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    conditions()
    with tempfile.TemporaryDirectory(prefix="ibd-mobile-") as folder:
        study(Path(folder), options.rounds)
        scale(options.records, Path(folder))


if __name__ == "__main__":
    main()
