"""`ibd-mobile models fetch`: bring published weights to this computer."""

from pathlib import Path
from typing import Annotated

import typer


def fetch(
    model: Annotated[str, typer.Argument(help="Model id.")],
    training_framework: Annotated[
        str | None,
        typer.Option("--training-framework", help="tensorflow, pytorch or caffe2."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", help="A file, or a folder with the files, to take instead of the network."
        ),
    ] = None,
) -> None:
    """Fetch a model's weights, check their hash, and keep them."""
    from ibd_mobile.catalog import library
    from ibd_mobile.cli import console
    from ibd_mobile.cli.models.choice import choose
    from ibd_mobile.cli.models.transfer import Transfers
    from ibd_mobile.convert.sources import Sources
    from ibd_mobile.core.errors import InputError

    found = library.lookup("model", model)
    variant = choose(found, training_framework)
    if variant.source is None:
        raise InputError(
            f"model '{model}'",
            f"has no published weights from {variant.training_framework} in the catalog",
            "Use --untrained with `models convert` or `run`.",
        )
    sources = Sources()
    with Transfers(quiet=False) as transfers:
        files = sources.fetch(found, variant.source, transfers.report, from_)
    for file in variant.source.files:
        is_pinned = "" if file.sha256 else " (pinned at this first fetch)"
        console.out().print(f"{files[file.role]}", soft_wrap=True, markup=False)
        console.out().print(f"  SHA-256 {sources.pinned(file)}{is_pinned}", soft_wrap=True)
