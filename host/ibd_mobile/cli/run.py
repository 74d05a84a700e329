"""`ibd-mobile run`: measure a study on one or more machines."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STUDY = "shapes"

Runs = Annotated[
    Path, typer.Option("--runs", envvar="IBD_RUNS", help="Folder that holds all runs.")
]
AwayLimit = Annotated[
    float,
    typer.Option(
        "--away-limit",
        min=1.0,
        envvar="IBD_AWAY_LIMIT_S",
        help="Give up a phone that has been away for so long, s.",
    ),
]
OverrunLimit = Annotated[
    float,
    typer.Option(
        "--overrun-limit",
        min=1.0,
        envvar="IBD_OVERRUN_LIMIT_S",
        help="Kill a program that takes longer than it should by so long, s.",
    ),
]
#: a list of paths, since the environment may hold several with ":" between them
PicturesFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--pictures",
        envvar="IBD_PICTURES",
        help="Where a picture set lies: imagenet_val=/data/imagenet. May be given again.",
    ),
]


def run(
    device: Annotated[
        list[str],
        typer.Option(
            "--device", "-d", help="Device id, adb serial or slot name. May be given again."
        ),
    ],
    study: Annotated[
        str, typer.Option("--study", help="Study id, or the path of a study's TOML file.")
    ] = DEFAULT_STUDY,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="Protocol id, instead of the study's.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Model id, instead of the study's.")
    ] = None,
    training_framework: Annotated[
        list[str] | None,
        typer.Option("--training-framework", help="tensorflow, pytorch or caffe2."),
    ] = None,
    precision: Annotated[
        list[str] | None, typer.Option("--precision", help="float32, float16, int8 …")
    ] = None,
    framework: Annotated[
        list[str] | None, typer.Option("--framework", help="Inference framework id.")
    ] = None,
    processor: Annotated[
        list[str] | None, typer.Option("--processor", help="cpu, gpu, dsp or npu.")
    ] = None,
    threads: Annotated[
        list[int] | None, typer.Option("--threads", min=1, help="CPU threads.")
    ] = None,
    batch: Annotated[
        list[str] | None,
        typer.Option("--batch", help="Samples per inference; several as 1,2,4 or given again."),
    ] = None,
    input_size: Annotated[
        list[str] | None,
        typer.Option("--input-size", help="Height of the input, pixels; several as 128,224."),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option("--repeats", min=1, help="Measure each so often; best an even number."),
    ] = None,
    untrained: Annotated[
        bool,
        typer.Option("--untrained", help="Random weights: speed and power only, marked UNTRAINED."),
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", help="Folder of pictures for int8 of trained networks."),
    ] = None,
    pictures: PicturesFolders = None,
    pictures_count: Annotated[
        int | None,
        typer.Option("--pictures-count", min=1, help="Only the first so many pictures of a set."),
    ] = None,
    sim: Annotated[
        bool, typer.Option("--sim", help="Use a simulated phone; results are marked SIMULATED.")
    ] = False,
    speed: Annotated[
        float,
        typer.Option(
            "--speed", min=1.0, help="Pace of a simulated phone's clock while no program runs."
        ),
    ] = 60.0,
    adb_port: Annotated[
        int, typer.Option("--adb-port", help="Port of the adb server; 0 = the usual one.")
    ] = 0,
    runs: Runs = Path("runs"),
    away_limit: AwayLimit = 180.0,
    overrun_limit: OverrunLimit = 240.0,
    json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, and no live view.")
    ] = False,
) -> None:
    """Measure a study on one or more machines and print the six metrics."""
    from ibd_mobile.bench.patience import Patience
    from ibd_mobile.bench.pictures import folders_by_set, named_datasets, with_pictures
    from ibd_mobile.bench.plan import plan
    from ibd_mobile.bench.provision import provision
    from ibd_mobile.bench.target import find_slots, open_target
    from ibd_mobile.catalog.stock import Stock
    from ibd_mobile.cli import console, follow, simulated
    from ibd_mobile.cli.axes import Axes, narrow, whole_numbers
    from ibd_mobile.convert.make import Maker
    from ibd_mobile.core.version import VERSION
    from ibd_mobile.results.run_info import RunInfo
    from ibd_mobile.results.run_writer import RunWriter

    stock = Stock.read()
    axes = Axes(
        models=model,
        training_frameworks=training_framework,
        precisions=precision,
        frameworks=framework,
        processors=processor,
        threads=threads,
        batches=whole_numbers("--batch", batch),
        input_sizes=whole_numbers("--input-size", input_size),
        weights="untrained" if untrained else None,
        protocol=protocol,
        repeats=repeats,
    )
    asked = narrow(stock, study, axes)
    folders = folders_by_set([str(path) for path in pictures or ()])
    counts = dict.fromkeys(folders, pictures_count) if pictures_count else {}
    stock = with_pictures(stock, asked, folders, counts, lambda text: console.say(text, quiet=json))
    with contextlib.ExitStack() as stack:
        names = dict.fromkeys(device)  # a machine that is named twice is measured once
        if sim:
            slots = [stack.enter_context(simulated.phone(name, speed=speed)) for name in names]
        else:
            found = [slot for name in names for slot in find_slots(name, stock, adb_port)]
            slots = list({slot.serial: slot for slot in found}.values())
        console.say(f"reaching {', '.join(slot.id for slot in slots)} …", quiet=json)
        targets = [open_target(slot, stock) for slot in slots]
        maker = Maker(
            say=lambda text: console.say(f"converting {text}", quiet=json),
            calibration_folder=calibration,
        )
        stock, reasons = provision(asked, targets, stock, maker)
        cells = plan(asked, targets, stock.models, reasons)
        info = RunInfo(
            schema=2,
            tool_version=VERSION,
            study=asked,
            protocol=stock.protocols[asked.protocol],
            slots=[t.slot for t in targets],
            jobs=cells.jobs,
            skips=cells.skips,
            is_simulated=any(t.identity.is_simulated for t in targets),
            datasets=named_datasets(stock, cells.jobs),
        )
        with stack.enter_context(RunWriter.create(runs, info)) as archive:
            follow.execute(archive, targets, stock, Patience(away_limit, overrun_limit), json=json)
