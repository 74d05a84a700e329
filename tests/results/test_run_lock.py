import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.core.errors import HostError
from ibd_mobile.results.run_lock import RunLock, is_held

HOST = str(Path(sys.modules["ibd_mobile"].__file__ or "").parents[1])
HOLDER = """
import sys, time
from pathlib import Path
from ibd_mobile.results.run_lock import RunLock, is_held
lock = RunLock(Path(sys.argv[1]), "run x")
print("held", flush=True)
time.sleep(60)
"""


def test_the_process_that_holds_it_is_named_and_its_death_frees_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        env={**os.environ, "PYTHONPATH": HOST},
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HostError) as caught:
            RunLock(path, "run x")
        assert caught.value.problem.startswith(f"is being written by process {holder.pid} on ")
        holder.send_signal(signal.SIGKILL)
    RunLock(path, "run x").release()


def test_a_lock_given_back_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        lock = RunLock(tmp_path / "lock", "run x")
        lock.release()
        lock.release()
    assert (tmp_path / "lock").read_bytes() == b""


def test_a_program_started_meanwhile_does_not_keep_it(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "lock", "run x")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        lock.release()
        RunLock(tmp_path / "lock", "run x").release()
        sleeper.kill()


def test_who_only_asks_takes_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = RunLock(path, "run x")
    assert is_held(path)
    lock.release()
    assert not is_held(path)
    RunLock(path, "run x").release()
