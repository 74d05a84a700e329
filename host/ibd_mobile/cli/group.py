"""The group of all commands, which imports the file of a command only where that one is run."""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

#: command, which is also the name of its file -> what the help says of it; a test compares them
COMMANDS = {
    "run": "Measure a study on one or more machines and print the six metrics.",
    "resume": "Run the jobs of a run that have no record yet.",
    "report": "Print the six metrics of a run; reads nothing but its archive.",
    "compare": "Compare two measurements that differ in one thing; refuse all others.",
    "query": "Ask all archives with SQL; nothing but them is read, and nothing is written.",
    "trace": "Write phases, inferences, power and sensors of a job as a Perfetto trace.",
    "verify": "Check every hash, and make every metric and finding again from raw/; changes"
    " nothing.",
    "reparse": "Compute traces, metrics and findings of all filed jobs anew, without a phone.",
    "devices": "List connected phones with what they were recognised as, and the devices of the"
    " catalog.",
    "models": "List models, fetch their weights, convert and verify them.",
    "doctor": "Check this computer: adb, payloads, frameworks, simulated phones, disk.",
    "sim": "Start, stop and list simulated phones.",
}


class CommandGroup(TyperGroup):
    """Lists commands by `COMMANDS`, and imports the one that is run.

    To import them all, and to let typer look at every option, would take a tenth of the time that
    `ibd-mobile --help` may take.
    """

    def __init__(self, **attributes: Any) -> None:
        listed = {
            name: _told_whole(TyperCommand(name=name, help=t)) for name, t in COMMANDS.items()
        }
        super().__init__(**{**attributes, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command that the words name, ready to be run."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and load(str(listed.name)), rest


def load(name: str) -> Any:
    """Import the file of a command, or of a group of them, and return what typer makes of it."""
    module = importlib.import_module(f"ibd_mobile.cli.{name}")
    if hasattr(module, "app"):
        command: Any = typer.main.get_group(module.app)
        for one in command.commands.values():
            _told_whole(one)
    else:
        own = typer.Typer(rich_markup_mode=None, add_completion=False)
        own.command(name)(getattr(module, name))
        command = typer.main.get_command(own)
    command.name = name
    return command


def _told_whole(command: Any) -> Any:
    """Let lists say the whole first paragraph; click would cut it after 45 letters."""
    command.short_help = (command.help or "").split("\n\n")[0]
    return command


app = typer.Typer(
    name="ibd-mobile",
    cls=CommandGroup,
    help="Measure DNN inference on phones and hosts, with numbers one can defend.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Measure DNN inference on phones and hosts, with numbers one can defend."""
    if show:
        from ibd_mobile.core.version import VERSION

        typer.echo(f"ibd-mobile {VERSION}")
        raise typer.Exit
