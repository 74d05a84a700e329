import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.errors import DataError, PayloadStatus
from ibd_mobile.results.journal import read_journal
from ibd_mobile.workers.loop import (
    Failure,
    Status,
    TensorInfo,
    failure,
    seeded_bytes,
    stolen_ticks,
)

from .conftest import NONCE, Start

MASK = (1 << 64) - 1


def splitmix64(seed: int, count: int) -> list[int]:
    """The published stream, one draw after the other."""
    draws = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        x = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        draws.append(x ^ (x >> 31))
    return draws


@pytest.fixture
def wish(tmp_path: Path) -> Path:
    """A model that wishes for nothing special."""
    return write_wish(tmp_path)


def write_wish(folder: Path, **wishes: Any) -> Path:
    path = folder / "wish.json"
    path.write_text(json.dumps(wishes))
    return path


def test_the_statuses_are_those_of_the_native_programs() -> None:
    ours = {status.name: status.value for status in Status}
    assert ours.items() <= {status.name: status.value for status in PayloadStatus}.items()


@given(st.integers(0, MASK), st.integers(1, 40))
def test_a_seed_gives_the_published_stream(seed: int, count: int) -> None:
    tensor = TensorInfo("x", "uint8", [count], count)
    assert seeded_bytes([tensor], seed) == bytes(x >> 56 for x in splitmix64(seed, count))


@given(st.integers(0, MASK))
def test_every_type_is_drawn_from_the_same_stream_in_order(seed: int) -> None:
    tensors = [
        TensorInfo("a", "float32", [3], 12),
        TensorInfo("b", "int8", [2], 2),
        TensorInfo("c", "int32", [4], 16),
    ]
    content = seeded_bytes(tensors, seed)
    draws = splitmix64(seed, 9)
    reals = np.frombuffer(content[:12], np.float32)
    assert reals.tolist() == [(x >> 40) * 2.0**-24 for x in draws[:3]]
    assert ((reals >= 0) & (reals < 1)).all()
    assert content[12:14] == bytes(x >> 56 for x in draws[3:5])
    assert np.frombuffer(content[14:], np.int32).tolist() == [(x >> 33) % 2 for x in draws[5:]]


@given(st.integers(0, MASK))
def test_types_of_hosts_take_as_many_bits_as_they_hold(seed: int) -> None:
    tensors = [
        TensorInfo("a", "float16", [2], 4),
        TensorInfo("b", "bfloat16", [2], 4),
        TensorInfo("c", "int64", [2], 16),
    ]
    content = seeded_bytes(tensors, seed)
    draws = splitmix64(seed, 6)
    halves = np.frombuffer(content[:4], np.float16)
    assert halves.tolist() == [(x >> 53) * 2.0**-11 for x in draws[:2]]
    upper = np.frombuffer(content[4:8], np.uint16).astype(np.uint32) << 16
    assert upper.view(np.float32).tolist() == [(x >> 56) * 2.0**-8 for x in draws[2:4]]
    assert np.frombuffer(content[8:], np.int64).tolist() == [(x >> 33) % 2 for x in draws[4:]]


def test_an_input_without_a_rule_is_refused() -> None:
    with pytest.raises(Failure, match="no seeded input for float64") as caught:
        seeded_bytes([TensorInfo("x", "float64", [1], 8)], 1)
    assert caught.value.status is Status.INPUT_UNREADABLE


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


@pytest.mark.parametrize(
    "words",
    [
        ("--threads", "0"),
        ("--batch", "many"),
        ("--runs", "-1"),
        ("--seed", str(MASK + 1)),
        ("--power-s", "nan"),
        ("--nonce", ""),
        ("--dataset", "/nowhere"),
        ("--option", "x"),
        ("--cpus", "many"),
        ("--run", "3"),
    ],
)
def test_a_wrong_command_line_leaves_no_journal(
    counting: Start, wish: Path, words: tuple[str, ...]
) -> None:
    ended = counting(*words, model=wish)
    assert ended.status == Status.USAGE
    assert ended.stderr.startswith("worker: ")
    assert not ended.file.exists()


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


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), Status.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "OUT_OF_MEMORY"),
        (RuntimeError("std::bad_alloc"), Status.OUT_OF_MEMORY),
        (MemoryError(), Status.OUT_OF_MEMORY),
        (RuntimeError("CUDA failure 719: unspecified launch failure ; GPU=0"), "DEVICE_LOST"),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), Status.DEVICE_LOST),
        (RuntimeError("Got invalid dimensions for input"), Status.INFERENCE_FAILED),
    ],
    ids=str,
)
def test_what_a_library_says_is_given_its_name(error: Exception, status: Status | str) -> None:
    found = failure(error, Status.INFERENCE_FAILED)
    assert found.status.name == (status.name if isinstance(status, Status) else status)
    assert str(found)


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


def test_waiting_for_a_processor_is_counted(counting: Start, tmp_path: Path) -> None:
    """Two busy loops on one processor: one of them waits while the other runs."""
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    model = write_wish(tmp_path, spin_s=0.02)
    rival = f"import os; os.sched_setaffinity(0, [{cpu}])\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", rival]) as process:
        ended = counting("--cpus", str(cpu), "--power-s", "1", model=model)
        process.kill()
    power = ended.journal.phases["power"]
    span_ns = int(power.end_ns[-1] - power.start_ns[0])
    assert ended.journal.waited_ns["power"] > 0.2 * span_ns


#: virtual machine with two processors, kernel 6
STAT = """\
cpu  814406 1015944 220250 498470 6716 0 3671 15307 0 0
cpu0 338125 525729 101756 310479 1558 0 1144 7762 0 0
cpu1 476281 490214 118493 187991 5157 0 2526 7545 0 0
intr 130713302 0 0
ctxt 230145061
"""


@pytest.mark.parametrize(("cpus", "ticks"), [([0], 7762), ([1], 7545), ([0, 1], 15307), ([2], 0)])
def test_what_was_stolen_is_read_of_its_processors(cpus: list[int], ticks: int) -> None:
    assert stolen_ticks(STAT, cpus) == ticks


def test_a_kernel_that_does_not_count_what_was_stolen_is_not_taken_for_a_quiet_one() -> None:
    with pytest.raises(IndexError):
        stolen_ticks("cpu  10 0 20 30 1 0 2\ncpu0 10 0 20 30 1 0 2\n", [0])


def test_what_was_stolen_in_a_phase_is_told(counting: Start, wish: Path) -> None:
    stolen_ns = counting("--power-s", "0.1", model=wish).journal.stolen_ns
    assert stolen_ns.keys() >= {"latency", "power"}
    assert all(ns >= 0 and ns % 1_000_000 == 0 for ns in stolen_ns.values())


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


def test_options_reach_the_engine(counting: Start, wish: Path) -> None:
    ended = counting("--option", "note=of=two", model=wish)
    assert ended.journal.ready is not None
    assert ended.journal.ready.note == "of=two"
    assert counting("--option", "note", model=wish).status == Status.USAGE
