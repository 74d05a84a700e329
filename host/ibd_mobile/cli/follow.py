"""A run as it is watched: live view on a terminal, plain lines elsewhere, the report at its end."""

from collections.abc import Sequence

import typer

from ibd_mobile.bench.patience import Patience
from ibd_mobile.bench.scheduler import Outcome, Scheduler
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.cli import console
from ibd_mobile.cli.live import LiveView
from ibd_mobile.cli.plain import PlainLines
from ibd_mobile.cli.report import print_report
from ibd_mobile.core.errors import ExitCode
from ibd_mobile.results.run_writer import RunWriter
from ibd_mobile.results.shortfall import left_out


def execute(
    run: RunWriter, targets: Sequence[Target], stock: Stock, patience: Patience, *, json: bool
) -> None:
    """Run the open jobs, show what happens, print the report, and exit with what came of it.

    Raises:
        typer.Exit: some jobs failed, or somebody pressed Ctrl-C.
    """
    for lacking in left_out(run.info.skips):
        console.say(f"left out: {lacking.what}: {lacking.reason}", quiet=json)
    terminal = console.err()
    if json:
        outcome = Scheduler(run, stock, lambda _: None, patience).execute(targets)
    elif terminal.is_terminal:
        with LiveView(run, terminal) as view:
            outcome = Scheduler(run, stock, view.watch, patience).execute(targets)
    else:
        outcome = Scheduler(run, stock, PlainLines(run, terminal).watch, patience).execute(targets)
    print_report(run, "json" if json else "terminal")
    _finish(run, outcome, json=json)


def _finish(run: RunWriter, outcome: Outcome, *, json: bool) -> None:
    console.say(f"archive: {run.path}", quiet=json)
    open_count = len(run.info.jobs) - len(run.done_ids())
    if outcome.is_interrupted:
        console.say(f"stopped, phones put back; `ibd-mobile resume {run.info.id}` goes on")
        raise typer.Exit(ExitCode.INTERRUPTED)
    if open_count:
        console.say(
            f"{open_count} of {len(run.info.jobs)} jobs failed, the rest are filed;"
            f" `ibd-mobile resume {run.info.id}` tries them again"
        )
        raise typer.Exit(ExitCode.SOME_JOBS_FAILED)
