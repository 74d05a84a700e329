"""`ibd-mobile resume`: go on with a run that was interrupted, or whose jobs failed."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from ibd_mobile.cli.run import AwayLimit, OverrunLimit, PicturesFolders, Runs


def resume(
    run: Annotated[
        str | None, typer.Argument(help="Run id or folder; the latest if none is given.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=1.0, help="Pace of a simulated phone's clock.")
    ] = 60.0,
    pictures: PicturesFolders = None,
    runs: Runs = Path("runs"),
    away_limit: AwayLimit = 180.0,
    overrun_limit: OverrunLimit = 240.0,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run the jobs of a run that have no record yet."""
    from ibd_mobile.bench.patience import Patience
    from ibd_mobile.bench.pictures import check_planned, folders_by_set, with_pictures
    from ibd_mobile.bench.target import open_target
    from ibd_mobile.catalog.stock import Stock
    from ibd_mobile.cli import follow, simulated
    from ibd_mobile.cli.report import run_folder
    from ibd_mobile.convert.make import converted
    from ibd_mobile.convert.shelf import Shelf
    from ibd_mobile.results.run_writer import RunWriter

    stock = Stock.read().with_converted(converted(kept) for kept in Shelf().stages())
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(RunWriter.resume(run_folder(run, runs)))
        done = archive.done_ids()
        open_models = {job.model for job in archive.info.jobs if job.id not in done}
        planned = {id: d for id, d in archive.info.datasets.items() if id in open_models}
        if planned:
            folders = folders_by_set([str(path) for path in pictures or ()])
            counts = {dataset.pictures: dataset.count for dataset in planned.values()}
            stock = with_pictures(stock, archive.info.study, folders, counts)
            check_planned(stock, planned)
        open_slots = {job.slot for job in archive.info.jobs if job.id not in done}
        slots = [slot for slot in archive.info.slots if slot.id in open_slots]
        if archive.info.is_simulated:
            slots = [
                stack.enter_context(simulated.phone(slot.id, speed=speed, serial=slot.serial))
                for slot in slots
            ]
        targets = [open_target(slot, stock) for slot in slots]
        patience = Patience(away_limit, overrun_limit)
        follow.execute(archive, targets, stock, patience, json=json)
