"""Files that a study needs and nobody has made yet: converted before anything is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from ibd_mobile.bench.plan import Cell, cells, impossible_reason, no_accuracy_reason
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker, converted
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.shelf import Kept
from ibd_mobile.core.errors import IbdError
from ibd_mobile.core.model import ArtifactFormat, Variant
from ibd_mobile.core.registry import member
from ibd_mobile.core.study import Study

#: formats whose batch may be left open. In TFLite it makes reshapes dynamic, and what is dynamic
#: neither LiteRT's compiled model nor any accelerator takes.
_OPEN: frozenset[ArtifactFormat] = frozenset({"onnx", "pt2"})
#: where a framework reads several formats, the one that is nearest to the network comes first
_NEAREST: tuple[ArtifactFormat, ...] = ("tflite", "onnx", "pt2", "dlc", "om", "mace")


def provision(
    study: Study, targets: Sequence[Target], stock: Stock, maker: Maker
) -> tuple[Stock, Mapping[str, str]]:
    """Make what is missing, and say of the rest why it cannot be had.

    A network that cannot be converted costs its own cells, not the run.

    Returns:
        The stock with the new files, and reasons by `Cell.wanted`.
    """
    reasons: dict[str, str] = {}
    asked = [
        cell.for_kind(kind)
        for cell in cells(study, targets, stock.models)
        for kind in study.kinds
        if kind == "measure" or not no_accuracy_reason(cell)
    ]
    for cell in asked:
        model = stock.models[cell.model.id]  # with what was made for earlier cells
        variant = model.variant(cell.training_framework)
        now = replace(cell, model=model)
        if variant is None or impossible_reason(now) or now.artifact or now.wanted in reasons:
            continue
        try:
            stock = stock.with_converted([converted(_made(now, variant, maker)[-1])])
        except IbdError as error:
            reasons[now.wanted] = f"{error.subject}: {error.problem}"
    return stock, reasons


def _made(cell: Cell, variant: Variant, maker: Maker) -> list[Kept]:
    """Make a cell's file, with an open batch where that does no harm."""
    formats = member("ibd_mobile.frameworks", cell.framework).formats
    format = next(f for f in _NEAREST if f in formats)
    wish = Wish(
        format=format,
        precision=cell.precision,
        batch=-1 if format in _OPEN else cell.batch,
        input_size=cell.input_size,
        is_untrained=cell.weights == "untrained",
    )
    made = maker.make(cell.model, variant, wish)
    if made[-1].stage.batch in (-1, cell.batch):
        return made
    return maker.make(cell.model, variant, msgspec.structs.replace(wish, batch=cell.batch))
