"""`ibd-mobile doctor`: what this computer has and lacks for measuring."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ibd_mobile.bench.checkup import Check


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Check this computer: adb, payloads, frameworks, simulated phones, disk."""
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
