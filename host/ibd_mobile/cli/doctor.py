"""`ibd-mobile doctor`: what this computer has and lacks for measuring."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ibd_mobile.bench.checkup import Check


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    prepare: Annotated[
        str, typer.Option(help="Make a Python for this framework first, from PyPI.")
    ] = "",
) -> None:
    """Check this computer: adb, payloads, frameworks, simulated phones, disk."""
    if prepare:
        _prepare(prepare)
    from ibd_mobile.bench.checkup import checkup
    from ibd_mobile.cli import console
    from ibd_mobile.cli.simulated import folder
    from ibd_mobile.core.errors import ExitCode

    checks = [*checkup(), _simulation()]
    if json:
        rows = [
            {"name": c.name, "state": c.state, "fact": c.fact, "remedy": c.remedy} for c in checks
        ]
        console.print_json({"schema": 1, "checks": rows, "sim_folder": str(folder())})
    else:
        marks = {"ok": "✓", "limit": "·", "problem": "✗"}
        for check in checks:
            typer.echo(f"{marks[check.state]} {check.name}: {check.fact}")
            if check.remedy:
                typer.echo(f"    {check.remedy}")
    if any(c.state == "problem" for c in checks):
        raise typer.Exit(ExitCode.HOST)


def _simulation() -> "Check":
    from ibd_mobile.bench.checkup import Check
    from ibd_mobile.core.errors import HostError
    from ibd_mobile.sim.namespace import require_namespaces

    try:
        require_namespaces()
    except HostError as error:
        return Check("simulated phones", "limit", error.problem, error.remedy)
    return Check("simulated phones", "ok", "namespaces are allowed")


def _prepare(framework: str) -> None:
    from ibd_mobile.core.errors import InputError
    from ibd_mobile.core.registry import member

    worker = getattr(member("ibd_mobile.frameworks", framework), "WORKER", None)
    if worker is None:
        raise InputError(f"framework '{framework}'", "does not run in a Python of its own")
    typer.echo(f"{framework}: {worker.prepare()}", err=True)
