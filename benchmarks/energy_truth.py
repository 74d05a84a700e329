"""Reported energy of the power phase against a simulated phone's true energy.

Goal: at least 93 % of the stated 95 % intervals cover the truth. Each run has a phone of its own,
whose gauge has another gain, noise and background activity (its seed), and goes the way of any
job: `ibd-mobile run`, adb server, payload, sampler, archive. The truth is what the phone's physics
took out of its battery between the first inference and the end of the last one of the power phase,
by the journal's own times.

The stated interval is mostly the gain error of the gauge, which is one draw per phone: with few
phones the share says little of everything else. So a second, harder comparison is told: the gain of
each simulated gauge is taken out of both, and what is left of the interval (sampling, edges,
quantum) must cover what is left of the error. Its share has no goal.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from paired import conditions

from ibd_mobile.machine.adb import find_adb
from ibd_mobile.results.stats import mean_interval, t_quantile, wilson
from ibd_mobile.sim import profile
from ibd_mobile.sim.phone import Phone
from ibd_mobile.sim.rack import Rack

_PROFILE = "sd855"
_METRIC = "power_phase_energy_j"
_GOAL_RATIO = 0.93
_COMMAND = "from ibd_mobile.cli.app import main; main()"

#: `ibd` without its rest, which a fresh phone does not need
_PROTOCOL = """
schema = 1
id = "energy_truth"
name = "ibd without rest"
is_conforming = false
warmup_runs = 1
timed_runs = 5
rest_s = 0.0
battery_floor_pct = 80.0
battery_target_pct = 85.0
battery_max_c = 35.0
skin_max_c = 35.0
power_window_s = 12.0
power_periods = 25
idle_s = 4.0
gate_limit_s = 600.0
source = "benchmarks/energy_truth.py"
"""

_STUDY = """
schema = 1
id = "energy_truth"
name = "energy against truth"
models = ["shapes_classifier"]
training_frameworks = ["tensorflow"]
precisions = ["{precision}"]
frameworks = ["litert"]
processors = ["cpu"]
threads = [1]
batches = [1]
kinds = ["measure"]
protocol = "energy_truth"
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was reported, what was true."""

    seed: int
    window_s: float
    value_j: float
    low_j: float
    high_j: float
    truth_j: float
    gain: float  #: true scale of the gauge
    longest_step_s: float  #: of the truth's record within the window

    @property
    def error_pct(self) -> float:
        """Reported over true, less one."""
        return 100 * (self.value_j / self.truth_j - 1)

    @property
    def is_covered(self) -> bool:
        """Whether the interval covers the truth."""
        return self.low_j <= self.truth_j <= self.high_j

    @property
    def half_width_pct(self) -> float:
        """Half of the interval over the value."""
        return 50 * (self.high_j - self.low_j) / self.value_j

    def gainless_error_pct(self) -> float:
        """What is left of the error with an exact gauge."""
        return 100 * (self.value_j / self.gain / self.truth_j - 1)


def run_job(rack: Rack, phone: Phone, folder: Path, precision: str) -> Path:
    """Measure one job from the command line, and return its folder."""
    protocols = folder / "config" / "ibd-mobile" / "protocols"
    protocols.mkdir(parents=True)
    (protocols / "energy_truth.toml").write_text(_PROTOCOL)
    study = folder / "energy_truth.toml"
    study.write_text(_STUDY.format(precision=precision))
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    words = ["run", "--device", phone.serial, "--adb-port", str(rack.server_port)]
    words += ["--study", str(study), "--runs", str(folder / "runs"), "--json"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COMMAND, *words],
        env=environment, capture_output=True, text=True, check=False, timeout=300.0,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"`ibd-mobile run` ended with {done.returncode}: {done.stderr}")
    (job,) = (folder / "runs").glob("*/jobs/*")
    return job


def power_window(job: Path) -> tuple[int, int]:
    """Return start and end of the power phase by the payload's journal, phone boot time, ns."""
    for line in (job / "raw" / "journal.jsonl").read_text().splitlines():
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "phase_end" and event["phase"] == "power":
            return event["start_ns"], event["end_ns"]
    raise SystemExit(f"{job}: no power phase")


def measure(seed: int, precision: str) -> Outcome:
    """Start a phone of this seed, measure one job on it, and ask it for the truth."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with Rack(folder / "rack", find_adb()) as rack:
            phone = rack.start(_PROFILE, seed=seed)
            job = run_job(rack, phone, folder, precision)
            truth = phone.truth()
        start_ns, end_ns = power_window(job)
        # Within a step the true power is constant, so energy is linear between rows.
        low_j, high_j = np.interp([start_ns, end_ns], truth["t_ns"], truth["energy_j"])
        around = truth["t_ns"][(truth["t_ns"] > start_ns) & (truth["t_ns"] < end_ns)]
        metrics = json.loads((job / "metrics.json").read_text())["metrics"]
        (found,) = (m for m in metrics if m["name"] == _METRIC)
    return Outcome(
        seed=seed,
        window_s=(end_ns - start_ns) * 1e-9,
        value_j=found["value"],
        low_j=found["low"],
        high_j=found["high"],
        truth_j=float(high_j - low_j),
        gain=gain_of(seed),
        longest_step_s=float(np.diff(around).max()) * 1e-9,
    )


def gain_of(seed: int) -> float:
    """Return the scale of the gauge that the simulated phone draws first from its seed."""
    chance = random.Random(seed)  # noqa: S311  the simulator's own
    return 1 + chance.gauss(0, profile.read(_PROFILE).gauge.gain_error_pct / 100)


def row(outcome: Outcome) -> str:
    """Print one run."""
    covered = "covered" if outcome.is_covered else "NOT COVERED"
    return (
        f"{outcome.seed:3d}  {outcome.window_s:6.2f} s  {outcome.value_j:8.4f} J"
        f" [{outcome.low_j:8.4f}, {outcome.high_j:8.4f}]  true {outcome.truth_j:8.4f} J"
        f"  {outcome.error_pct:+6.2f} % (gain out: {outcome.gainless_error_pct():+6.2f} %)"
        f"  steps ≤ {outcome.longest_step_s * 1e3:.0f} ms  {covered}"
    )


def stated_gain_pct() -> float:
    """Return the gain error that the catalog states for the phone's gauge, one sigma."""
    from ibd_mobile.catalog import library

    sensors = library.phones()["pixel_4"].sensors
    return next(s.gain_error_pct for s in sensors if s.quantity == "current")


def covered_without_gain(outcome: Outcome) -> bool:
    """Tell whether the interval less its gain part covers the truth, with the gain taken out."""
    half_pct = outcome.half_width_pct
    gain_half_pct = t_quantile(math.inf) * stated_gain_pct()
    rest_pct = math.sqrt(max(half_pct**2 - gain_half_pct**2, 0.0))
    return abs(outcome.gainless_error_pct()) <= rest_pct


def report(outcomes: list[Outcome]) -> None:
    """Print bias and share of covered truths."""
    errors_pct = [o.error_pct for o in outcomes]
    rests_pct = [o.gainless_error_pct() for o in outcomes]
    for name, values in (("bias", errors_pct), ("bias, gain taken out", rests_pct)):
        found = mean_interval(values)
        print(
            f"{name}: {found.value:+.3f} % (95 % {found.low:+.3f}…{found.high:+.3f}),"
            f" deviation {statistics.stdev(values):.3f} %"
        )
    half_pct = statistics.median(o.half_width_pct for o in outcomes)
    print(f"stated interval: ± {half_pct:.2f} % (median)")
    count = len(outcomes)
    share = wilson(sum(o.is_covered for o in outcomes), count)
    met = "met" if share.value >= _GOAL_RATIO else "MISSED"
    print(
        f"covered: {share.value:.3f} of {count} (95 % {share.low:.3f}–{share.high:.3f});"
        f" goal ≥ {_GOAL_RATIO}: {met}"
    )
    rest = wilson(sum(covered_without_gain(o) for o in outcomes), count)
    print(
        f"covered, gain taken out of both: {rest.value:.3f} (95 % {rest.low:.3f}–{rest.high:.3f})"
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="runs, each with a phone of its own")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--precision", default="float32")
    args = parser.parse_args()
    conditions()
    outcomes = []
    for seed in range(args.first_seed, args.first_seed + args.rounds):
        outcomes.append(measure(seed, args.precision))
        print(row(outcomes[-1]), flush=True)
    if len(outcomes) > 1:
        report(outcomes)
    conditions()


if __name__ == "__main__":
    main()
