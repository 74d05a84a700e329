"""`ibd-mobile query`: SQL over archives."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ibd_mobile.cli.run import Runs

if TYPE_CHECKING:
    from ibd_mobile.results.archive import Run
    from ibd_mobile.results.query import Answer


def query(
    sql: Annotated[
        str,
        typer.Argument(help="One SELECT from jobs, metrics, findings, inferences or samples."),
    ],
    run: Annotated[
        list[str] | None, typer.Option("--run", help="Run id or folder, instead of all runs.")
    ] = None,
    runs: Runs = Path("runs"),
    format: Annotated[str, typer.Option("--format", "-f", help="table, csv or json.")] = "table",
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Ask all archives with SQL; nothing but them is read, and nothing is written."""
    from ibd_mobile.core.registry import unknown
    from ibd_mobile.results import database

    printers = {"table": _print_table, "csv": _print_csv, "json": _print_json}
    form = "json" if json else format
    if form not in printers:
        raise unknown("format", form, printers)
    printers[form](database.ask(_runs(run, runs), sql))


def _runs(named: list[str] | None, root: Path) -> "list[Run]":
    """Open the runs that are named, or all; one of all that cannot be read is said and left out."""
    from ibd_mobile.cli import console
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.core.errors import DataError
    from ibd_mobile.results import run_root
    from ibd_mobile.results.archive import Run

    if named:
        return [Run.open(run_folder(id, root)) for id in named]
    found = []
    run_root.latest(root)  # says so where there is none
    for path in run_root.runs(root):
        try:
            found.append(Run.open(path))
        except DataError as error:
            console.say(f"left out: {error.subject}: {error.problem}")
    return found


def _print_table(answer: "Answer") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from ibd_mobile.cli import console
    from ibd_mobile.results.report._heading import printable

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="")
    for number, name in enumerate(answer.names):
        values = [row[number] for row in answer.rows]
        is_number = any(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        table.add_column(Text(printable(name)), justify="right" if is_number else "left")
    for row in answer.rows:
        table.add_row(*(Text(printable(_cell(value))) for value in row))
    console.out().print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _print_csv(answer: "Answer") -> None:
    import csv

    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(answer.names)
    table.writerows(answer.rows)


def _print_json(answer: "Answer") -> None:
    """Print a list of objects; what JSON does not have, such as a date, is text."""
    import json

    rows = [dict(zip(answer.names, row, strict=True)) for row in answer.rows]
    json.dump(rows, sys.stdout, indent=1, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
