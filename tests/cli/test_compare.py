import json
from pathlib import Path

import pytest

from ibd_mobile.core.record import Record
from tests.results.compared import (
    ACCURACY,
    FLOAT,
    cleared,
    finding,
    found,
    real,
    with_job,
    with_metric,
    with_precision,
)

from .conftest import Command
from .filed import file_run

SLOW = with_metric(cleared(FLOAT), "latency_s", 0.0100, 0.0002)
SLOW = with_metric(SLOW, "sustained_execution_s", 0.0100, 0.0002)
FAST = with_metric(with_precision(SLOW), "latency_s", 0.0080, 0.0002)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_two_parts_of_the_latest_run_are_compared(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW, FAST, cleared(ACCURACY)])
    said = ibd("compare", ":precision=float32", ":precision=int8")
    assert said.code == 0
    assert "precision: float32 → int8" in said.out
    assert "−20.0 % [−22.5 to −17.4]" in said.out
    assert "B is better" in said.out
    assert "SIMULATED" in said.out
    assert "accuracy of B was not measured" in said.out
    assert said.err == ""


def test_two_runs_of_the_same_are_a_repetition(runs: Path, ibd: Command) -> None:
    a = file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW])
    file_run(runs, "2026-01-02T00-00-00Z_x", [SLOW])
    said = ibd("compare", str(a), "2026-01-02T00-00-00Z_x")
    assert said.code == 0
    assert "the same measured again" in said.out
    assert "no difference shown" in said.out


@pytest.mark.parametrize(("limit", "code"), [("5%", 10), ("0.3", 0)])
def test_a_regression_beyond_the_limit_ends_with_10(
    runs: Path, ibd: Command, limit: str, code: int
) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW, FAST])
    said = ibd("compare", ":precision=int8", ":precision=float32", "--fail-if-slower", limit)
    assert said.code == code
    assert ("slower: " in said.err) == (code == 10)
    assert ("+25.0 % [+21.1 to +29.1], limit 5.0%" in said.err) == (code == 10)


def test_another_difference_is_named_and_ends_with_7(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW, with_job(FAST, threads=4)])
    said = ibd("compare", ":precision=float32", ":precision=int8")
    assert said.code == 7
    assert "cannot be compared as to precision: they also differ in threads (1 / 4)" in said.err
    assert said.out == ""


def test_simulated_beside_real_ends_with_7(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW])
    file_run(runs, "2026-01-02T00-00-00Z_x", [real(FAST)])
    said = ibd("compare", "2026-01-01T00-00-00Z_x", "2026-01-02T00-00-00Z_x", "--by", "precision")
    assert said.code == 7
    assert "A is SIMULATED and the other is not" in said.err
    said = ibd("compare", "2026-01-01T00-00-00Z_x", "", "--allow", "SIMULATED")
    assert said.code == 7


def _spoiled() -> list[Record]:
    return [SLOW, found(FAST, finding("LOW-BATTERY", "latency"))]


def test_a_spoiled_metric_is_refused_unless_allowed_by_name(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", _spoiled())
    words = ("compare", ":precision=float32", ":precision=int8")
    said = ibd(*words)
    assert said.code == 7
    assert "some metrics are spoiled by LOW-BATTERY" in said.err
    assert "--allow LOW-BATTERY" in said.err
    assert "LOW-BATTERY in B" in said.out
    said = ibd(*words, "--allow", "LOW-BATTERY")
    assert said.code == 0
    assert "−20.0 %" in said.out


def test_json_says_all_of_it(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", _spoiled())
    said = ibd("compare", ":precision=float32", ":precision=int8", "--json")
    assert said.code == 7
    document = json.loads(said.out)
    assert (document["schema"], document["by"], document["alone"]) == (1, "precision", [])
    (comparison,) = document["comparisons"]
    by_name = {metric["name"]: metric for metric in comparison["metrics"]}
    assert by_name["latency_s"]["refused_by"] == ["LOW-BATTERY"]
    assert by_name["power_gross_w"]["verdict"] == "no difference shown"


def test_what_has_no_partner_is_said(runs: Path, ibd: Command) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW, FAST, with_job(SLOW, threads=2)])
    said = ibd("compare", ":precision=float32", ":precision=int8")
    assert said.code == 0
    assert "no partner: shapes_classifier float32 (tensorflow, 32 px) on litert/cpu ×2" in said.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((":precision=int8", ":precision=int8"), "is named twice"),
        ((":precison=int8", ""), "Did you mean 'precision'?"),
        ((":precision=float16", ""), "fits no job that is done"),
        (("", ":threads=1", "--by", "treads"), "Did you mean 'threads'?"),
        (("", ":threads=1", "--allow", "LOWBATTERY"), "Did you mean 'LOW-BATTERY'?"),
        (("", ":threads=1", "--allow", "ACCURACY-LOST"), "cannot be allowed"),
        (("", ":threads=1", "--fail-if-slower", "fast"), "Write 5% or 0.05."),
        (("gone", ":threads=1"), "does not exist"),
    ],
)
def test_what_makes_no_sense_is_named(
    runs: Path, ibd: Command, words: tuple[str, ...], text: str
) -> None:
    file_run(runs, "2026-01-01T00-00-00Z_x", [SLOW, FAST])
    said = ibd("compare", *words)
    assert said.code == 3
    assert text in said.err
    assert said.out == ""
