import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ibd_mobile.cli.report import run_folder
from ibd_mobile.results.query import read_parquet

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


def test_a_page_is_written_of_one_run_or_of_several(
    copied: Path, ibd: Command, tmp_path: Path
) -> None:
    shutil.copytree(copied, copied.with_name("another"))
    path = tmp_path / "deep" / "out.html"
    said = ibd("report", copied.name, "another", "--html", str(path))
    assert (said.code, said.out) == (0, "")
    assert said.err == f"{path}: open it in a browser\n"
    text = path.read_text()
    assert text.count("<h2>Run ") == 2
    assert "Jobs over time" in text


def test_the_jobs_that_a_page_draws_can_be_named(
    copied: Path, ibd: Command, tmp_path: Path
) -> None:
    job = next(copied.glob("jobs/*")).name
    path = tmp_path / "out.html"
    assert ibd("report", "--html", str(path), "--job", job).code == 0
    assert f"Job {job} of" in path.read_text()
    assert ibd("report", "--html", str(path), "--draw", "0").code == 0
    assert "Jobs over time" not in path.read_text()
    said = ibd("report", "--html", str(path), "--job", "ffffffffffff")
    assert (said.code, "is not done" in said.err) == (3, True)
    said = ibd("report", "--job", job)
    assert (said.code, "Say --html FILE or --charts FOLDER" in said.err) == (3, True)


def test_charts_are_written_beside_each_other_and_again_over_themselves(
    copied: Path, ibd: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "charts"
    said = ibd("report", "--charts", str(folder), "--draw", "1")
    names = sorted(path.name for path in folder.iterdir())
    assert (said.code, said.out) == (0, "")
    assert said.err == f"{folder}: {len(names)} charts\n"
    assert all(name.endswith(".svg") for name in names)
    assert sum(name.startswith("job-") for name in names) == 1
    assert ibd("report", "--charts", str(folder), "--draw", "1").code == 0
    assert sorted(path.name for path in folder.iterdir()) == names


def test_what_charts_would_overwrite_is_left_alone(
    copied: Path, ibd: Command, tmp_path: Path
) -> None:
    ibd("report", "--charts", str(tmp_path / "made"), "--draw", "0")
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / names[-1]).write_text("<svg>drawn by hand</svg>")
    said = ibd("report", "--charts", str(folder), "--draw", "0")
    assert said.code == 3
    assert f"{names[-1]}: is there and was not drawn by ibd-mobile" in said.err
    assert [path.name for path in folder.iterdir()] == names[-1:]  # nothing was written at all
    assert "by hand" in (folder / names[-1]).read_text()


def test_a_page_and_its_charts_can_be_written_at_once(
    copied: Path, ibd: Command, tmp_path: Path
) -> None:
    page, folder = tmp_path / "out.html", tmp_path / "charts"
    words = ("report", "--html", str(page), "--charts", str(folder), "--draw", "0")
    assert ibd(*words).code == 0
    assert page.read_text().count("<figure>") == len(list(folder.iterdir()))


def test_prose_of_several_runs_follows_each_other_and_data_do_not(
    copied: Path, ibd: Command
) -> None:
    said = ibd("report", copied.name, copied.name, "-f", "markdown")
    assert said.out.count(f"# Run {copied.name}") == 2
    said = ibd("report", copied.name, copied.name, "-f", "csv")
    assert (said.code, "holds one run" in said.err) == (3, True)


def test_latex_is_a_table(copied: Path, ibd: Command) -> None:
    assert r"\begin{tabular}" in ibd("report", "-f", "latex").out


def test_a_parquet_file_goes_to_stdout(copied: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from ibd_mobile.cli.app import main; main()"]
    words = ["report", str(copied), "-f", "parquet"]
    done = subprocess.run([*command, *words], capture_output=True, check=True)
    (tmp_path / "report.parquet").write_bytes(done.stdout)
    table = read_parquet(tmp_path / "report.parquet")
    assert "latency_s" in table["metric"].tolist()
