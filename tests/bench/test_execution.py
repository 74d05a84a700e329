import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ibd_mobile.bench import execution
from ibd_mobile.bench.execution import Execution, Recording
from ibd_mobile.core.errors import PayloadTimeout, PhoneGone
from ibd_mobile.core.seams import BroughtFile
from ibd_mobile.machine.clock import read_clock
from ibd_mobile.machine.local import LocalLink

MODEL_SHA256 = hashlib.sha256(b"no network").hexdigest()
QUICK = Recording(rate_hz=50.0, idle_s=0.1, limit_s=20.0, expected_s=0.3)


def fake(*options: str) -> list[str]:
    words = [
        "{program}", "--engine", "fake", "--model", "{model}", "--model-sha256", MODEL_SHA256,
        "--journal", "{journal}", "--nonce", "{nonce}", "--outputs", "{folder}",
    ]  # fmt: skip
    for option in ("latency_ns=1000000", *options):
        words += ["--option", option]
    return words


def started(
    link: LocalLink, programs: list[BroughtFile], *options: str, recording: Recording = QUICK
) -> Execution:
    paths, _, _ = execution.bring(link, programs)
    boot_id = read_clock(link).boot_id
    return execution.start(link, paths, fake(*options), recording, boot_id)


def test_an_execution_comes_home_whole(
    link: LocalLink, programs: list[BroughtFile], tmp_path: Path
) -> None:
    running = started(link, programs)
    running.wait()
    raw = tmp_path / "raw"
    raw.mkdir()
    running.collect(raw)
    names = {p.name for p in raw.iterdir()}
    assert {"sampler.json", "samples.tsv", "child.tsv", "journal.jsonl"} <= names
    assert b'"event":"end"' in (raw / "journal.jsonl").read_bytes().splitlines()[-1]


def test_what_is_there_is_not_brought_again(link: LocalLink, programs: list[BroughtFile]) -> None:
    _, _, first = execution.bring(link, programs)
    _, hashes, second = execution.bring(link, programs)
    assert first == sum(f.source.stat().st_size for f in programs)
    assert second == 0
    assert hashes["model"] == MODEL_SHA256


def test_the_machine_keeps_the_time_of_its_last_execution(
    link: LocalLink, programs: list[BroughtFile]
) -> None:
    assert execution.last_execution(link) is None
    before = read_clock(link)
    started(link, programs).wait()
    last = execution.last_execution(link)
    assert last is not None
    assert last.boot_id == before.boot_id
    assert before.boot_ns <= last.end_ns <= read_clock(link).boot_ns + 10**7
    execution.forget_executions(link)
    assert execution.last_execution(link) is None


def test_what_a_lost_session_left_running_is_ended(
    link: LocalLink, programs: list[BroughtFile]
) -> None:
    running = started(link, programs, "fail=hang", "fail_at=1")
    folder = Path(running.folder)
    while not (folder / "journal.jsonl").exists():
        time.sleep(0.02)
    pid = int((folder / "sampler.pid").read_text())
    children = subprocess.run(
        ["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    last = execution.last_execution(link)
    assert last is not None
    time.sleep(0.3)
    for number in (str(pid), *children):
        stat = Path(f"/proc/{number}/stat")
        assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_hangs_is_killed_on_the_machine_itself(
    link: LocalLink, programs: list[BroughtFile], tmp_path: Path
) -> None:
    brief = Recording(rate_hz=50.0, idle_s=0.0, limit_s=1.0, expected_s=0.5)
    running = started(link, programs, "fail=hang", "fail_at=1", recording=brief)
    running.wait()
    running.collect(tmp_path)
    assert b'"status":77' in (tmp_path / "sampler.json").read_bytes().replace(b" ", b"")


def test_a_reboot_in_the_middle_is_worth_another_try(
    link: LocalLink, programs: list[BroughtFile]
) -> None:
    running = started(link, programs, "fail=hang", "fail_at=1")
    elsewhere = Execution(link, running.nonce, "another-boot", QUICK)
    with pytest.raises(PhoneGone, match="rebooted in the middle") as caught:
        elsewhere.wait()
    assert caught.value.transient
    execution.last_execution(link)


def test_an_execution_that_never_ends_is_given_up(link: LocalLink) -> None:
    naps: list[float] = []
    Path(link.root, "jobs", "0" * 32).mkdir(parents=True)
    waiting = Execution(link, "0" * 32, read_clock(link).boot_id, QUICK, naps.append)
    with pytest.raises(PayloadTimeout, match="ran on after"):
        waiting.wait()
    assert naps[0] == QUICK.expected_s
    assert sum(naps[1:]) > QUICK.limit_s


def test_a_folder_of_somebody_else_is_left_alone(link: LocalLink) -> None:
    sleeper = subprocess.Popen(["sleep", "30"])
    folder = Path(link.root, "jobs", "a" * 32)
    folder.mkdir(parents=True)
    (folder / "sampler.pid").write_text(f"{sleeper.pid}\n")
    try:
        execution.last_execution(link)
        assert sleeper.poll() is None
    finally:
        sleeper.send_signal(signal.SIGKILL)
        sleeper.wait()


APART = """
import os, subprocess, sys, time
from pathlib import Path
from ibd_mobile.bench import execution
from ibd_mobile.machine.local import LocalLink

bystander = subprocess.Popen(["sleep", "60"])
Path("/proc/sys/kernel/ns_last_pid").write_text("1233")
nonce = "b" * 32
victim = subprocess.Popen(["sh", "-c", "sleep 60", nonce], start_new_session=True)
assert victim.pid == 1234, victim.pid
folder = Path(sys.argv[1], "jobs", nonce)
folder.mkdir(parents=True)
(folder / "sampler.pid").write_text("1234")
execution.last_execution(LocalLink(Path(sys.argv[1])))
assert victim.wait(10) == -9
assert bystander.poll() is None
print("only the victim")
"""


def test_only_the_left_over_is_killed_and_not_every_process_there_is(tmp_path: Path) -> None:
    """In a namespace of its own: `kill -9 -1234` of procps is `kill -9 -1`."""
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    try:
        subprocess.run([*apart, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no namespaces here: {error}")
    words = [*apart, sys.executable, "-c", APART, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "only the victim\n", done.stderr
