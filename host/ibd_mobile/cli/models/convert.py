"""`ibd-mobile models convert`: make a file that an inference framework can read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from ibd_mobile.convert.recipe import Wish
    from ibd_mobile.convert.shelf import Kept

#: what is made where nobody says in which format
_USUAL = {"tensorflow": "tflite", "pytorch": "onnx", "caffe2": "onnx"}

Calibration = Annotated[
    Path | None,
    typer.Option("--calibration", help="Folder of pictures for int8 of trained networks."),
]


def convert(
    model: Annotated[str, typer.Argument(help="Model id.")],
    training_framework: Annotated[
        str | None,
        typer.Option("--training-framework", help="tensorflow, pytorch or caffe2."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="tflite, onnx, pt2, caffe2, dlc, om …")
    ] = None,
    precision: Annotated[
        str, typer.Option("--precision", help="float32, float16, int8 or int8_dynamic.")
    ] = "float32",
    batch: Annotated[
        int, typer.Option("--batch", min=-1, help="Leading dimension; -1 leaves it open.")
    ] = -1,
    input_size: Annotated[
        int, typer.Option("--input-size", min=0, help="Height of the input, pixels; 0 = its own.")
    ] = 0,
    untrained: Annotated[
        bool, typer.Option("--untrained", help="Random weights: for speed and power only.")
    ] = False,
    calibration: Calibration = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Copy what was made into this folder too.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Convert a model, compare the outcome with its source, and keep it for runs."""
    import msgspec

    from ibd_mobile.catalog import library
    from ibd_mobile.cli import console
    from ibd_mobile.cli.models.choice import choose
    from ibd_mobile.cli.models.transfer import Transfers
    from ibd_mobile.convert.make import Maker

    found = library.lookup("model", model)
    variant = choose(found, training_framework)
    wish = {
        "format": to or _USUAL[variant.training_framework],
        "precision": precision,
        "batch": batch,
        "input_size": input_size,
        "is_untrained": untrained,
    }
    with Transfers(quiet=json) as transfers:
        maker = Maker(
            say=lambda text: console.say(f"converting {text} …", quiet=json),
            report=transfers.report,
            calibration_folder=calibration,
        )
        stages = maker.make(found, variant, _typed(wish))
    if out is not None:
        _copy(stages[-1], out)
    if json:
        told = [msgspec.to_builtins(s.stage) | {"folder": str(s.folder)} for s in stages]
        console.print_json({"schema": 1, "stages": told})
        return
    console.out().print(table_of(stages))
    console.out().print(f"kept in {(out or stages[-1].folder)}", soft_wrap=True, markup=False)


def table_of(stages: "list[Kept]") -> "Table":
    """Lay out the stages of a conversion, one row each."""
    from rich.table import Table

    from ibd_mobile.core.units import BYTES_PER_MIB

    table = Table("step", "made", box=None, pad_edge=False)
    for heading in ("MiB", "s", "peak MiB", "noise", "cosine", "top-1"):
        table.add_column(heading, justify="right")
    for kept in stages:
        stage = kept.stage
        worst = max(stage.likeness, key=lambda one: one.noise_ratio, default=None)
        agreement = worst.top1_agreement_ratio if worst else None
        table.add_row(
            stage.step,
            f"{stage.precision} {stage.format}",
            f"{stage.size_bytes / BYTES_PER_MIB:.2f}",
            f"{stage.wall_s:.1f}",
            f"{stage.peak_bytes / BYTES_PER_MIB:.0f}",
            f"{worst.noise_ratio:.1e}" if worst else "–",
            f"{worst.cosine:.5f}" if worst else "–",
            f"{agreement:.0%}" if agreement is not None else "–",
        )
    return table


def _typed(wish: dict[str, object]) -> "Wish":
    import msgspec

    from ibd_mobile.convert.recipe import Wish
    from ibd_mobile.core.errors import InputError

    try:
        return msgspec.convert(wish, Wish)
    except msgspec.ValidationError as error:
        raise InputError("models convert", str(error)) from error


def _copy(kept: "Kept", folder: Path) -> None:
    import shutil

    from ibd_mobile.core.errors import HostError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in kept.folder.iterdir():
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise HostError(str(folder), f"cannot be written: {error.strerror or error}") from error
