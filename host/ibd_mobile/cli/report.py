"""`ibd-mobile report`: the six metrics of a run, in one of several formats."""

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ibd_mobile.cli.run import Runs

if TYPE_CHECKING:
    from ibd_mobile.results.archive import Run
    from ibd_mobile.results.relations import Filed

#: formats that can follow each other in one stream
_PROSE = ("terminal", "markdown", "latex", "aiia")


def report(
    run: Annotated[
        list[str] | None, typer.Argument(help="Run ids or folders; the latest if none is given.")
    ] = None,
    format: Annotated[
        str,
        typer.Option("--format", "-f", help="terminal, markdown, latex, aiia, csv, parquet, json."),
    ] = "terminal",
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one self-contained page to this file.")
    ] = None,
    charts: Annotated[
        Path | None,
        typer.Option(
            "--charts", help="Write each chart of the page as an SVG file to this folder."
        ),
    ] = None,
    job: Annotated[
        list[str] | None,
        typer.Option(
            "--job", help="With --html or --charts: id of a job to draw, instead of the first ones."
        ),
    ] = None,
    draw: Annotated[
        int,
        typer.Option("--draw", min=0, help="With --html or --charts: so many jobs are drawn."),
    ] = 16,
    runs: Runs = Path("runs"),
) -> None:
    """Print the six metrics of a run; reads nothing but its archive."""
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.results.archive import Run

    named: list[str | None] = [*run] if run else [None]
    opened = [Run.open(run_folder(id, runs)) for id in named]
    form = "json" if json else format
    if html is not None:
        _write_page(opened, html, job, draw)
    if charts is not None:
        _write_charts(opened, charts, job, draw)
    if html is not None or charts is not None:
        return
    if job:
        raise InputError("--job", "names what a page draws", "Say --html FILE or --charts FOLDER.")
    if len(opened) > 1 and form not in _PROSE:
        remedy = "Name one run, or ask them all with `ibd-mobile query`."
        raise InputError(f"format '{form}'", "holds one run", remedy)
    for one in opened:
        print_report(one, form)


def print_report(run: "Run", format: str) -> None:
    """Print a run in one of the formats of `results/report`."""
    from ibd_mobile.cli import console
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.core.registry import member

    renderer = member("ibd_mobile.results.report", format)
    rendered = renderer.render(run.info, run.records(), run.failures())
    if isinstance(rendered, str):
        typer.echo(rendered, nl=not rendered.endswith("\n"))
    elif not isinstance(rendered, bytes):
        console.out().print(rendered)
    elif sys.stdout.isatty():
        raise InputError(f"format '{format}'", "is not for a terminal", "Add > FILE to the line.")
    else:
        sys.stdout.buffer.write(rendered)


def _write_page(runs: "list[Run]", path: Path, drawn: list[str] | None, count: int) -> None:
    from ibd_mobile.cli import console
    from ibd_mobile.core.file import write_atomic
    from ibd_mobile.results.document import host_errors
    from ibd_mobile.results.page.page import render

    text = render(_read(runs), drawn, count)
    with host_errors(path):
        write_atomic(path, text.encode())
    console.say(f"{path}: open it in a browser")


def _read(runs: "list[Run]") -> "list[Filed]":
    """Read runs; the garbage collector need not look at them again, which takes it long."""
    from ibd_mobile.results.relations import Filed

    filed = [Filed.read(run) for run in runs]
    gc.freeze()
    return filed


def _write_charts(runs: "list[Run]", folder: Path, drawn: list[str] | None, count: int) -> None:
    """Write charts beside each other; what lies there and is no chart of ours is left alone."""
    from ibd_mobile.cli import console
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.core.file import write_atomic
    from ibd_mobile.results.chart.drawing import is_ours
    from ibd_mobile.results.document import host_errors
    from ibd_mobile.results.page.chart_files import chart_files

    made = chart_files(_read(runs), drawn, count)
    with host_errors(folder):
        for path in (folder / name for name in made):
            if os.path.lexists(path) and not is_ours(path):
                raise InputError(
                    str(path), "is there and was not drawn by ibd-mobile", "Name another folder."
                )
        for name, text in made.items():
            write_atomic(folder / name, text.encode())
    console.say(f"{folder}: {len(made)} charts")


def run_folder(run: str | None, runs: Path) -> Path:
    """Find the folder of a run by its id or path; the latest if `run` is None.

    Raises:
        InputError: there is none.
    """
    from ibd_mobile.results import run_root

    if run is None:
        return run_root.latest(runs)
    return Path(run) if "/" in run or Path(run).is_dir() else run_root.find(runs, run)
