import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from ibd_mobile.cli.report import run_folder

from .conftest import Command, Finished


def test_the_latest_run_is_taken_where_none_is_named(copied: Path, ibd: Command) -> None:
    newer = copied.parent / copied.name.replace("20", "21", 1)
    shutil.copytree(copied, newer)
    assert newer.name > copied.name
    assert run_folder(None, copied.parent) == newer
    assert ibd("report").code == 0


def test_a_run_is_named_by_its_id_or_by_any_path_to_it(
    copied: Path, ibd: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_id = ibd("report", copied.name)
    by_path = ibd("report", str(copied))
    monkeypatch.chdir(copied.parent)
    relative = ibd("report", copied.name, "--runs", "/nowhere")
    assert by_id.code == by_path.code == relative.code == 0
    assert by_id.out == by_path.out == relative.out
    assert copied.name in by_id.out


def test_a_report_reads_nothing_but_the_archive(
    finished: Finished, copied: Path, ibd: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    assert ibd("report").out == finished.said.out


def test_json_is_the_format_json(copied: Path, ibd: Command) -> None:
    said = ibd("report", "--json")
    assert said.out == ibd("report", "--format", "json").out
    document = json.loads(said.out)
    assert {r["job"]["kind"] for r in document["records"]} == {"measure", "accuracy"}


def test_csv_has_a_row_per_metric(copied: Path, ibd: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(ibd("report", "-f", "csv").out)))
    assert {"latency_s", "top1_ratio"} <= {row["metric"] for row in rows}


def test_markdown_is_a_table(copied: Path, ibd: Command) -> None:
    said = ibd("report", "-f", "markdown")
    assert said.out.startswith("#")
    assert "|" in said.out
    assert said.out.endswith("\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--format", "markdwon"), "Did you mean 'markdown'?"),
        (("2020-01-01T00-00-00Z_x",), "does not exist"),
        (("./absent",), "is not a run"),
        (("--runs", "/nowhere"), "/nowhere: holds no runs"),
    ],
)
def test_what_is_not_there_is_named(
    copied: Path, ibd: Command, words: tuple[str, ...], text: str
) -> None:
    said = ibd("report", *words)
    assert said.code == 3
    assert text in said.err
    assert said.out == ""


def test_a_damaged_archive_ends_with_8(copied: Path, ibd: Command) -> None:
    next(copied.glob("jobs/*/record.json")).write_text("{")
    said = ibd("report")
    assert said.code == 8
    assert "record.json: is damaged" in said.err
