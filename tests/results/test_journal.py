import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ibd_mobile.core.errors import DataError
from ibd_mobile.results.journal import Journal, read_journal

S = 1_000_000_000


@pytest.fixture
def events(make: Any) -> list[dict[str, Any]]:
    phases = {
        "warmup": make.back_to_back(10 * S, [2000]),
        "latency": make.back_to_back(11 * S, [1000] * 5, pause_ns=10),
        "power": make.back_to_back(12 * S, [1500] * 40),
    }
    return list(make.ended(make.journal_events(phases)))


def read(path: Path, content: bytes, nonce: str) -> Journal:
    file = path / "journal.jsonl"
    file.write_bytes(content)
    return read_journal(file, nonce)


def refused(path: Path, content: bytes, nonce: str) -> str:
    with pytest.raises(DataError) as caught:
        read(path, content, nonce)
    assert caught.value.subject.endswith("journal.jsonl")
    assert "resume" in caught.value.remedy
    return caught.value.problem


def test_a_whole_journal_gives_every_phase(
    tmp_path: Path, make: Any, events: list[dict[str, Any]]
) -> None:
    journal = read(tmp_path, make.sealed(events), make.nonce)
    assert list(journal.phases) == ["warmup", "latency", "power"]
    assert journal.phases["latency"].duration_ns.tolist() == [1000] * 5
    assert journal.cpu_ns["power"] == 60_000
    assert (journal.is_complete, journal.end_code, journal.error) == (True, 0, None)
    assert journal.begin.program == "ibd_bench"
    assert journal.whole_phase("dataset") is None


def test_what_the_real_program_wrote_is_read(recordings: Path) -> None:
    journal = read_journal(recordings / "session" / "journal.jsonl", "5e55")
    assert journal.is_complete
    assert journal.begin.engine == "fake"
    assert len(journal.phases["latency"].start_ns) == 5
    assert np.all(journal.phases["power"].duration_ns > 1_000_000)
    assert [o.file for o in journal.outputs] == ["outputs.bin"]
    assert read_journal(recordings / "dataset.jsonl", "abc").phases["dataset"].start_ns.size == 3


@pytest.mark.parametrize("death", ["crash", "partial"])
def test_a_program_that_dies_leaves_what_it_had_written(recordings: Path, death: str) -> None:
    journal = read_journal(recordings / f"{death}.jsonl", "abc")
    assert not journal.is_complete
    assert journal.end_code is None
    assert journal.whole_phase("warmup") is not None
    assert journal.phases["latency"].start_ns.size == 0
    assert journal.whole_phase("latency") is None


def test_the_programs_own_error_is_told(recordings: Path) -> None:
    journal = read_journal(recordings / "error.jsonl", "abc")
    assert journal.error is not None
    assert (journal.error.code, journal.error.name) == (71, "INFERENCE_FAILED")
    assert journal.end_code == 71
    assert journal.is_complete


@pytest.mark.parametrize("lie", ["garbage", "wrong_hash"])
def test_a_line_that_breaks_the_chain_is_named(recordings: Path, lie: str) -> None:
    with pytest.raises(DataError, match=r"line 7: the chain of hashes is broken"):
        read_journal(recordings / f"{lie}.jsonl", "abc")


def test_a_torn_end_is_dropped_wherever_it_is_cut(
    tmp_path: Path, make: Any, events: list[dict[str, Any]]
) -> None:
    content = make.sealed(events)
    lines = content.splitlines(keepends=True)
    for kept in (1, 2, 5, len(lines) - 1):
        whole = b"".join(lines[:kept])
        torn = read(tmp_path, whole + lines[kept][:-1], make.nonce)  # all but the line's end
        clean = read(tmp_path, whole, make.nonce)
        assert not torn.is_complete
        assert torn.phases.keys() == clean.phases.keys()
        assert torn.cpu_ns == clean.cpu_ns


def test_a_journal_of_another_execution_is_refused(
    tmp_path: Path, make: Any, events: list[dict[str, Any]]
) -> None:
    assert "line 1:" in refused(tmp_path, make.sealed(events), "another")
    mixed = make.sealed([{**events[0], "nonce": "other"}, *events[1:]])
    assert "of another execution" in refused(tmp_path, mixed, make.nonce)


def test_changed_swapped_lost_and_mixed_lines_are_refused(
    tmp_path: Path, make: Any, events: list[dict[str, Any]]
) -> None:
    lines = make.sealed(events).splitlines(keepends=True)
    changed = [*lines[:3], lines[3].replace(b'"first":0', b'"first":1'), *lines[4:]]
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    lost = [*lines[:3], *lines[4:]]
    for wrong in (changed, swapped, lost):
        problem = refused(tmp_path, b"".join(wrong), make.nonce)
        assert problem == "line 4: the chain of hashes is broken"


def test_no_whole_line_and_no_file_are_refused(tmp_path: Path, make: Any) -> None:
    assert refused(tmp_path, b'{"seq":0', make.nonce) == "holds no whole line"
    (tmp_path / "journal.jsonl").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_journal(tmp_path / "journal.jsonl", make.nonce)


def at(
    events: list[dict[str, Any]], event: str, phase: str, changes: dict[str, Any]
) -> list[dict[str, Any]]:
    return [
        {**e, **changes} if (e["event"], e.get("phase", "")) == (event, phase) else e
        for e in events
    ]


@pytest.mark.parametrize(
    ("event", "phase", "changes", "problem"),
    [
        ("inferences", "warmup", {"end_ns": [9 * S]}, "ends before it starts"),
        ("inferences", "latency", {"start_ns": [11 * S] * 5, "end_ns": [12 * S] * 5}, "overlap"),
        ("inferences", "latency", {"first": 3}, "begins with inference 3, not 0"),
        ("inferences", "latency", {"end_ns": [1]}, "starts without ends"),
        ("inferences", "latency", {"phase": "power"}, "not within power"),
        ("inferences", "warmup", {"start_ns": [2**70], "end_ns": [2**70]}, "beyond 64 bits"),
        ("inferences", "warmup", {"start_ns": [S], "end_ns": [2 * S]}, "before what came earlier"),
        ("phase_begin", "latency", {"t_ns": S}, "before what came earlier"),
        ("phase_begin", "power", {"phase": "latency"}, "repeats the phase latency"),
        ("phase_begin", "power", {"phase": "siesta"}, "not understood"),
        ("phase_end", "latency", {"count": 6}, "counts 6 inferences, not 5"),
        ("phase_end", "latency", {"end_ns": 12 * S}, "does not match its inferences"),
        ("phase_end", "latency", {"phase": "power"}, "is not open"),
        ("phase_end", "latency", {"cpu_ns": -1}, "negative processor time"),
        ("ready", "", {"init_end_ns": 0}, "before what came earlier"),
        ("ready", "", {"seq": 9}, "has number 9"),
        ("ready", "", {"event": "begin"}, "not understood"),
        ("ready", "", {"event": "nap"}, "not understood"),
        ("ready", "", {"new_field": 1}, "not understood"),
        ("end", "", {"lines": 3}, "counts 3 lines"),
        ("begin", "", {"schema": 2}, "not understood"),
    ],
)
def test_impossible_events_are_named_with_their_line(
    tmp_path: Path,
    make: Any,
    events: list[dict[str, Any]],
    event: str,
    phase: str,
    changes: dict[str, Any],
    problem: str,
) -> None:
    wrong = at(events, event, phase, changes)
    line = next(k for k, (a, b) in enumerate(zip(events, wrong, strict=True), 1) if a != b)
    found = refused(tmp_path, make.sealed(wrong), make.nonce)
    assert found.startswith(f"line {line}: ")
    assert problem in found


def test_phases_do_not_nest_and_nothing_follows_the_end(
    tmp_path: Path, make: Any, events: list[dict[str, Any]]
) -> None:
    nested = [e for e in events if (e["event"], e.get("phase")) != ("phase_end", "latency")]
    assert "begins power within latency" in refused(tmp_path, make.sealed(nested), make.nonce)
    early = [events[0], *events[2:]]
    assert "before the model is loaded" in refused(tmp_path, make.sealed(early), make.nonce)
    late = [*events, {"event": "error", "code": 1, "name": "X", "message": ""}]
    assert "follows the end" in refused(tmp_path, make.sealed(late), make.nonce)
    twice = [events[0], events[1], events[1], *events[2:]]
    assert "repeats the initialisation" in refused(tmp_path, make.sealed(twice), make.nonce)
    assert "out of place" in refused(tmp_path, make.sealed(events[1:]), make.nonce)


def test_a_phase_written_in_chunks_is_one_trace(tmp_path: Path, make: Any) -> None:
    times = make.back_to_back(10 * S, [1000] * 10)
    events = make.journal_events({"power": times})
    whole = events.pop(3)
    for first, last in ((0, 4), (4, 10)):
        part = {**whole, "first": first, "start_ns": times[first:last, 0].tolist(),
                "end_ns": times[first:last, 1].tolist()}  # fmt: skip
        events.insert(-1, part)
    trace = read(tmp_path, make.sealed(make.ended(events)), make.nonce).phases["power"]
    assert trace.start_ns.tolist() == times[:, 0].tolist()
    assert trace.end_ns.dtype == np.int64


def test_a_hundred_thousand_inferences_are_read_in_less_than_a_second(
    tmp_path: Path, make: Any
) -> None:
    times = make.back_to_back(10 * S, [1_000_000] * 100_000)
    content = make.sealed(make.ended(make.journal_events({"power": times})))
    start_s = time.process_time()
    journal = read(tmp_path, content, make.nonce)
    assert time.process_time() - start_s < 1.0
    assert journal.phases["power"].start_ns.size == 100_000
