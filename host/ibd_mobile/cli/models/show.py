"""`ibd-mobile models show`: everything that is known of one model."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ibd_mobile.convert.sources import Sources
    from ibd_mobile.core.model import Cost, Model, Source, Variant


def show(
    model: Annotated[str, typer.Argument(help="Model id.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show a model's variants, sources, costs, accuracy and the files made of it here."""
    import msgspec

    from ibd_mobile.catalog import library
    from ibd_mobile.cli import console
    from ibd_mobile.convert.shelf import Shelf
    from ibd_mobile.convert.sources import Sources

    found = library.lookup("model", model)
    made = [kept.stage for kept in Shelf().stages() if kept.stage.model == model]
    if json:
        told = {"model": msgspec.to_builtins(found), "made": msgspec.to_builtins(made)}
        console.print_json({"schema": 1, **told})
        return
    lines = [
        *_of_model(found),
        *(line for v in found.variants for line in _of(found, v, Sources())),
    ]
    if made:
        lines += ["", "made on this computer:"]
    for stage in made:
        weights = "untrained " if stage.is_untrained else ""
        lines.append(
            f"  {stage.training_framework} {weights}{stage.precision} {stage.format}:"
            f" {stage.file}, {stage.size_bytes:,} bytes, {_cost(stage.cost)},"
            f" stage {stage.key[:12]}"
        )
    for line in lines:
        console.out().print(line, soft_wrap=True, markup=False)


def _of_model(model: "Model") -> Iterator[str]:
    from ibd_mobile.bench.pictures import fits
    from ibd_mobile.catalog import library

    yield f"{model.id}: {model.name}, {model.application}"
    if model.notes:
        yield f"  {model.notes}"
    for cost in model.published:
        yield f"  published: {_cost(cost)} ({cost.counter}; {cost.source})"
    if model.dataset:
        yield f"  data set: {model.dataset.id}, {model.dataset.count} samples"
    elif fitting := [id for id, one in library.picture_sets().items() if fits(one, model)]:
        yield f"  data set: none of its own; --pictures takes {', '.join(fitting)}"


def _of(model: "Model", variant: "Variant", sources: "Sources") -> Iterator[str]:
    taken = variant.input
    yield ""
    yield (
        f"from {variant.training_framework}: {taken.height}×{taken.width}×{taken.channels}"
        f" {taken.layout} {taken.colour_order}, (x − {_list(taken.mean)}) / {_list(taken.scale)},"
        f" resize {taken.resize}; licence {variant.licence}"
    )
    labels = f", labels {variant.labels}" if variant.labels else ""
    yield f"  {variant.outputs_count} outputs{labels}"
    if variant.notes:
        yield f"  {variant.notes}"
    if variant.source is not None:
        yield from _of_source(model, variant.source, sources)
    if variant.definition is not None:
        definition = variant.definition
        yield f"  untrained: {definition.library} {definition.name}"
    for reference in variant.reference:
        yield f"  accuracy: {reference.metric} {reference.value:g} ({reference.source})"
    for artifact in variant.artifacts:
        yield (
            f"  {artifact.precision} {artifact.format}: {artifact.file},"
            f" {artifact.size_bytes:,} bytes, {_cost(artifact.cost)}"
        )


def _of_source(model: "Model", source: "Source", sources: "Sources") -> Iterator[str]:
    is_here = sources.here(model, source) is not None
    yield f"  source: {source.format}, {'here' if is_here else 'not fetched yet'}; {source.origin}"
    for file in source.files:
        known = sources.pinned(file)
        fact = f"SHA-256 {known}" if known else "to be pinned at the first fetch"
        yield f"    {file.url}" + (f" › {file.member}" if file.member else "")
        yield f"    {fact}"


def _cost(cost: "Cost") -> str:
    macs = f"{cost.macs_count:,} MACs" if cost.macs_count else "MACs not stated"
    parameters = f"{cost.parameters_count:,} parameters" if cost.parameters_count else ""
    return ", ".join(part for part in (macs, parameters) if part)


def _list(values: list[float]) -> str:
    same = set(values)
    return f"{values[0]:g}" if len(same) == 1 else "(" + ", ".join(f"{v:g}" for v in values) + ")"
