import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from ibd_mobile.core.record import Record
from ibd_mobile.core.registry import member, member_ids
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.report.terminal import render, table
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.table import rows

EXAMPLE = msgspec.json.decode((Path(__file__).parents[2] / "data/example_run.json").read_bytes())
RUN = msgspec.convert(EXAMPLE["run"], RunInfo)
RECORDS = msgspec.convert(EXAMPLE["records"], list[Record])
FAILURES = msgspec.convert(EXAMPLE["failures"], list[Failure])
GROUPS = ["Accuracy", "Latency", "Throughput", "Power", "Energy efficiency", "Utilization"]
replace = msgspec.structs.replace


def _text(
    width: int,
    records: list[Record] = RECORDS,
    failures: list[Failure] = FAILURES,
    run: RunInfo = RUN,
    is_terminal: bool = False,
) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=is_terminal, no_color=True)
    console.print(render(run, records, failures))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _many() -> list[Record]:
    batched = []
    for batch in (1, 2, 4):
        for record in RECORDS:
            job = replace(record.job, batch=batch)
            batched.append(replace(record, job=job, job_id=job.id))
    return batched


def test_every_format_is_found_by_its_file_name_and_renders() -> None:
    assert member_ids("ibd_mobile.results.report") == [
        "aiia", "csv", "json", "latex", "markdown", "parquet", "terminal",
    ]  # fmt: skip
    for id in ("aiia", "csv", "json", "latex", "markdown"):
        text = member("ibd_mobile.results.report", id).render(RUN, RECORDS, FAILURES)
        assert "SIMULATED" in text
        assert text.endswith("\n")


@pytest.mark.parametrize("width", [80, 100, 140, 200])
@pytest.mark.parametrize("records", [RECORDS, _many(), RECORDS[:2]])
def test_no_number_is_cut_at_any_width(width: int, records: list[Record]) -> None:
    lines = _text(width, records).splitlines()
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "…" not in text
    for piece in ("98.2 % [96.6–99.1]", "1.83 ± 0.04 ms", "1.42 ± 0.03 W", "3.17 ± 0.07 %"):
        assert text.count(piece) >= len(records) // 6


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_long_label_is_folded_between_words(width: int) -> None:
    long = [
        replace(r, job=replace(r.job, framework=name, training_framework=trained, threads=threads))
        for r in RECORDS
        if r.job.kind == "measure"
        for name in ("onnxruntime_tensorrt", "litert")
        for trained in ("tensorflow", "caffe2")
        for threads in (1, 2)
    ]
    lines = _text(width, long).splitlines()
    assert max(map(len, lines)) <= width
    words = "\n".join(lines).split()
    assert {"onnxruntime_tensorrt/cpu", "tensorflow", "litert/cpu", "caffe2"} <= set(words)


def test_few_configurations_stand_side_by_side_with_six_groups_in_order() -> None:
    lines = _text(100).splitlines()
    places = [next(n for n, line in enumerate(lines) if line.startswith(g)) for g in GROUPS]
    assert places == sorted(places)
    assert next(line for line in lines if "float32 ×1" in line).split() == [
        "float32", "×1", "¹", "float32", "×4", "¹", "int8", "×1", "¹",
    ]  # fmt: skip


def test_where_they_do_not_fit_there_are_more_tables_with_all_six_groups() -> None:
    text = _text(80)
    assert [text.count(f"\n{group} ") for group in GROUPS] == [2] * 6


def test_many_configurations_stand_one_below_the_other_where_there_is_room() -> None:
    head = next(line for line in _text(140, _many()).splitlines() if "Accuracy" in line)
    assert [head.index(group) for group in GROUPS] == sorted(head.index(g) for g in GROUPS)
    assert _text(100, _many()).count("\nAccuracy ") == 3


def test_above_the_table_stand_device_protocol_and_what_is_simulated() -> None:
    text = _text(100)
    above = text[: text.index("Accuracy")]
    for said in ("Snapdragon 855 (sd855)", "SIMULATED: ", "does NOT follow the paper's rules"):
        assert said in above


def test_below_the_table_stands_why_a_number_is_missing_or_spoiled() -> None:
    text = _text(140)
    assert "n/a ³" in text
    assert "³ not available: no int8 peak is published for the Kryo 485 cores" in text
    assert "² SHORT-POWER-WINDOW: 3.25 renewals of the gauge (int8 ×1)" in text


def test_what_has_no_numbers_is_listed() -> None:
    text = _text(200)
    for start in ("failed   shapes_classifier int8", "not run  shapes", "left out shapes"):
        assert f"\n{start}" in text


def test_a_run_in_which_nothing_was_done_has_a_report() -> None:
    text = _text(100, [], [])
    assert "0 of 8 jobs done, 8 not run" in text
    assert "SIMULATED" in text


def test_a_pipe_gets_no_control_characters_and_no_color_no_colours() -> None:
    assert "\x1b" not in _text(100)
    coloured = _text(100, is_terminal=True)
    assert "\x1b[33m" not in coloured
    assert "\x1b[1;33m" not in coloured


def test_a_phone_cannot_steer_the_terminal() -> None:
    evil = "\x1b[2J[bold]gone[/bold]"
    hardware = replace(RECORDS[0].hardware, serial=evil)
    failure = replace(FAILURES[0], problem=evil)
    text = _text(200, [replace(RECORDS[0], hardware=hardware)], [failure])
    assert "\x1b" not in text
    assert text.count("�[2J[bold]gone[/bold]") == 2


def test_the_tables_alone_can_be_shown_at_the_end_of_a_run() -> None:
    console = Console(width=100, file=io.StringIO())
    console.print(table(rows(RECORDS)))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().startswith("Snapdragon 855")
