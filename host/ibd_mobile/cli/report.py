"""`ibd-mobile report`: the six metrics of a run, in one of several formats."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ibd_mobile.cli.run import Runs

if TYPE_CHECKING:
    from ibd_mobile.results.archive import Run


def report(
    run: Annotated[
        str | None, typer.Argument(help="Run id or folder; the latest if none is given.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", help="terminal, markdown, json or csv.")
    ] = "terminal",
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    runs: Runs = Path("runs"),
) -> None:
    """Print the six metrics of a run; reads nothing but its archive."""
    from ibd_mobile.results.archive import Run

    print_report(Run.open(run_folder(run, runs)), "json" if json else format)


def print_report(run: "Run", format: str) -> None:
    """Print a run in one of the formats of `results/report`."""
    from ibd_mobile.cli import console
    from ibd_mobile.core.registry import member

    renderer = member("ibd_mobile.results.report", format)
    rendered = renderer.render(run.info, run.records(), run.failures())
    if isinstance(rendered, str):
        typer.echo(rendered, nl=not rendered.endswith("\n"))
    else:
        console.out().print(rendered)


def run_folder(run: str | None, runs: Path) -> Path:
    """Find the folder of a run by its id or path; the latest if `run` is None.

    Raises:
        InputError: there is none.
    """
    from ibd_mobile.results import run_root

    if run is None:
        return run_root.latest(runs)
    return Path(run) if "/" in run or Path(run).is_dir() else run_root.find(runs, run)
