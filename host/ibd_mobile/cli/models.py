"""`ibd-mobile models`: the networks that can be measured."""

from typing import Annotated

import typer


def models(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List models with their files, sizes, operations and reference accuracy."""
    import msgspec
    from rich.table import Table

    from ibd_mobile.catalog import library
    from ibd_mobile.cli import console

    found = library.models()
    if json:
        console.print_json({"schema": 1, "models": msgspec.to_builtins(list(found.values()))})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("model", "application", "precision", "from", "format", "input", "MMACs", "kB"):
        table.add_column(column)
    table.add_column("top-1")
    for model in found.values():
        for artifact in model.artifacts:
            reference = next((r for r in artifact.reference if r.metric == "top1"), None)
            table.add_row(
                model.id,
                model.application,
                artifact.precision,
                artifact.training_framework,
                artifact.format,
                f"{model.input.height}×{model.input.width}×{model.input.channels}",
                f"{model.macs_count / 1e6:.1f}",
                f"{artifact.size_bytes / 1e3:.0f}",
                f"{reference.value:.1%} (n={reference.n})" if reference else "untrained",
            )
    console.out().print(table)
