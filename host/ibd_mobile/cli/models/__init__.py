"""`ibd-mobile models`: the networks that can be measured, and how their files come to be."""

from typing import Annotated

import typer

from ibd_mobile.cli.models.convert import convert
from ibd_mobile.cli.models.fetch import fetch
from ibd_mobile.cli.models.list import list_models
from ibd_mobile.cli.models.show import show
from ibd_mobile.cli.models.verify import verify

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="List models, fetch their weights, convert and verify them.",
)


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List models where no command is named."""
    if context.invoked_subcommand is None:
        list_models(json=json)


app.command("list")(list_models)
app.command("show")(show)
app.command("fetch")(fetch)
app.command("convert")(convert)
app.command("verify")(verify)
