import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from .conftest import Command

SQL = "SELECT kind, precision, threads FROM jobs ORDER BY kind"


def test_all_runs_are_asked(copied: Path, ibd: Command) -> None:
    shutil.copytree(copied, copied.with_name("another"))
    assert json.loads(ibd("query", "SELECT count(*) AS n FROM jobs", "--json").out) == [{"n": 4}]
    one = ibd("query", "SELECT count(*) AS n FROM jobs", "--run", copied.name, "-f", "json")
    assert json.loads(one.out) == [{"n": 2}]


def test_an_answer_is_a_table_csv_or_json(copied: Path, ibd: Command) -> None:
    table = ibd("query", SQL)
    assert table.code == 0
    assert [line.split() for line in table.out.splitlines()][2:] == [
        ["accuracy", "int8", "1"],
        ["measure", "int8", "1"],
    ]
    rows = list(csv.DictReader(io.StringIO(ibd("query", SQL, "-f", "csv").out)))
    assert rows == json.loads(
        json.dumps(json.loads(ibd("query", SQL, "--json").out), default=str).replace(": 1", ': "1"')
    )


def test_traces_are_asked_too(copied: Path, ibd: Command) -> None:
    said = ibd(
        "query",
        "SELECT phase, count(*) AS n FROM inferences WHERE phase = 'latency' GROUP BY phase",
        "--json",
    )
    assert json.loads(said.out) == [{"phase": "latency", "n": 5}]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("DROP TABLE jobs",), "is no single SELECT but DROP"),
        (("SELECT * FROM read_csv('/etc/passwd')",), "file system operations are disabled"),
        (("SELECT latency FROM jobs",), "latency"),
        ((SQL, "--format", "tabel"), "Did you mean 'table'?"),
        ((SQL, "--run", "gone"), "does not exist"),
        ((SQL, "--runs", "/nowhere"), "holds no runs"),
    ],
)
def test_what_cannot_be_answered_is_said(
    copied: Path, ibd: Command, words: tuple[str, ...], text: str
) -> None:
    said = ibd("query", *words)
    assert said.code == 3
    assert text in said.err
    assert said.out == ""


def test_a_run_that_cannot_be_read_is_left_out_and_said(copied: Path, ibd: Command) -> None:
    broken = copied.with_name("broken")
    broken.mkdir()
    (broken / "run.json").write_text("{")
    said = ibd("query", "SELECT count(*) AS n FROM jobs", "--json")
    assert (said.code, json.loads(said.out)) == (0, [{"n": 2}])
    assert "left out: " in said.err
    assert "broken/run.json: is damaged" in said.err
    assert ibd("query", SQL, "--run", str(broken)).code == 8
