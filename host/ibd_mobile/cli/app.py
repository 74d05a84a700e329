"""`ibd-mobile`: where it begins, and the one place where errors are printed."""

import gc
import sys
from typing import NoReturn

from ibd_mobile.core.errors import ExitCode, IbdError


def main() -> NoReturn:
    """Run the command line, and say what went wrong as a person would."""
    # Imports make many objects and no garbage. To look for it meanwhile, and once more at the end,
    # takes a seventh of the time of `ibd-mobile --help`.
    gc.disable()
    import typer

    from ibd_mobile.cli.group import app

    gc.freeze()
    gc.enable()
    #: typer brings its own copy of click or takes the one installed, by version; this is its base
    usage_error: type[Exception] = typer.BadParameter.__bases__[0]
    try:
        code = app(standalone_mode=False, prog_name="ibd-mobile")
    except IbdError as error:
        typer.echo(f"error: {error}", err=True)
        code = error.exit_code
    except typer.Abort:  # Ctrl-C where no run has to be put in order
        typer.echo("stopped", err=True)
        code = ExitCode.INTERRUPTED
    except usage_error as error:
        error.show()  # type: ignore[attr-defined]
        code = ExitCode.USAGE
    sys.exit(code or ExitCode.DONE)
