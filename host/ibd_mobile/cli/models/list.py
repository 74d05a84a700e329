"""`ibd-mobile models list`: one line per model, one per file that travels with the package."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from ibd_mobile.core.model import Model, ReferenceAccuracy


def list_models(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List models with their variants, files, operations and reference accuracy."""
    import msgspec

    from ibd_mobile.catalog import library
    from ibd_mobile.cli import console

    found = library.models()
    if json:
        console.print_json({"schema": 2, "models": msgspec.to_builtins(list(found.values()))})
        return
    for model in found.values():
        console.out().print(_heading(model), soft_wrap=True)
        console.out().print(_files(model))


def _heading(model: "Model") -> str:
    taken = model.variants[0].input
    costs = [a.cost for v in model.variants for a in v.artifacts] + model.published
    macs_count = next((c.macs_count for c in costs if c.macs_count), 0)
    parameters_count = next((c.parameters_count for c in costs if c.parameters_count), 0)
    told = f"{macs_count:,} MACs, " if macs_count else ""
    told += f"{parameters_count:,} parameters" if parameters_count else "parameters not stated"
    size = f"{taken.height}×{taken.width}×{taken.channels}"
    return f"{model.id}: {model.application}, {size}, {told}"


def _files(model: "Model") -> "Table":
    from rich.table import Table

    table = Table("  from", "format", "precision", box=None, pad_edge=False)
    table.add_column("bytes", justify="right")
    table.add_column("accuracy")
    for variant in model.variants:
        for artifact in variant.artifacts:
            table.add_row(
                f"  {variant.training_framework}",
                artifact.format,
                artifact.precision,
                f"{artifact.size_bytes:,}",
                accuracy(artifact.reference or variant.reference),
            )
        if not variant.artifacts:
            origin = variant.source.format if variant.source else "untrained only"
            told = accuracy(variant.reference) if variant.source else ""
            table.add_row(f"  {variant.training_framework}", origin, "–", "–", told)
    return table


def accuracy(references: "list[ReferenceAccuracy]") -> str:
    """Say the first reference accuracy: "top1 90.9 % (n=1000)"."""
    if not references:
        return "not stated"
    first = references[0]
    value = f"{first.value:.2f}" if first.metric == "psnr_db" else f"{first.value:.1%}"
    return f"{first.metric} {value}" + (f" (n={first.n})" if first.n else "")
