"""A study narrowed by what the command line says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.device import Precision, ProcessorKind
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import TrainingFramework
from ibd_mobile.core.registry import member_ids, unknown
from ibd_mobile.core.study import Study, Weights


@dataclass(frozen=True, slots=True)
class Axes:
    """Values that replace a study's own; None leaves the study's."""

    models: list[str] | None = None
    training_frameworks: list[str] | None = None
    precisions: list[str] | None = None
    frameworks: list[str] | None = None
    processors: list[str] | None = None
    threads: list[int] | None = None
    batches: list[int] | None = None
    input_sizes: list[int] | None = None
    weights: Weights | None = None
    protocol: str | None = None
    repeats: int | None = None


def narrow(stock: Stock, study: str, axes: Axes) -> Study:
    """Find a study and put the command line's values into it.

    Args:
        stock: the catalog.
        study: its id, or the path of a TOML file.
        axes: what the person named.

    Raises:
        InputError: a name does not exist; the nearest is offered.
    """
    found = _study(stock, study)
    given: dict[str, Any] = {}
    for name, kind, known in (
        ("models", "model", list(stock.models)),
        ("training_frameworks", "training framework", list(get_args(TrainingFramework))),
        ("precisions", "precision", list(get_args(Precision))),
        ("frameworks", "framework", member_ids("ibd_mobile.frameworks")),
        ("processors", "processor", list(get_args(ProcessorKind))),
    ):
        values = getattr(axes, name)
        for value in values or getattr(found, name):
            if value not in known:
                raise unknown(kind, value, known)
        if values:
            given[name] = list(dict.fromkeys(values))
    protocol = axes.protocol or found.protocol
    if protocol not in stock.protocols:
        raise unknown("protocol", protocol, stock.protocols)
    for name in ("threads", "batches", "input_sizes"):
        if getattr(axes, name):
            given[name] = sorted(set(getattr(axes, name)))
    for name in ("weights", "repeats"):
        if getattr(axes, name):
            given[name] = getattr(axes, name)
    return msgspec.structs.replace(found, protocol=protocol, **given)


def whole_numbers(option: str, values: list[str] | None) -> list[int] | None:
    """Read "1,2,4" and the like, given once or several times.

    Args:
        option: its name, for errors.
        values: as typed; None where the option was not given.

    Raises:
        InputError: not whole numbers above 0.

    >>> whole_numbers("--batch", ["1,2", "8"])
    [1, 2, 8]
    """
    if not values:
        return None
    words = [word.strip() for value in values for word in value.split(",")]
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word) > 0):
            raise InputError(
                option, f"expected whole numbers above 0, found '{word}'", "Write 1,2,4."
            )
    return [int(word) for word in words]


def _study(stock: Stock, study: str) -> Study:
    if study in stock.studies:
        return stock.studies[study]
    path = Path(study)
    if path.suffix == ".toml" or path.is_file():
        return read_toml(path, Study)
    raise unknown("study", study, stock.studies)
