"""The journal of ibd_bench: whole, in order, and spoiled by nothing unnoticed."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Bench, BrokenChain, read_chain

NONCE = "a nonce"


def chained(bodies: list[bytes]) -> bytes:
    """A journal made here, by the rule of include/ibd/journal.h."""
    chain = hashlib.sha256(NONCE.encode()).digest()
    lines = []
    for body in bodies:
        chain = hashlib.sha256(chain + body).digest()
        lines.append(body + b',"chain":"' + chain.hex().encode() + b'"}\n')
    return b"".join(lines)


SMALL = chained([b'{"seq":%d,"event":"note","value":%d' % (k, 7 * k) for k in range(4)])


def test_a_run_tells_its_events_in_order(bench: Bench) -> None:
    journal = bench("--power-s", "0.05")
    assert journal.exit_status == 0
    assert [row["event"] for row in journal.rows()] == [
        "begin",
        "ready",
        *["phase_begin", "inferences", "phase_end"] * 3,
        "output",
        "end",
    ]
    assert [row["phase"] for row in journal.of("phase_end")] == ["warmup", "latency", "power"]
    end = journal.of("end")[0]
    assert end["code"] == 0
    assert end["lines"] == len(journal.rows()) - 1


def test_the_beginning_says_what_is_measured(bench: Bench, model: Path) -> None:
    journal = bench("--threads", "3", "--batch", "2")
    begin = journal.of("begin")[0]
    assert begin["schema"] == 1
    assert begin["program"] == "ibd_bench"
    assert begin["nonce"] == "nonce-1"
    assert (begin["threads"], begin["batch"]) == (3, 2)
    assert begin["model_bytes"] == model.stat().st_size
    assert begin["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert begin["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_times_are_ordered_and_inside_their_phase(bench: Bench) -> None:
    journal = bench("--runs", "20", option="latency_ns=200000")
    begun = {row["phase"]: row["t_ns"] for row in journal.of("phase_begin")}
    for end in journal.of("phase_end"):
        rows = [row for row in journal.of("inferences") if row["phase"] == end["phase"]]
        starts = [t for row in rows for t in row["start_ns"]]
        ends = [t for row in rows for t in row["end_ns"]]
        assert len(starts) == len(ends) == end["count"]
        times = [t for pair in zip(starts, ends, strict=True) for t in pair]
        assert times == sorted(times)
        assert times[0] >= begun[end["phase"]]
        assert (end["start_ns"], end["end_ns"]) == (times[0], times[-1])
        assert all(e - s >= 200_000 for s, e in zip(starts, ends, strict=True))


def test_a_spinning_engine_burns_its_time_and_a_sleeping_one_does_not(bench: Bench) -> None:
    shares = []
    for work in ("spin", "sleep"):
        options = ("--option", "latency_ns=20000000", "--option", f"work={work}")
        end = bench(*options, "--runs", "10").of("phase_end")[1]
        shares.append(end["cpu_ns"] / (end["end_ns"] - end["start_ns"]))
    assert shares[1] < 0.1
    assert shares[0] > 3 * shares[1]


def test_a_power_phase_lasts_at_least_its_time(bench: Bench) -> None:
    journal = bench("--power-s", "0.3", "--option", "latency_ns=5000000")
    end = journal.of("phase_end")[2]
    lasted_ns = end["end_ns"] - end["start_ns"]
    assert lasted_ns >= 300_000_000
    # It stops after the inference in which the time ran out.
    last_ns = journal.of("inferences")[-1]["start_ns"][-1] - end["start_ns"]
    assert last_ns < 300_000_000


def test_a_long_phase_comes_in_lines_of_a_readable_length(bench: Bench) -> None:
    journal = bench("--runs", "5000", option="latency_ns=0")
    rows = [row for row in journal.of("inferences") if row["phase"] == "latency"]
    assert len(rows) > 1
    assert [row["first"] for row in rows] == [1024 * k for k in range(len(rows))]
    assert sum(len(row["start_ns"]) for row in rows) == 5000


def test_two_runs_cannot_share_a_journal(bench: Bench) -> None:
    first = bench()
    second = bench(journal=first.folder / "journal.jsonl")
    assert second.exit_status == 73
    assert "File exists" in second.stderr
    assert (first.folder / "journal.jsonl").read_bytes() == first.content


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(position: int, change: int) -> None:
    spoiled = bytearray(SMALL)
    spoiled[position] ^= change
    with pytest.raises(BrokenChain):
        read_chain(bytes(spoiled), NONCE)


@given(st.integers(1, len(SMALL) - 1))
def test_a_journal_cut_inside_a_line_is_found(length: int) -> None:
    if SMALL[length - 1 : length] == b"\n":
        assert len(read_chain(SMALL[:length], NONCE)) < 4  # and it has no end line
    else:
        with pytest.raises(BrokenChain):
            read_chain(SMALL[:length], NONCE)


@given(st.permutations(range(4)))
def test_lines_in_another_order_are_found(order: list[int]) -> None:
    lines = SMALL.splitlines(keepends=True)
    moved = b"".join(lines[k] for k in order)
    if order == [0, 1, 2, 3]:
        assert len(read_chain(moved, NONCE)) == 4
    else:
        with pytest.raises(BrokenChain):
            read_chain(moved, NONCE)


def test_a_real_journal_betrays_every_changed_byte(bench: Bench) -> None:
    content = bench("--runs", "1", option="latency_ns=0").content
    assert read_chain(content, "nonce-1")
    for position in range(0, len(content), 17):
        spoiled = bytearray(content)
        spoiled[position] ^= 1
        with pytest.raises(BrokenChain):
            read_chain(bytes(spoiled), "nonce-1")


def test_lines_of_two_runs_do_not_mix(bench: Bench) -> None:
    first = bench().content.splitlines(keepends=True)
    second = bench().content.splitlines(keepends=True)
    with pytest.raises(BrokenChain):
        read_chain(b"".join([*first[:3], *second[3:]]), "nonce-1")


def test_another_nonce_is_found(bench: Bench) -> None:
    with pytest.raises(BrokenChain):
        read_chain(bench().content, "nonce-2")
