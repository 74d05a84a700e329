"""Runs that are killed or interrupted: nothing measured is lost, nothing is measured twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.sim.phone import Phone
from tests.journeys.conftest import Command

LEAST_KILLS = 20


def start(runs: Path, *words: str) -> subprocess.Popen[bytes]:
    script = "import sys; from ibd_mobile.cli.app import main; sys.argv[0] = 'ibd-mobile'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", script, *words],
        env={**os.environ, "IBD_RUNS": str(runs)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def done_jobs(runs: Path) -> dict[str, bytes]:
    return {p.parent.name: p.read_bytes() for p in runs.glob("*/jobs/[!.]*/record.json")}


def settings(phone: Phone) -> str:
    from ibd_mobile.cli.simulated import standing_rack
    from ibd_mobile.sim import rack

    port = next(p.server_port for p in rack.running(standing_rack()) if p.name == phone.name)
    words = ["shell", "settings list system; settings list global"]
    from ibd_mobile.machine.adb import find_adb

    return subprocess.run(
        [find_adb(), "-P", str(port), "-s", phone.serial, *words],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_run_killed_at_random_moments_ends_as_if_nothing_had_been(
    phone: Phone, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    draw = random.Random(855)
    words = ["run", "--device", phone.name, "--sim", "--protocol", "brisk"]
    kills, filed = 0, {}
    while True:
        process = start(runs, *words)
        try:
            process.wait(timeout=draw.uniform(0.4, 4.0) if kills < LEAST_KILLS else 120)
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate()
        now = done_jobs(runs)
        for job_id, record in filed.items():
            assert now[job_id] == record, "a filed job was touched again"
        filed = now
        if any(runs.glob("*/run.json")):
            words = ["resume"]
        if process.returncode == 0 and kills >= LEAST_KILLS:
            break
        if process.returncode == 0:  # all done before the kills were: another run is the next prey
            words = ["run", "--device", phone.name, "--sim", "--protocol", "brisk"]
        assert process.returncode in (0, -signal.SIGKILL)
    (last,) = (
        {p.parent for p in runs.glob("*/run.json")}
        if len(list(runs.iterdir())) == 1
        else {max(runs.iterdir())}
    )
    plan: dict[str, Any] = json.loads((last / "run.json").read_bytes())
    folders = {p.name for p in (last / "jobs").iterdir()}
    assert len(folders) == len(plan["jobs"]) == 4
    assert not [name for name in folders if name.startswith(".")]


def test_ctrl_c_puts_the_phone_back_and_leaves_a_run_that_can_go_on(
    phone: Phone, ibd: Command, tmp_path: Path
) -> None:
    before = settings(phone)
    runs = tmp_path / "runs"
    process = start(runs, "run", "--device", phone.name, "--sim", "--protocol", "brisk")
    while not any(runs.glob("*/jobs/.partial-*")):
        time.sleep(0.05)
    time.sleep(1.5)
    assert settings(phone) != before, "the phone was not prepared: nothing to be put back"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert "phones put back" in err.decode()
    assert settings(phone) == before
    said = ibd("resume")
    assert said.code == 0, said.err
    assert len(done_jobs(runs)) == 4


@pytest.mark.parametrize("count", [3])
def test_ctrl_c_again_and_again_changes_nothing(phone: Phone, tmp_path: Path, count: int) -> None:
    before = settings(phone)
    runs = tmp_path / "runs"
    process = start(runs, "run", "--device", phone.name, "--sim", "--protocol", "brisk")
    while not any(runs.glob("*/jobs/.partial-*")):
        time.sleep(0.05)
    time.sleep(0.5)
    for _ in range(count):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert settings(phone) == before
