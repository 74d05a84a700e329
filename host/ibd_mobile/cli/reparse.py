"""`ibd-mobile reparse`: make every number of a run again from what the phone wrote."""

from pathlib import Path
from typing import Annotated

import typer

from ibd_mobile.cli.run import Runs


def reparse(
    run: Annotated[
        str | None, typer.Argument(help="Run id or folder; the latest if none is given.")
    ] = None,
    runs: Runs = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="Print what changed as JSON.")] = False,
) -> None:
    """Compute traces, metrics and findings of all filed jobs anew, without a phone."""
    from ibd_mobile.bench.measure import reparse_job
    from ibd_mobile.cli import console
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.results.run_writer import RunWriter

    with RunWriter.resume(run_folder(run, runs)) as archive:
        done = archive.done_ids()
        changed = {
            job.id: reparse_job(archive, job.id) for job in archive.info.jobs if job.id in done
        }
    if json:
        console.print_json({"schema": 1, "run": archive.info.id, "changed": changed})
        return
    for job_id, names in changed.items():
        what = f"changed: {', '.join(names)}" if names else "the same, bit for bit"
        typer.echo(f"{job_id}  {what}")
