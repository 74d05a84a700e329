"""The fake engine lies on demand, and what it leaves is what the host has to see through."""

import subprocess
from pathlib import Path

import pytest

from .conftest import Bench, BrokenChain, Journal, read_chain


def failing(bench: Bench, kind: str, at: str = "3") -> Journal:
    words = ("--option", f"fail={kind}", "--option", f"fail_at={at}")
    return bench(*words, "--option", "latency_ns=1000")


def test_an_error_keeps_what_was_measured_before(bench: Bench) -> None:
    journal = failing(bench, "error")
    assert journal.exit_status == 71
    assert [row["event"] for row in journal.rows()[-3:]] == ["inferences", "error", "end"]
    assert len(journal.of("inferences")[-1]["start_ns"]) == 1
    error = journal.of("error")[0]
    assert (error["code"], error["name"]) == (71, "INFERENCE_FAILED")
    assert error["message"] == "fake engine: told to fail"
    assert journal.of("end")[0]["code"] == 71
    assert journal.stderr == "ibd_bench: fake engine: told to fail\n"


def test_an_engine_that_does_not_open_refuses_the_model(bench: Bench) -> None:
    journal = failing(bench, "error", "init")
    assert journal.exit_status == 70
    assert [row["event"] for row in journal.rows()] == ["begin", "error", "end"]


@pytest.mark.parametrize("at", ["init", "1", "4"])
def test_a_crash_leaves_whole_lines_and_no_end(bench: Bench, at: str) -> None:
    journal = failing(bench, "crash", at)
    assert journal.exit_status == -11
    events = [row["event"] for row in journal.rows()]
    assert "end" not in events
    assert events[0] == "begin"


def test_a_hang_never_ends(bench: Bench) -> None:
    words = ("--option", "fail=hang", "--option", "latency_ns=0")
    with pytest.raises(subprocess.TimeoutExpired):
        bench(*words, timeout_s=0.5)


@pytest.mark.parametrize("kind", ["garbage", "wrong_hash", "partial"])
@pytest.mark.parametrize("at", ["init", "3"])
def test_a_lying_journal_exits_0_and_is_found_out(bench: Bench, kind: str, at: str) -> None:
    journal = failing(bench, kind, at)
    assert journal.exit_status == 0
    with pytest.raises(BrokenChain):
        journal.rows()


def test_a_partial_line_is_the_only_damage(bench: Bench) -> None:
    content = failing(bench, "partial").content
    whole = content[: content.rindex(b"\n") + 1]
    assert whole != content
    assert [row["event"] for row in read_chain(whole, "nonce-1")][-1] == "phase_begin"


def test_latencies_scatter_as_asked(bench: Bench) -> None:
    words = ("--runs", "400", "--option", "latency_ns=200000", "--option", "cv_pct=20")
    rows = bench(*words).of("inferences")
    took = [
        e - s
        for row in rows
        if row["phase"] == "latency"
        for s, e in zip(row["start_ns"], row["end_ns"], strict=True)
    ]
    mean = sum(took) / len(took)
    below = sum(t < 200_000 for t in took)
    # The machine may be late, never early: half of the draws are below the set latency.
    assert 120 < below < 280
    assert min(took) < 140_000
    assert mean > 150_000


def test_outputs_follow_the_input_and_nothing_else(bench: Bench) -> None:
    words = ("--option", "latency_ns=0", "--option", "inputs=5,6", "--option", "outputs=7,8")
    runs = [bench(*words, "--seed", seed) for seed in ("1", "1", "2")]
    assert len(runs[0].outputs) == 15
    assert runs[0].outputs == runs[1].outputs
    assert runs[0].outputs != runs[2].outputs


def test_an_unknown_option_is_named(bench: Bench) -> None:
    journal = bench("--option", "speed=1")
    assert journal.exit_status == 64
    assert journal.of("error")[0]["message"] == 'fake engine: unknown option "speed"'


def test_a_model_without_its_hash_is_not_used(bench: Bench, model: Path) -> None:
    journal = bench(model_sha256="0" * 64)
    assert journal.exit_status == 66
    assert journal.of("error")[0]["name"] == "MODEL_HASH"
    assert not journal.of("ready")


def test_a_model_that_is_not_there_is_named(bench: Bench, tmp_path: Path) -> None:
    journal = bench(model=tmp_path / "gone.tflite")
    assert journal.exit_status == 65
    assert "gone.tflite: No such file or directory" in journal.of("error")[0]["message"]


@pytest.mark.parametrize("engine", ["fake", "litert"])
def test_another_accelerator_is_never_replaced_by_the_cpu(bench: Bench, engine: str) -> None:
    journal = bench("--accelerator", "npu", engine=engine)
    assert journal.exit_status == 69
    assert journal.of("error")[0]["name"] == "ACCELERATOR_UNAVAILABLE"


def test_an_unknown_engine_is_a_usage_error(bench: Bench) -> None:
    journal = bench(engine="snpe")
    assert journal.exit_status == 64
    assert 'unknown engine "snpe"; there are litert and fake' in journal.stderr


def test_outputs_that_cannot_be_written_are_an_error(bench: Bench, model: Path) -> None:
    journal = bench(outputs=model / "x")
    assert journal.exit_status == 72
    assert "Not a directory" in journal.of("error")[0]["message"]
