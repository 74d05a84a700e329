"""ibd_sampler: rows on time, nodes that come and go, a child that is listened to."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from .conftest import Recording, Sampler


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, limit_s: float = 10) -> None:
    end_s = time.monotonic() + limit_s
    while is_alive(pid):
        assert time.monotonic() < end_s, f"process {pid} is still there"
        time.sleep(0.02)


def test_rows_are_on_a_grid_of_absolute_deadlines(sampler: Sampler, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("42\n")
    recording = sampler("--before-s", "0.5", "--rate-hz", "100", nodes={"n": node})
    assert recording.exit_status == 0
    rows = recording.rows()
    deadlines = [int(row[0]) for row in rows]
    steps = {(b - a) % 10_000_000 for a, b in itertools.pairwise(deadlines)}
    assert steps == {0}
    assert all(int(row[1]) >= int(row[0]) for row in rows)
    assert {row[2] for row in rows} == {"42"}
    summary = recording.summary
    # Met or missed: no deadline is unaccounted for.
    assert deadlines[-1] == deadlines[0] + 10_000_000 * (
        len(rows) - 1 + summary["missed_deadlines"]
    )
    assert summary["rows"] == len(rows)
    assert len(rows) + summary["missed_deadlines"] >= 50


def test_the_header_names_run_boot_and_columns(sampler: Sampler, tmp_path: Path) -> None:
    nodes = {"volt": tmp_path / "v", "amp": tmp_path / "a"}
    lines = sampler("--before-s", "0.02", nodes=nodes).sealed("samples.tsv")
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert lines[0] == f"#ibd_sampler 1 nonce=nonce-2 boot_id={boot_id} period_ns=10000000"
    assert lines[1] == "#columns volt\tamp"


def test_a_node_that_vanishes_is_a_fact_and_not_a_failure(sampler: Sampler, tmp_path: Path) -> None:
    steady, fleeting = tmp_path / "steady", tmp_path / "fleeting"
    steady.write_text("1\n")
    fleeting.write_text("2\n")
    timer = threading.Timer(0.2, fleeting.unlink)
    back = threading.Timer(0.4, fleeting.write_text, ["3\n"])
    timer.start()
    back.start()
    recording = sampler(
        "--before-s", "0.6", nodes={"s": steady, "f": fleeting, "never": tmp_path / "never"}
    )
    assert recording.exit_status == 0
    values = [row[4] for row in recording.rows()]
    # Writing a file anew passes a moment in which it is empty.
    seen = [value for value in dict.fromkeys(values) if value]
    assert seen == ["2", "!ENOENT", "3"]
    about = {node["name"]: node for node in recording.summary["nodes"]}
    assert about["f"]["vanished"]
    assert about["f"]["first_error"] == "ENOENT"
    assert about["f"]["reads"] + about["f"]["errors"] == recording.summary["rows"]
    assert not about["s"]["vanished"]
    assert about["s"]["first_error"] is None
    assert not about["never"]["vanished"]
    assert about["never"]["reads"] == 0


def test_a_node_that_may_not_be_read_says_so(sampler: Sampler) -> None:
    # Write-only for everybody, root included: the kernel has no read method for it.
    recording = sampler("--before-s", "0.05", nodes={"d": Path("/proc/self/mem")})
    assert {row[2] for row in recording.rows()} == {"!EIO"}


def test_the_childs_status_and_words_are_kept(sampler: Sampler) -> None:
    script = "echo one; echo two >&2; printf 'a\\tb\\r\\nlast'; exit 9"
    recording = sampler(child=["/bin/sh", "-c", script])
    assert recording.exit_status == 9
    assert recording.words() == ["one", "two", "a\tb", "last"]
    summary = recording.summary
    assert (summary["child_exit_code"], summary["child_signal"], summary["status"]) == (9, None, 0)
    assert summary["start_ns"] <= summary["child_start_ns"] <= summary["child_end_ns"]
    assert summary["child_end_ns"] <= summary["end_ns"]


def test_a_signal_is_128_plus_n(sampler: Sampler) -> None:
    recording = sampler(child=["/bin/sh", "-c", "kill -SEGV $$"])
    assert recording.exit_status == 139
    assert recording.summary["child_signal"] == 11
    assert recording.summary["child_exit_code"] is None


def test_the_childs_resources_are_counted(sampler: Sampler) -> None:
    loop = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
    usage = sampler(child=["/bin/sh", "-c", loop]).summary["rusage"]
    assert usage["user_ns"] > 10_000_000
    assert usage["max_rss_bytes"] > 100_000
    assert usage["minor_faults"] > 0


def test_idle_time_lies_around_the_child(sampler: Sampler) -> None:
    summary = sampler("--before-s", "0.2", "--after-s", "0.3", child=["/bin/true"]).summary
    assert summary["child_start_ns"] - summary["start_ns"] >= 200_000_000
    assert summary["end_ns"] - summary["child_end_ns"] >= 300_000_000


def test_a_child_that_does_not_end_is_killed_with_its_group(
    sampler: Sampler, tmp_path: Path
) -> None:
    script = f"trap '' TERM INT HUP; sleep 300 & echo $! >{tmp_path}/pid; wait; sleep 300"
    recording = sampler("--max-s", "0.4", child=["/bin/sh", "-c", script])
    assert recording.exit_status == 77
    summary = recording.summary
    assert (summary["status"], summary["child_signal"]) == (77, 9)
    assert "did not end in the time it had" in recording.stderr
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_what_a_child_leaves_behind_does_not_disturb_the_idle_time(
    sampler: Sampler, tmp_path: Path
) -> None:
    script = f"sleep 300 & echo $! >{tmp_path}/pid"
    assert sampler(child=["/bin/sh", "-c", script]).exit_status == 0
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_child_that_cannot_start_is_named(sampler: Sampler) -> None:
    recording = sampler(child=["/no/such/program"])
    assert recording.exit_status == 76
    assert "/no/such/program cannot be started: No such file" in recording.stderr
    assert recording.summary["status"] == 76
    assert recording.summary["rusage"] is None


def test_a_child_has_a_terminal_so_that_its_lines_come_at_once(sampler: Sampler) -> None:
    script = "import time; print('early'); time.sleep(0.4); print('late')"
    recording = sampler(child=["/usr/bin/env", "python3", "-c", script])
    stamps = [int(line.partition("\t")[0]) for line in recording.sealed("child.tsv")]
    assert recording.words() == ["early", "late"]
    assert stamps[1] - stamps[0] > 300_000_000


def test_a_flood_of_words_is_kept_whole(sampler: Sampler) -> None:
    recording = sampler(child=["/bin/sh", "-c", "seq 1 50000"])
    assert recording.words() == [str(k) for k in range(1, 50001)]


def test_a_recording_is_never_written_over(sampler: Sampler, tmp_path: Path) -> None:
    first = sampler("--before-s", "0.02", out=tmp_path / "one")
    before = (first.folder / "samples.tsv").read_bytes()
    second = sampler("--before-s", "0.02", out=tmp_path / "one")
    assert second.exit_status == 72
    assert "File exists" in second.stderr
    assert (first.folder / "samples.tsv").read_bytes() == before


def test_a_bad_list_of_nodes_names_its_line(sampler: Sampler, tmp_path: Path) -> None:
    listed = tmp_path / "list.tsv"
    listed.write_text("good\t/x\nbad line\n")
    recording = sampler("--before-s", "0.1", "--nodes", str(listed))
    assert recording.exit_status == 78
    assert "list.tsv:2: expected a name, a tab and an absolute path" in recording.stderr


def test_it_goes_on_when_it_is_detached(sampler: Sampler, tmp_path: Path) -> None:
    started_s = time.monotonic()
    recording = sampler("--detach", child=["/bin/sh", "-c", "sleep 0.6; echo done"])
    assert time.monotonic() - started_s < 0.6
    assert recording.exit_status == 0
    told = re.fullmatch(r"pid (\d+)\n", recording.stdout)
    assert told
    pid = int(told[1])
    assert int((recording.folder / "sampler.pid").read_text()) == pid
    assert os.getsid(pid) == pid
    assert Path(f"/proc/{pid}/fd/1").readlink() == Path("/dev/null")
    assert not (recording.folder / "sampler.json").exists()
    wait_until_gone(pid)
    assert recording.words() == ["done"]
    assert recording.summary["child_exit_code"] == 0


def test_a_hang_up_does_not_end_a_detached_one(sampler: Sampler) -> None:
    recording = sampler("--detach", child=["/bin/sh", "-c", "sleep 0.4; exit 4"])
    pid = int(recording.stdout.split()[1])
    os.kill(pid, signal.SIGHUP)
    wait_until_gone(pid)
    assert recording.summary["child_exit_code"] == 4


def test_what_fails_before_it_is_detached_reaches_the_caller(
    sampler: Sampler, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    recording = sampler("--detach", "--before-s", "1", out=tmp_path / "file")
    assert recording.exit_status == 72
    assert recording.stdout == ""
    assert "Not a directory" in recording.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(sampler: Sampler, number: signal.Signals) -> None:
    recording = sampler("--detach", child=["/bin/sleep", "300"])
    pid = int(recording.stdout.split()[1])
    os.kill(pid, number)
    wait_until_gone(pid)
    summary = recording.summary
    assert (summary["status"], summary["child_signal"]) == (77, 9)
    assert recording.sealed("samples.tsv")


def test_the_summary_appears_whole_or_not_at_all(sampler: Sampler) -> None:
    recording = sampler("--detach", child=["/bin/sleep", "300"])
    pid = int(recording.stdout.split()[1])
    child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    for left in child:  # its terminal is gone, which ends it; it is ours all the same
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(left), signal.SIGKILL)
    assert sorted(path.name for path in recording.folder.iterdir()) == [
        "child.tsv",
        "sampler.pid",
        "samples.tsv",
    ]


def test_sampling_costs_little_cpu(sampler: Sampler, tmp_path: Path) -> None:
    nodes = {f"n{k}": tmp_path / f"n{k}" for k in range(8)}
    for path in nodes.values():
        path.write_text("4200000\n")
    summary = sampler("--before-s", "2", "--rate-hz", "100", nodes=nodes).summary
    share = summary["sampler_cpu_ns"] / (summary["end_ns"] - summary["start_ns"])
    # About 1 % of one core here; a burst or a busy loop would take all of it.
    assert share < 0.1


def test_missing_words_are_a_usage_error(programs: Path) -> None:
    done = subprocess.run(
        [programs / "ibd_sampler", "--out", "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert "--nonce is missing" in done.stderr


def test_numbers_of_a_summary_are_json_numbers(sampler: Sampler) -> None:
    recording: Recording = sampler("--before-s", "0.02")
    summary = json.loads((recording.folder / "sampler.json").read_text())
    assert summary["schema"] == 1
    assert isinstance(summary["sampler_cpu_ns"], int)
    assert summary["child_start_ns"] is None
