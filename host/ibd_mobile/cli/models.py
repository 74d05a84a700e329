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
    for model in found.values():
        taken = model.input
        console.out().print(
            f"{model.id}: {model.application}, {taken.height}×{taken.width}×{taken.channels},"
            f" {model.macs_count:,} MACs, {model.parameters_count:,} parameters",
            soft_wrap=True,
        )
        table = Table("  precision", "from", "format", box=None, pad_edge=False)
        table.add_column("bytes", justify="right")
        table.add_column("top-1")
        for artifact in model.artifacts:
            reference = next((r for r in artifact.reference if r.metric == "top1"), None)
            table.add_row(
                f"  {artifact.precision}",
                artifact.training_framework,
                artifact.format,
                f"{artifact.size_bytes:,}",
                f"{reference.value:.1%} (n={reference.n})" if reference else "not stated",
            )
        console.out().print(table)
