"""`ibd-mobile sim`: simulated phones that stay up between commands."""

from typing import Annotated

import typer

app = typer.Typer(
    help="Start, stop and list simulated phones.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def up(
    profile: Annotated[str, typer.Argument(help="Profile id, such as sd855.")],
    speed: Annotated[
        float, typer.Option("--speed", min=1.0, help="Pace of its clock while no program runs.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the gauge's noise.")] = 0,
    knob: Annotated[
        list[str] | None,
        typer.Option("--knob", help="name=value, such as battery_pct=76 or plugged=true."),
    ] = None,
) -> None:
    """Start a simulated phone behind an adb server of its own, and leave it running."""
    from ibd_mobile.cli import simulated
    from ibd_mobile.machine.adb import find_adb
    from ibd_mobile.sim import knobs
    from ibd_mobile.sim import profile as profiles
    from ibd_mobile.sim.rack import Rack

    known = simulated.known_profile(profile)
    changes = _knobs(knob or [])
    knobs.changed(profiles.read(known).knobs, changes)  # refuses what there is not
    with Rack(simulated.standing_rack(), find_adb(), stays=True) as rack:
        phone = rack.start(known, speed=speed, seed=seed, knobs=changes)
        port = rack.server_port
    typer.echo(f"{phone.name} is up: serial {phone.serial}, adb server port {port}")
    typer.echo(f"  adb -P {port} -s {phone.serial} shell")
    typer.echo(f"  ibd-mobile run --device {phone.name} --sim")


@app.command()
def down(
    name: Annotated[
        str | None, typer.Argument(help="Name of a simulated phone; all if none is given.")
    ] = None,
) -> None:
    """Stop simulated phones; their storage is kept."""
    from ibd_mobile.cli.simulated import standing_rack
    from ibd_mobile.core.registry import unknown
    from ibd_mobile.sim import rack

    names = [p.name for p in rack.running(standing_rack())]
    if name is None:
        rack.down(standing_rack())
    elif name in names:
        rack.attach(standing_rack(), name).stop()
    else:
        raise unknown("simulated phone", name, names)
    for each in names if name is None else [name]:
        typer.echo(f"{each} is down")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the simulated phones that are up, and the profiles there are."""
    from ibd_mobile.cli import console
    from ibd_mobile.cli.simulated import standing_rack
    from ibd_mobile.sim import profile, rack

    up_now = [
        {
            "name": p.name,
            "profile": p.profile,
            "serial": p.serial,
            "server_port": p.server_port,
            "pid": p.pid,
        }
        for p in rack.running(standing_rack())
    ]
    if json:
        console.print_json({"schema": 1, "up": up_now, "profiles": profile.names()})
        return
    for phone in up_now:
        typer.echo("  ".join(f"{key} {value}" for key, value in phone.items()))
    if not up_now:
        typer.echo("no simulated phone is up")
    typer.echo(f"profiles: {', '.join(profile.names())}")


def _knobs(words: list[str]) -> dict[str, object]:
    """Read `name=value` words; a value is TOML's: true, 76, 25.0, or else text.

    Raises:
        InputError: a word has no `=`.
    """
    import tomllib

    from ibd_mobile.core.errors import InputError

    knobs: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"--knob {word}", "is not of the form name=value")
        try:
            knobs[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            knobs[name] = value
    return knobs
