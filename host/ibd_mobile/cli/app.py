"""`ibd-mobile`: the commands, and the one place where errors are printed.

Nothing heavy is imported here or in the commands' files; each imports its layer when it is run.
"""

import sys
from typing import NoReturn

import typer

from ibd_mobile.cli import devices, doctor, models, reparse, report, resume, run, sim
from ibd_mobile.core.errors import ExitCode, IbdError

app = typer.Typer(
    name="ibd-mobile",
    help="Measure DNN inference on phones and hosts, with numbers one can defend.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("resume")(resume.resume)
app.command("report")(report.report)
app.command("reparse")(reparse.reparse)
app.command("devices")(devices.devices)
app.command("models")(models.models)
app.command("doctor")(doctor.doctor)
app.add_typer(sim.app, name="sim")


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Measure DNN inference on phones and hosts, with numbers one can defend."""
    if show:
        from ibd_mobile.core.version import VERSION

        typer.echo(f"ibd-mobile {VERSION}")
        raise typer.Exit


#: typer brings its own copy of click or takes the one installed, by version; this is its base
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main() -> NoReturn:
    """Run the command line, and say what went wrong as a person would."""
    try:
        code = app(standalone_mode=False)
    except IbdError as error:
        typer.echo(f"error: {error}", err=True)
        code = error.exit_code
    except typer.Abort:  # Ctrl-C where no run has to be put in order
        typer.echo("stopped", err=True)
        code = ExitCode.INTERRUPTED
    except _UsageError as error:
        error.show()  # type: ignore[attr-defined]
        code = ExitCode.USAGE
    sys.exit(code or ExitCode.DONE)
