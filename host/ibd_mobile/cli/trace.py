"""`ibd-mobile trace`: one job over time, for the Perfetto UI."""

from pathlib import Path
from typing import Annotated

import typer

from ibd_mobile.cli.run import Runs


def trace(
    run: Annotated[str, typer.Argument(help="Run id or folder.")],
    job: Annotated[str, typer.Argument(help="Job id.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; JOB.perfetto-trace if none is given."),
    ] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Write phases, inferences, power and sensors of a job as a Perfetto trace."""
    from ibd_mobile.cli import console
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.core.file import write_atomic
    from ibd_mobile.results import perfetto, timeline
    from ibd_mobile.results.archive import Run
    from ibd_mobile.results.document import host_errors

    found = timeline.read(Run.open(run_folder(run, runs)), job)
    path = output or Path(f"{job}.perfetto-trace")
    with host_errors(path):
        write_atomic(path, perfetto.encode(found))
    console.say(f"{path}: open it in the Perfetto UI")
