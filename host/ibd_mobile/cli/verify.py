"""`ibd-mobile verify`: does a run still say what its raw files say."""

from pathlib import Path
from typing import Annotated

import typer

from ibd_mobile.cli.run import Runs


def verify(
    run: Annotated[
        str | None, typer.Argument(help="Run id or folder; the latest if none is given.")
    ] = None,
    runs: Runs = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check every hash, and make every metric and finding again from raw/; changes nothing."""
    from ibd_mobile.bench.measure import record_of
    from ibd_mobile.cli import console
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.core.errors import DataError
    from ibd_mobile.results.archive import Run, existing
    from ibd_mobile.results.audit import audit_files, audit_job
    from ibd_mobile.results.report._heading import printable
    from ibd_mobile.results.seal import SEAL

    folder = existing(run_folder(run, runs))
    flaws = audit_files(folder)
    archive = Run.open(folder)
    done = archive.done_ids()
    for job in archive.info.jobs:
        if job.id in done:
            flaws += audit_job(archive, job.id, record_of)
    flaws = list(dict.fromkeys(flaws))
    if json:
        found = [{"path": flaw.path, "problem": flaw.problem} for flaw in flaws]
        checked = {"schema": 1, "run": archive.info.id, "jobs": sorted(done), "flaws": found}
        console.print_json(checked)
    else:
        for flaw in flaws:
            typer.echo(printable(f"{flaw.path}: {flaw.problem}"))
    if [flaw.path for flaw in flaws] == [SEAL]:
        problem = "has no seal: its writer was killed, or is older than seals are"
        raise DataError(f"run {folder.name}", problem, f"`ibd-mobile resume {run or ''}` seals it.")
    if flaws:
        problem = f"is not what it was: {len(flaws)} flaw{'s' if len(flaws) > 1 else ''}"
        raise DataError(f"run {folder.name}", problem, "Take the run from a copy.")
    console.say(f"{archive.info.id}: {len(done)} jobs, every hash and number as filed", quiet=json)
