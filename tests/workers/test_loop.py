import os
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.journal import read_journal
from ibd_mobile.workers.failure import Status

from .conftest import NONCE, Start, write_wish


def test_a_run_has_its_phases_in_order_and_ends_well(counting: Start, wish: Path) -> None:
    ended = counting("--warmup", "2", "--runs", "7", "--power-s", "0.05", model=wish)
    assert ended.status == 0, ended.stderr
    journal = ended.journal
    assert journal.is_complete
    assert journal.end_code == 0
    assert list(journal.phases) == ["warmup", "latency", "power"]
    assert len(journal.phases["warmup"].start_ns) == 2
    assert len(journal.phases["latency"].start_ns) == 7
    assert journal.begin.engine == "counting"
    assert journal.begin.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_power_phase_ends_with_the_inference_in_which_its_time_ran_out(
    counting: Start, tmp_path: Path
) -> None:
    ended = counting("--power-s", "0.2", model=write_wish(tmp_path, sleep_s=0.03))
    power = ended.journal.phases["power"]
    begun_ns = next(r["t_ns"] for r in ended.rows if r.get("phase") == "power")
    assert power.end_ns[-1] - begun_ns >= 200_000_000
    assert power.start_ns[-1] - power.start_ns[0] < 200_000_000


def test_times_hold_the_inference_and_nothing_else(counting: Start, tmp_path: Path) -> None:
    ended = counting("--runs", "5", model=write_wish(tmp_path, sleep_s=0.1))
    durations = ended.journal.phases["latency"].duration_ns
    assert (durations >= 100_000_000).all()
    assert ended.journal.cpu_ns["latency"] < durations.sum() / 2


def test_a_phase_of_no_inferences_is_left_out(counting: Start, wish: Path) -> None:
    assert list(counting("--warmup", "0", model=wish).journal.phases) == ["latency"]
    assert list(counting("--runs", "0", model=wish).journal.phases) == ["warmup"]


def test_each_output_is_told_with_the_hash_of_its_bytes(counting: Start, wish: Path) -> None:
    ended = counting(model=wish)
    first, rest = ended.journal.outputs
    assert (first.name, first.index, first.bytes) == ("first", 0, 2)
    assert (rest.name, rest.index, rest.bytes) == ("rest", 1, 3)
    assert len(ended.outputs) == 5


def test_a_data_set_is_inferred_record_by_record(
    counting: Start, wish: Path, tmp_path: Path
) -> None:
    records = [bytes(range(k, k + 8)) for k in range(4)]
    (tmp_path / "set").write_bytes(b"".join(records))
    ended = counting("--count", "4", model=wish, dataset=tmp_path / "set")
    assert ended.outputs == b"".join(record[:5] for record in records)
    assert [o.bytes for o in ended.journal.outputs] == [8, 12]
    assert len(ended.journal.phases["dataset"].start_ns) == 4


@pytest.mark.parametrize(
    ("wishes", "status", "message"),
    [
        ({"fail_at": 1}, Status.INFERENCE_FAILED, "inference 1 failed"),
        ({"fail_at": 4}, Status.INFERENCE_FAILED, "inference 4 failed"),
        ({"greedy": True}, Status.OUT_OF_MEMORY, "there is not enough memory"),
        ({"dtypes": ["float64"]}, Status.INPUT_UNREADABLE, "no seeded input for float64"),
    ],
)
def test_what_goes_wrong_is_in_the_journal_and_in_the_status(
    counting: Start, tmp_path: Path, wishes: dict[str, Any], status: Status, message: str
) -> None:
    ended = counting(model=write_wish(tmp_path, **wishes))
    assert ended.status == status
    assert ended.error == (status.name, message)
    assert ended.journal.end_code == status
    assert message in ended.stderr


def test_a_model_that_is_not_there_is_named(counting: Start, tmp_path: Path) -> None:
    ended = counting(model=tmp_path / "gone.json")
    assert ended.status == Status.MODEL_UNREADABLE
    assert ended.error[1] == f"{tmp_path / 'gone.json'}: No such file or directory"
    assert ended.journal.ready is None


def test_a_changed_model_is_never_loaded(counting: Start, wish: Path) -> None:
    ended = counting(model=wish, model_sha256="0" * 64)
    assert ended.status == Status.MODEL_HASH
    assert ended.journal.begin.model_sha256 in ended.error[1]
    assert ended.journal.ready is None


@pytest.mark.parametrize(
    ("size", "count", "message"),
    [(16, 3, "has 16 bytes, not 3 × 8"), (17, 2, "has 17 bytes, not 2 × 8")],
)
def test_a_data_set_of_another_size_is_refused(
    counting: Start, wish: Path, tmp_path: Path, size: int, count: int, message: str
) -> None:
    (tmp_path / "set").write_bytes(bytes(size))
    ended = counting("--count", str(count), model=wish, dataset=tmp_path / "set")
    assert ended.status == Status.INPUT_UNREADABLE
    assert message in ended.error[1]


def test_a_data_set_that_is_not_there_is_named(counting: Start, wish: Path) -> None:
    ended = counting("--count", "1", model=wish, dataset="/nowhere/set")
    assert ended.status == Status.INPUT_UNREADABLE
    assert "/nowhere/set: No such file or directory" in ended.error[1]


def test_outputs_that_cannot_be_written_stop_before_anything_is_measured(
    counting: Start, wish: Path
) -> None:
    ended = counting(model=wish, outputs=wish / "folder")
    assert ended.status == Status.OUTPUT_FAILED
    assert "Not a directory" in ended.error[1]
    assert not ended.journal.phases


def test_two_runs_cannot_share_a_journal(counting: Start, wish: Path) -> None:
    first = counting(model=wish)
    content = first.file.read_bytes()
    second = counting(model=wish, journal=first.file)
    assert second.status == Status.JOURNAL_FAILED
    assert "File exists" in second.stderr
    assert first.file.read_bytes() == content


def test_a_journal_of_another_execution_is_refused(counting: Start, wish: Path) -> None:
    ended = counting(model=wish, nonce="another")
    with pytest.raises(DataError, match="of another execution"):
        read_journal(ended.file, NONCE)


def test_a_changed_line_breaks_the_chain(counting: Start, wish: Path) -> None:
    ended = counting(model=wish)
    content = ended.file.read_bytes()
    assert b'"count":5' in content
    ended.file.write_bytes(content.replace(b'"count":5', b'"count":4'))
    with pytest.raises(DataError, match="chain of hashes is broken"):
        read_journal(ended.file, NONCE)


def test_what_was_measured_before_a_failure_is_in_the_journal(
    counting: Start, tmp_path: Path
) -> None:
    ended = counting("--warmup", "1", "--runs", "5", model=write_wish(tmp_path, fail_at=4))
    assert ended.status == Status.INFERENCE_FAILED
    assert len(ended.journal.phases["latency"].start_ns) == 2
    assert ended.journal.whole_phase("latency") is None
    assert ended.journal.whole_phase("warmup") is not None


def test_a_fault_that_nobody_foresaw_is_in_the_journal_too(counting: Start, tmp_path: Path) -> None:
    ended = counting(model=write_wish(tmp_path, odd_at=2))
    assert ended.status == Status.INTERNAL
    assert ended.error == ("INTERNAL", "KeyError: 'odd'")
    assert "Traceback" in ended.stderr


def test_a_worker_keeps_to_the_processors_it_is_given(counting: Start, wish: Path) -> None:
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    ended = counting("--cpus", str(cpu), model=wish)
    assert ended.journal.begin.cpus == [cpu]
    assert counting(model=wish).journal.begin.cpus == []


def test_a_device_is_timed_with_and_without_transfers(counting: Start, tmp_path: Path) -> None:
    ended = counting(
        "--runs", "4", "--power-s", "0.05", model=write_wish(tmp_path, device=True, carry_s=0.03)
    )
    journal = ended.journal
    assert list(journal.phases) == ["warmup", "latency", "transfers", "power"]
    assert (journal.phases["transfers"].duration_ns >= 60_000_000).all()
    assert (journal.phases["latency"].duration_ns < 30_000_000).all()
    assert journal.device_ns["latency"].tolist() == [2000, 3000, 4000, 5000]
    assert set(journal.device_ns) == {"warmup", "latency", "power"}
