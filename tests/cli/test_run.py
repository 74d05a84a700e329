import json
from pathlib import Path

import pytest

from .conftest import Command, Finished


def test_a_run_ends_with_a_report_and_the_archives_place(finished: Finished) -> None:
    said = finished.said
    assert said.code == 0, said.err
    assert "top-1" in said.out
    assert "per sample" in said.out
    assert f"archive: {finished.path}" in said.err


def test_progress_goes_to_stderr_and_the_report_to_stdout(finished: Finished) -> None:
    assert "measure: measuring" in finished.said.err
    assert "measure: measuring" not in finished.said.out
    assert "Latency" not in finished.said.err


def test_json_is_all_that_stdout_gets_and_progress_is_silent(ibd: Command) -> None:
    said = ibd("run", "--device", "host_cpu", "--study", "small", "--json")
    assert said.code == 0
    assert said.err == ""
    document = json.loads(said.out)
    assert [r["job"]["kind"] for r in document["records"]] == ["measure"]


def test_axes_make_the_plan_and_a_machine_that_is_named_twice_counts_once(
    ibd: Command, tmp_path: Path
) -> None:
    words = ("-d", "host_cpu", "-d", "host_cpu", "--threads", "2", "--batch", "3")
    said = ibd("run", *words, "--study", "small", "--processor", "cpu", "--json")
    assert said.code == 0, said.err
    (run,) = (tmp_path / "runs").iterdir()
    document = json.loads((run / "run.json").read_bytes())
    assert [(j["threads"], j["batch"]) for j in document["jobs"]] == [(2, 3)]
    assert [s["id"] for s in document["slots"]] == ["host_cpu"]


def test_what_is_left_out_is_said_with_its_reason(ibd: Command) -> None:
    words = ("--precision", "int8", "--precision", "bfloat16")
    said = ibd("run", "-d", "host_cpu", "--study", "small", *words)
    assert said.code == 0
    assert "left out: shapes_classifier bfloat16" in said.err
    assert "bfloat16 tflite: cannot be made from keras: no step leads there" in said.err


def test_a_job_that_fails_ends_with_9_and_the_rest_is_reported(ibd: Command) -> None:
    words = ("--threads", "2000", "--threads", "1")
    said = ibd("run", "-d", "host_cpu", "--study", "small", *words)
    assert said.code == 9
    assert '--threads cannot be "2000"' in said.err
    assert "1 of 2 jobs failed, the rest are filed" in said.err
    assert "ibd-mobile resume" in said.err
    assert "per sample" in said.out


@pytest.mark.parametrize(
    ("words", "code"),
    [((), 2), (("--device", "host_cpu", "--threads", "0"), 2), (("-d", "x", "--sim"), 3)],
)
def test_a_wrong_command_line_makes_no_run(
    ibd: Command, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    assert ibd("run", *words).code == code
    assert not (tmp_path / "runs").exists()
