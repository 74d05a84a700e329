"""The main job: one command, one simulated phone, six metrics."""

import csv
import hashlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ibd_mobile.core.metric import GROUPS
from ibd_mobile.sim.phone import Phone
from tests.journeys.conftest import Command, Said, command_line

BRISKLY = ("run", "--device", "sd855", "--sim", "--protocol", "brisk")


def only_run(runs: Path) -> Path:
    (found,) = runs.iterdir()
    return found


def records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_bytes()) for p in sorted(run.glob("jobs/*/record.json"))]


@pytest.fixture(scope="module")
def ran(phone: Phone, home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Said, Path]:
    """One run for all journeys that only read it, and its folder of runs."""
    runs = tmp_path_factory.mktemp("ran") / "runs"
    return command_line(runs)(*BRISKLY), runs


@pytest.fixture
def copied(ran: tuple[Said, Path], tmp_path: Path) -> Path:
    """A copy of that run where `ibd` looks for runs, for journeys that write to it."""
    shutil.copytree(ran[1], tmp_path / "runs")
    return tmp_path / "runs"


def test_a_run_ends_with_the_six_metrics(ran: tuple[Said, Path]) -> None:
    said, runs = ran
    assert said.code == 0, said.err
    for title in ("Accuracy", "Latency", "Throughput", "Power", "Energy", "Utilization"):
        assert title in said.out
    assert "SIMULATED" in said.out
    kinds = [r["job"]["kind"] for r in records(only_run(runs))]
    assert sorted(kinds) == ["accuracy", "accuracy", "measure", "measure"]


def test_output_that_is_no_terminal_has_no_control_characters(ran: tuple[Said, Path]) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", ran[0].out + ran[0].err)
    assert ran[0].err.count("measure: measuring") == 4


def test_every_metric_has_a_value_or_a_reason_and_carries_simulated(
    ran: tuple[Said, Path],
) -> None:
    for record in records(only_run(ran[1])):
        assert {m["group"] for m in record["metrics"]} == set(GROUPS)
        for metric in record["metrics"]:
            assert (metric["value"] is None) == bool(metric["missing"])
            if metric["value"] is not None:
                assert "SIMULATED" in metric["spoiled_by"], metric["name"]


def test_what_was_measured_is_plausible(ran: tuple[Said, Path]) -> None:
    for record in records(only_run(ran[1])):
        values = {m["name"]: m["value"] for m in record["metrics"]}
        if record["job"]["kind"] == "accuracy":
            assert 0.85 < values["top1_ratio"] < values["top5_ratio"] <= 1.0
        else:
            assert 1e-5 < values["execution_s"] < 0.1
            assert values["throughput_per_s"] == pytest.approx(1 / values["execution_s"])
            assert 0.2 < values["power_idle_w"] < values["power_gross_w"] < 10.0
            assert values["power_net_w"] == pytest.approx(
                values["power_gross_w"] - values["power_idle_w"]
            )


def test_the_second_run_pushes_nothing(
    ran: tuple[Said, Path], ibd: Command, tmp_path: Path
) -> None:
    assert ibd(*BRISKLY).code == 0
    second = only_run(tmp_path / "runs")
    assert [r["conditions"]["pushed_bytes"] for r in records(second)] == [0, 0, 0, 0]


def test_json_says_what_the_archive_says(phone: Phone, ibd: Command, tmp_path: Path) -> None:
    said = ibd(*BRISKLY, "--json")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    by_id = {r["job_id"]: r for r in records(only_run(tmp_path / "runs"))}
    assert {r["job_id"]: r for r in document["records"]} == by_id


def test_reparse_makes_every_number_again_bit_for_bit(copied: Path, ibd: Command) -> None:
    files = sorted(only_run(copied).glob("jobs/*/metrics.json"))
    before = [hashlib.sha256(p.read_bytes()).hexdigest() for p in files]
    said = ibd("reparse")
    assert said.code == 0, said.err
    assert said.out.count("the same, bit for bit") == 4
    assert [hashlib.sha256(p.read_bytes()).hexdigest() for p in files] == before


def test_reparse_refuses_a_raw_file_that_was_changed(copied: Path, ibd: Command) -> None:
    journal = next(only_run(copied).glob("jobs/*/raw/journal.jsonl"))
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(bytes(content))
    said = ibd("reparse")
    assert said.code == 8
    assert "was changed after the job was filed" in said.err


def test_the_report_comes_in_four_formats_and_all_say_simulated(copied: Path, ibd: Command) -> None:
    for format in ("terminal", "markdown", "csv", "json"):
        said = ibd("report", "--format", format)
        assert said.code == 0, said.err
        assert "SIMULATED" in said.out
    rows = list(csv.DictReader(io.StringIO(ibd("report", "-f", "csv").out)))
    assert {row["metric"] for row in rows} >= {"top1_ratio", "latency_s", "power_gross_w"}


def test_the_gates_left_evidence(ran: tuple[Said, Path]) -> None:
    for record in records(only_run(ran[1])):
        gates = {g["gate"]: g for g in record["conditions"]["gates"]}
        assert {"battery", "rest", "charging", "battery temperature"} <= set(gates)
        assert all(g["is_passed"] for g in gates.values())
        assert {"battery_level", "dumpsys level"} <= set(gates["battery"]["sources"])
    assert all(p.stat().st_size for p in only_run(ran[1]).glob("jobs/*/raw/gates.jsonl"))


def test_host_cpu_needs_no_phone_and_says_what_it_cannot_tell(ibd: Command, tmp_path: Path) -> None:
    said = ibd("run", "--device", "host_cpu", "--protocol", "brisk", "--precision", "int8")
    assert said.code == 0, said.err
    assert "has no power sensor" in said.out
    assert "SIMULATED" not in said.out
    measured = next(
        r for r in records(only_run(tmp_path / "runs")) if r["job"]["kind"] == "measure"
    )
    values = {m["name"]: m["value"] for m in measured["metrics"]}
    assert values["execution_s"] > 0
    assert values["power_gross_w"] is None
